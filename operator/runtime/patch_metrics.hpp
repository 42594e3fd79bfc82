// The patchwave_* families and their labels: docs/reference/metrics.md is their contract with dashboards and
// alerts. The words that labels may say come from whoever knows them (controllers/api): this folder
// knows names and shapes only.
#pragma once

#include <string>
#include <vector>

#include "operator/runtime/metrics.hpp"

namespace patchwave::runtime {

struct PatchVocabulary {
  std::vector<std::string> wave_phases;
  std::vector<std::string> terminal_phases;  ///< Values of `outcome`.
  std::vector<std::string> hold_reasons;
  std::vector<std::string> target_states;
  std::vector<std::string> gate_types;  ///< "threshold", "alerts", …
  std::vector<std::string> verdicts;
  std::vector<std::string> rollback_causes;  ///< Values of `cause`.
};

/// Values of {namespace, policy, …} in the order of the labels given beside each.
struct PatchMetrics {
  PatchMetrics(Metrics& metrics, const PatchVocabulary& words);

  GaugeFamily& waves;                  ///< namespace, policy, phase
  GaugeFamily& wave_holds;             ///< namespace, policy, reason
  CounterFamily& wave_hold_seconds;    ///< namespace, policy, reason
  GaugeFamily& wave_targets;           ///< namespace, policy, state
  CounterFamily& wave_outcomes;        ///< namespace, policy, outcome
  HistogramFamily& wave_duration;      ///< namespace, outcome; seconds from start to end
  CounterFamily& gate_evaluations;     ///< namespace, policy, type, verdict
  CounterFamily& rollbacks;            ///< namespace, policy, cause
  HistogramFamily& harm_detection;     ///< Seconds from a target's change to the verdict Harm.
  HistogramFamily& rollback_duration;  ///< Seconds from Harm until what was there is back and healthy.
  GaugeFamily& patches_open;           ///< namespace, policy
  GaugeFamily& patches_quarantined;    ///< namespace, policy
  GaugeFamily& approvals_pending;      ///< namespace, policy
  GaugeFamily& window_next_open;       ///< namespace, policy; Unix seconds, now or before while open
};

/// patchwave_build_info{version, revision} = 1.
void add_build_info(Metrics& metrics, const std::string& version, const std::string& revision);

/// rest_client_requests_total{code, method, host}; `code` is "<error>" when no answer was received.
class RequestMetrics {
 public:
  RequestMetrics(Metrics& metrics, std::string host);
  void answered(const std::string& method, int status);

 private:
  CounterFamily& requests_;
  std::string host_;
};

/// leader_election_master_status{name}: 1 while this process leads.
GaugeFamily& leader_status(Metrics& metrics);

}  // namespace patchwave::runtime
