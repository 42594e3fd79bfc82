#include "controllers/inventory/exposure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controllers/api/patch_risk.hpp"
#include "controllers/inventory/marks.hpp"

namespace patchwave::inventory {
namespace {

using risk::SystemExposure;

constexpr std::size_t kLongestEvidence = 200;

struct InternalMark {
  std::string_view annotation;
  std::string_view value;
};
/// How the large providers are told that a load balancer is for their network only.
constexpr std::array kInternalMarks = {
    InternalMark{"service.beta.kubernetes.io/aws-load-balancer-internal", "true"},
    InternalMark{"service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"},
    InternalMark{"service.beta.kubernetes.io/azure-load-balancer-internal", "true"},
    InternalMark{"networking.gke.io/load-balancer-type", "Internal"},
    InternalMark{"cloud.google.com/load-balancer-type", "Internal"},
};

std::string name_of(std::string_view kind, const Json& object) {
  return fmt::format("{} {}/{}", kind, string_at(object, {"metadata", "namespace"}),
                     string_at(object, {"metadata", "name"}));
}

Exposure found(SystemExposure level, std::string evidence) {
  if (evidence.size() > kLongestEvidence) evidence.resize(kLongestEvidence);
  return {level, std::move(evidence)};
}

/// A Service without a selector selects nothing.
bool selects(const Json& service, const Json& pod_labels) {
  const Json& selector = object_at(service, {"spec", "selector"});
  for (const auto& [key, value] : selector.items()) {
    const auto label = pod_labels.find(key);
    if (label == pod_labels.end() || *label != value) return false;
  }
  return !selector.empty();
}

bool is_internal(const Json& service) {
  return std::ranges::any_of(kInternalMarks, [&](const InternalMark& mark) {
    return string_at(service, {"metadata", "annotations", mark.annotation}) == mark.value;
  });
}

Exposure of_service(const Json& service) {
  const std::string name = name_of("Service", service);
  const std::string type = string_at(service, {"spec", "type"}, "ClusterIP");
  if (type == "LoadBalancer") {
    return is_internal(service) ? found(SystemExposure::Controlled, name + " (LoadBalancer, marked internal)")
                                : found(SystemExposure::Open, name + " (LoadBalancer)");
  }
  if (!array_at(service, {"spec", "externalIPs"}).empty())
    return found(SystemExposure::Open, name + " (externalIPs)");
  if (type == "NodePort") return found(SystemExposure::Open, name + " (NodePort)");
  return found(SystemExposure::Controlled, fmt::format("{} ({})", name, type));
}

/// The host under which the Ingress leads to the Service, "every host" without one; nullopt when it doesn't.
std::optional<std::string> host_of(const Json& ingress, const std::string& service) {
  if (string_at(ingress, {"spec", "defaultBackend", "service", "name"}) == service) return "every host";
  for (const Json& rule : array_at(ingress, {"spec", "rules"})) {
    for (const Json& path : array_at(rule, {"http", "paths"})) {
      if (string_at(path, {"backend", "service", "name"}) == service)
        return string_at(rule, {"host"}, "every host");
    }
  }
  return std::nullopt;
}

Exposure behind_service(const Json& service, const std::vector<kube::Object>& ingresses) {
  const std::string name = string_at(service, {"metadata", "name"});
  for (const auto& ingress : ingresses) {
    if (const auto host = host_of(*ingress, name)) {
      return found(SystemExposure::Open, fmt::format("{} for {} → {}", name_of("Ingress", *ingress), *host,
                                                     name_of("Service", service)));
    }
  }
  return of_service(service);
}

Exposure on_the_node(const Json& pod) {
  for (const Json& container : array_at(pod, {"containers"})) {
    for (const Json& port : array_at(container, {"ports"})) {
      if (const auto number = integer_at(port, {"hostPort"}); number > 0)
        return found(SystemExposure::Open, fmt::format("hostPort {} on every node it runs on", number));
    }
  }
  if (bool_at(pod, {"hostNetwork"}))
    return found(SystemExposure::Controlled, "hostNetwork: it may listen on the node's addresses");
  return found(SystemExposure::Small, "no Service selects its pods");
}

}  // namespace

Exposure exposure_of(const Json& workload, const std::vector<kube::Object>& services,
                     const std::vector<kube::Object>& ingresses) {
  if (const auto mark = mark_of(workload, api::kExposureKey)) {
    if (const auto stated = risk::parse_system_exposure(mark->value))
      return found(*stated, fmt::format("{} {}", mark->where, api::kExposureKey));
  }
  const Json& labels = object_at(workload, {"spec", "template", "metadata", "labels"});
  Exposure most = on_the_node(object_at(workload, {"spec", "template", "spec"}));
  for (const auto& service : services) {
    if (!selects(*service, labels)) continue;
    auto exposure = behind_service(*service, ingresses);
    if (exposure.level > most.level) most = std::move(exposure);
  }
  return most;
}

}  // namespace patchwave::inventory
