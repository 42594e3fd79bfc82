// The families about newer versions and registries: docs/reference/metrics.md is their contract, as for
// patch_metrics.hpp.
#pragma once

#include "operator/runtime/metrics.hpp"

namespace patchwave::runtime {

struct DiscoveryMetrics {
  explicit DiscoveryMetrics(Metrics& metrics);

  GaugeFamily& last_success;  ///< namespace, policy; Unix seconds
  GaugeFamily& updates;       ///< namespace, policy, state: found, held_back
};

/// patchwave_registry_requests_total{outcome}: answered, refused (4xx), rate_limited, failed (5xx) or
/// unanswered.
class RegistryMetrics {
 public:
  explicit RegistryMetrics(Metrics& metrics);
  /// By HTTP status; 0 where there was no answer.
  void answered(int status);

 private:
  CounterFamily& requests_;
};

}  // namespace patchwave::runtime
