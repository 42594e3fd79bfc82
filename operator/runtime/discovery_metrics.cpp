#include "operator/runtime/discovery_metrics.hpp"

namespace patchwave::runtime {
namespace {

// A registry that asks for a credential first has answered.
const char* outcome_of(int status) {
  if (status == 0) return "unanswered";
  if (status == 429) return "rate_limited";
  if (status >= 500) return "failed";
  return status >= 400 && status != 401 ? "refused" : "answered";
}

}  // namespace

DiscoveryMetrics::DiscoveryMetrics(Metrics& metrics)
    : last_success(metrics.gauge("patchwave_discovery_last_success_timestamp_seconds",
                                 "When every registry of a policy last said what there is; Unix time.",
                                 {{"namespace"}, {"policy"}})),
      updates(metrics.gauge("patchwave_discovery_updates",
                            "Newer versions of what a policy's workloads run, as of the last look.",
                            {{"namespace"}, {"policy"}, {"state", {"found", "held_back"}}})) {}

RegistryMetrics::RegistryMetrics(Metrics& metrics)
    : requests_(
          metrics.counter("patchwave_registry_requests_total", "Requests to registries, by how they ended.",
                          {{"outcome", {"answered", "refused", "rate_limited", "failed", "unanswered"}}})) {
  requests_.declare({});
}

void RegistryMetrics::answered(int status) {
  requests_.increment({outcome_of(status)});
}

}  // namespace patchwave::runtime
