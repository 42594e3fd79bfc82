#include "operator/runtime/patch_metrics.hpp"

namespace patchwave::runtime {
namespace {

// Seconds. A wave takes from minutes to days, a rollback from seconds to an hour.
const std::vector<double> kWaveBuckets = {60,       300,      900,       1800,         3600,
                                          2 * 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600};
const std::vector<double> kRecoveryBuckets = {5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600};

const std::vector<std::string> kMethods = {"GET", "POST", "PUT", "PATCH", "DELETE"};

}  // namespace

PatchMetrics::PatchMetrics(Metrics& metrics, const PatchVocabulary& words)
    : waves(metrics.gauge("patchwave_waves", "Waves, by phase.",
                          {{"namespace"}, {"policy"}, {"phase", words.wave_phases}})),
      wave_holds(metrics.gauge("patchwave_wave_holds", "Waves that wait, by the reason they name.",
                               {{"namespace"}, {"policy"}, {"reason", words.hold_reasons}})),
      wave_hold_seconds(metrics.counter("patchwave_wave_hold_seconds_total",
                                        "Time that waves have waited, by the reason they named.",
                                        {{"namespace"}, {"policy"}, {"reason", words.hold_reasons}})),
      wave_targets(metrics.gauge("patchwave_wave_targets", "Targets of waves that have not ended, by state.",
                                 {{"namespace"}, {"policy"}, {"state", words.target_states}})),
      wave_outcomes(metrics.counter("patchwave_wave_outcomes_total", "Waves that have ended, by how.",
                                    {{"namespace"}, {"policy"}, {"outcome", words.terminal_phases}})),
      wave_duration(metrics.histogram("patchwave_wave_duration_seconds", "From a wave's start to its end.",
                                      kWaveBuckets, {{"namespace"}, {"outcome", words.terminal_phases}})),
      gate_evaluations(metrics.counter(
          "patchwave_gate_evaluations_total", "Gates put to the evidence, by kind of gate and verdict.",
          {{"namespace"}, {"policy"}, {"type", words.gate_types}, {"verdict", words.verdicts}})),
      rollbacks(metrics.counter("patchwave_rollbacks_total", "Rollbacks begun, by cause.",
                                {{"namespace"}, {"policy"}, {"cause", words.rollback_causes}})),
      harm_detection(metrics.histogram("patchwave_harm_detection_seconds",
                                       "From a target's change until harm was shown.", kRecoveryBuckets)),
      rollback_duration(metrics.histogram(
          "patchwave_rollback_duration_seconds",
          "From the decision to roll back until the targets were healthy again.", kRecoveryBuckets)),
      patches_open(metrics.gauge("patchwave_patches_open", "Patches that apply and are not everywhere yet.",
                                 {{"namespace"}, {"policy"}})),
      patches_quarantined(metrics.gauge("patchwave_patches_quarantined",
                                        "Patches that did harm and are denied.",
                                        {{"namespace"}, {"policy"}})),
      approvals_pending(metrics.gauge("patchwave_approvals_pending", "Waves that wait for an approval.",
                                      {{"namespace"}, {"policy"}})),
      window_next_open(
          metrics.gauge("patchwave_window_next_open_timestamp_seconds",
                        "When the maintenance window opens next, or opened when it is open; Unix time.",
                        {{"namespace"}, {"policy"}})) {}

void add_build_info(Metrics& metrics, const std::string& version, const std::string& revision) {
  metrics
      .gauge("patchwave_build_info", "What this program was built from; always 1.",
             {{"version"}, {"revision"}})
      .set({version, revision}, 1);
}

RequestMetrics::RequestMetrics(Metrics& metrics, std::string host)
    : requests_(metrics.counter("rest_client_requests_total",
                                "Requests to the API server, by status and method.",
                                {{"code"}, {"method", kMethods}, {"host"}})),
      host_(std::move(host)) {}

void RequestMetrics::answered(const std::string& method, int status) {
  requests_.increment({status == 0 ? "<error>" : std::to_string(status), method, host_});
}

GaugeFamily& leader_status(Metrics& metrics) {
  return metrics.gauge("leader_election_master_status", "1 while this process holds the lease of that name.",
                       {{"name"}});
}

}  // namespace patchwave::runtime
