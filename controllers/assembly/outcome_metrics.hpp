// What becomes of waves, as metrics. Gauges are counted from the caches at each scrape, so they can't drift.
#pragma once

#include <memory>

#include "controllers/api/policy.hpp"
#include "controllers/api/wave.hpp"
#include "controllers/inventory/stores.hpp"
#include "controllers/judge/judge.hpp"
#include "operator/runtime/metrics.hpp"
#include "operator/runtime/patch_metrics.hpp"

namespace patchwave::assembly {

class OutcomeMetrics {
 public:
  OutcomeMetrics(runtime::Metrics& metrics, const inventory::Stores& stores, const Clock& clock);

  void wave_written(const api::PatchWave& before, const api::PatchWaveStatus& after);
  void policy_seen(const api::PatchPolicy& policy, const api::PatchPolicyStatus& status);
  void gate_asked(const api::PatchWave& wave, const api::GateSpec& gate, const judge::Finding& finding);

 private:
  void count_waves();

  const inventory::Stores& stores_;
  const Clock& clock_;
  runtime::PatchMetrics families_;
  std::shared_ptr<void> before_scrape_;
};

}  // namespace patchwave::assembly
