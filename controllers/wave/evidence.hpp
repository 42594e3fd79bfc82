// From what was observed to what gates find: which questions to put to Prometheus, and the judge's answers.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "controllers/judge/scrapes.hpp"
#include "controllers/wave/snapshot.hpp"
#include "controllers/wave/statistics.hpp"
#include "operator/prometheus/client.hpp"

namespace patchwave::wave {

/// What whoever runs the operator sets for all gates.
struct GateSettings {
  milliseconds pull_deadline{120'000};
  int max_restarts = 2;
  milliseconds least_interval{0};  ///< Between two looks at one gate, however short its own interval is.
  /// For copies that nothing scrapes by name to come into what is measured.
  milliseconds scrape_delay{60'000};
  /// What the fleet may get wrong, for the statistical gates that do not say their own alpha.
  double false_rollbacks_per_year = 1;
  double waves_per_year = 1000;
};

/// The chance of a wrong Harm that one statistical gate has at one target: its own alpha, or its share of
/// what the fleet may get wrong, over the targets of the wave. However large the budget is, it is at most
/// 0.05.
double alpha_of(const api::PatchWaveSpec& spec, const api::GateSpec& gate, const GateSettings& settings);

/// Pods as the judge wants them. `since` is when the record's state began.
judge::TargetEvidence pod_evidence(const api::TargetStatus& record, const target::Observation& seen,
                                   const std::set<std::string>& lost_nodes);

/// The query with {{namespace}}, {{workload}}, {{wave}} and {{image}} filled in, escaped for a PromQL string.
std::string fill_in(std::string_view query, const api::PatchWave& wave, const api::WaveTarget& target,
                    std::string_view image);

/// Asks each gate once an interval, or when it can decide at the earliest, and remembers the finding in
/// between; a verdict on history that is over it asks for once. What it remembers is a cache: forgotten at a
/// restart, it is asked again and found the same.
class GateKeeper {
 public:
  /// `prometheus` may be null: then every Prometheus gate finds telemetry unavailable.
  /// `stop` ends queries under way.
  GateKeeper(const prometheus::Client* prometheus, GateSettings limits, std::stop_token stop)
      : prometheus_(prometheus), limits_(limits), stop_(std::move(stop)) {}

  /// Fills snapshot.findings for the targets that the wave's phase looks at.
  /// Returns when the next gate is due to be asked again; nullopt when none is.
  std::optional<Time> judge_targets(Snapshot& snapshot, Time now);
  /// Before the start: the threshold gates on the workloads as they are.
  std::optional<Time> judge_before_start(Snapshot& snapshot, Time now);
  void forget(const std::string& wave_uid);

  /// Called for each finding that was newly made; for metrics.
  std::function<void(const api::PatchWave&, const api::GateSpec&, const judge::Finding&)> on_finding;

 private:
  /// What a finding depends on beside the gate and the time.
  struct Look {
    std::size_t index;                ///< Of the target.
    Time since;                       ///< When the step, the promotion or the bake began.
    std::optional<Time> ready_since;  ///< When every copy of it was ready.
    bool operator==(const Look&) const = default;
  };
  struct Remembered {
    Time asked;
    Look look;
    judge::Finding finding;
  };
  [[nodiscard]] judge::PodLimits pod_limits(const api::PatchWaveSpec& spec) const;
  /// What Kubernetes itself says of a target.
  [[nodiscard]] GateFinding judge_by_kubernetes(const Snapshot& snapshot, std::size_t index, Time since,
                                                Time now) const;
  judge::Finding ask(const Snapshot& snapshot, const api::GateSpec& gate, const Look& look, Time now);
  judge::Finding ask_threshold(const Snapshot& snapshot, const api::GateSpec& gate, std::size_t index,
                               Time since, Time now);
  judge::Finding ask_alerts(const Snapshot& snapshot, const api::GateSpec& gate, std::size_t index, Time now);
  judge::Finding ask_statistics(const Snapshot& snapshot, const api::GateSpec& gate, std::size_t index,
                                Time now);
  [[nodiscard]] bool is_known_to_be_scraped(const Snapshot& snapshot, std::size_t index) const;
  void remember_scraped(const Snapshot& snapshot, std::size_t index);
  judge::ScrapeEvidence ask_scrapes(const Snapshot& snapshot, std::size_t index, judge::Span span);
  judge::Finding remembered_or_ask(const Snapshot& snapshot, const api::GateSpec& gate, const Look& look,
                                   Time now, std::optional<Time>& next);
  [[nodiscard]] Time due_again(const api::GateSpec& gate, const Remembered& known) const;

  const prometheus::Client* prometheus_;
  GateSettings limits_;
  std::stop_token stop_;
  mutable std::mutex mutex_;
  using Question = std::pair<std::string, std::size_t>;               ///< Gate and index of the target.
  std::map<std::string, std::map<Question, Remembered>> remembered_;  ///< By wave UID.
  std::map<std::string, std::set<std::size_t>> scraped_;  ///< Targets whose pods are in `up`, by wave UID.
};

}  // namespace patchwave::wave
