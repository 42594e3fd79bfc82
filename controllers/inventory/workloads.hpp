// Which workloads and nodes there are, as planning wants to see them.
#pragma once

#include <string_view>
#include <vector>

#include "controllers/api/workload.hpp"
#include "controllers/inventory/stores.hpp"

namespace patchwave::inventory {

/// The Deployments, StatefulSets and DaemonSets of `ns`, or of all namespaces when it is empty, in order of
/// kind, namespace and name. Left out are canary copies, what is being deleted, and workloads whose
/// namespace is not known yet or is being deleted: its labels might forbid them.
std::vector<api::Workload> workloads(const Stores& stores, std::string_view ns);

/// The nodes, in order of name, without those on their way out.
std::vector<api::Workload> nodes(const Stores& stores);

}  // namespace patchwave::inventory
