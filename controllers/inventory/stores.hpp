// The caches that controllers read. Filled by reflectors in the process, and by hand in a simulation.
#pragma once

#include "operator/kube/node_store.hpp"
#include "operator/kube/object_store.hpp"
#include "operator/kube/pod_store.hpp"

namespace patchwave::inventory {

struct Stores {
  kube::ObjectStore policies{kube::resources::kPatchPolicies};
  kube::ObjectStore patches{kube::resources::kPatches};
  kube::ObjectStore waves{kube::resources::kPatchWaves};
  kube::ObjectStore approvals{kube::resources::kPatchApprovals};
  kube::ObjectStore deployments{kube::resources::kDeployments, kube::Keep::Texts};
  kube::ObjectStore stateful_sets{kube::resources::kStatefulSets, kube::Keep::Texts};
  kube::ObjectStore daemon_sets{kube::resources::kDaemonSets, kube::Keep::Texts};
  kube::ObjectStore namespaces{kube::resources::kNamespaces};
  kube::ObjectStore services{kube::resources::kServices, kube::Keep::Texts};
  kube::ObjectStore ingresses{kube::resources::kIngresses, kube::Keep::Texts};
  kube::PodStore pods;
  kube::NodeStore nodes;
};

}  // namespace patchwave::inventory
