// Nodes of the control plane go one at a time, and only while all others of it are whole: two of three away
// is a cluster without etcd.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controllers/inventory/stores.hpp"
#include "controllers/wave/snapshot.hpp"

namespace patchwave::wave {

/// By name of node: what it lacks, "" when it is whole. Whole is ready, schedulable, and with its etcd, where
/// it runs one as a pod, ready too.
std::map<std::string, std::string> read_control_plane(const inventory::Stores& stores);

/// Why this node may not be begun now; nothing when it may, or is none of the control plane. `begun`: one
/// that was begun a moment ago, in the same pass; "" when none was.
std::optional<std::string> keeps_control_plane_node(const Snapshot& snapshot, const std::string& begun,
                                                    const std::string& node);

}  // namespace patchwave::wave
