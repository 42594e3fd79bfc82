// What is read of the cluster to drain a node, or to say whether nodes could be drained.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/drain/drain.hpp"
#include "controllers/drain/preflight.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::node {

/// One node as it is, with what the next step of its drain has to know.
struct Live {
  std::optional<Json> node;  ///< As the API has it; none when there is no such node.
  drain::Snapshot snapshot;
};

/// The node first, then its pods, then all budgets; each from the API server, not from a cache.
Result<Live> read_live(const kube::Client& client, const std::string& node);

/// Page by page, so that no more than a page of pods is held as documents.
Result<drain::ClusterFacts> read_cluster(const kube::Client& client);

/// The same for a drain of these nodes: of the pods on others only what they take is kept.
Result<drain::ClusterFacts> read_cluster_around(const kube::Client& client,
                                                const std::set<std::string>& nodes);

}  // namespace patchwave::node
