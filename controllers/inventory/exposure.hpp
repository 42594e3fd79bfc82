// How exposed a workload is, and by which path that is known.
#pragma once

#include <string>
#include <vector>

#include "controllers/risk/decision_points.hpp"
#include "operator/kube/object_store.hpp"

namespace patchwave::inventory {

struct Exposure {
  risk::SystemExposure level = risk::SystemExposure::Small;
  std::string evidence;  ///< "Ingress shop/web for shop.example.com → Service shop/web"; never empty.
  bool operator==(const Exposure&) const = default;
};

/// Services and Ingresses are those of the workload's namespace. What the workload's own label or annotation
/// patchwave.dev/exposure says counts; else
/// - open: behind an Ingress, a Service that a load balancer, an external address or a node's port leads to,
///   or with a port of the node;
/// - controlled: behind another Service or a load balancer that is marked internal, or on the node's network;
/// - small: no Service selects its pods.
/// NetworkPolicies and the Gateway API are not looked at.
Exposure exposure_of(const Json& workload, const std::vector<kube::Object>& services,
                     const std::vector<kube::Object>& ingresses);

}  // namespace patchwave::inventory
