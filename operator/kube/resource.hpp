// Names of things in the Kubernetes API.
#pragma once

#include <string>
#include <string_view>

namespace patchwave::kube {

/// A resource as it stands in a request's path.
struct Resource {
  std::string group;    ///< "" for the core group.
  std::string version;  ///< "v1"
  std::string plural;   ///< "deployments"
  std::string kind;     ///< "Deployment"
  bool namespaced = true;

  [[nodiscard]] std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  bool operator==(const Resource&) const = default;
};

/// "/apis/apps/v1/namespaces/shop/deployments/web/status". An empty ns means all namespaces, an empty
/// name the collection. Names are percent-encoded, so no name can leave its segment.
std::string path_of(const Resource& resource, std::string_view ns, std::string_view name,
                    std::string_view subresource = "");

struct NamespacedName {
  std::string ns;
  std::string name;
  auto operator<=>(const NamespacedName&) const = default;
  [[nodiscard]] std::string text() const { return ns.empty() ? name : ns + "/" + name; }
};

namespace resources {
inline const Resource kPods{"", "v1", "pods", "Pod"};
inline const Resource kNodes{"", "v1", "nodes", "Node", false};
inline const Resource kServices{"", "v1", "services", "Service"};
inline const Resource kNamespaces{"", "v1", "namespaces", "Namespace", false};
inline const Resource kSecrets{"", "v1", "secrets", "Secret"};
inline const Resource kDeployments{"apps", "v1", "deployments", "Deployment"};
inline const Resource kStatefulSets{"apps", "v1", "statefulsets", "StatefulSet"};
inline const Resource kDaemonSets{"apps", "v1", "daemonsets", "DaemonSet"};
inline const Resource kPodDisruptionBudgets{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"};
inline const Resource kIngresses{"networking.k8s.io", "v1", "ingresses", "Ingress"};
inline const Resource kJobs{"batch", "v1", "jobs", "Job"};
inline const Resource kLeases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline const Resource kEvents{"events.k8s.io", "v1", "events", "Event"};
inline const Resource kPatchPolicies{"patchwave.dev", "v1alpha1", "patchpolicies", "PatchPolicy"};
inline const Resource kPatches{"patchwave.dev", "v1alpha1", "patches", "Patch"};
inline const Resource kPatchWaves{"patchwave.dev", "v1alpha1", "patchwaves", "PatchWave"};
inline const Resource kPatchApprovals{"patchwave.dev", "v1alpha1", "patchapprovals", "PatchApproval"};
inline const Resource kNodeRecipes{"patchwave.dev", "v1alpha1", "noderecipes", "NodeRecipe"};
}  // namespace resources

}  // namespace patchwave::kube
