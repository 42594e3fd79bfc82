// Counters, histograms and gauges of a workload's patched copies against those of its others: what to ask
// Prometheus for, and how its raw samples become the arms that the judge compares.
//
// A verdict is a function of the gate, of when the wave began and of history, so that a restart finds the
// same one. Copies that are gone speak on: those of before the wave for the baseline, canary copies by name.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controllers/judge/judge.hpp"
#include "controllers/target/target.hpp"
#include "operator/prometheus/counters.hpp"

namespace patchwave::wave {

/// What is compared.
struct Comparison {
  api::WaveTarget target;
  std::vector<target::ObservedPod> pods;  ///< Of the workload and its canary copy, as they are.
  Time since;                             ///< When the wave began.
  Time end;                               ///< Up to where evidence counts.
};

/// No more history than this is asked for; of a wave that takes longer, the latest counts.
inline constexpr milliseconds kLongestEvidence = std::chrono::hours(24);
/// Before the wave: where counters begin, and what a level was.
inline constexpr milliseconds kCounterPast = std::chrono::minutes(5);
inline constexpr milliseconds kGaugePast = std::chrono::hours(1);

/// `metric{a="b"}` with `suffix` behind the name and `matchers` beside those that are there.
std::string narrowed(std::string_view selector, std::string_view suffix, std::string_view matchers);

/// A regular expression for the names of the workload's pods, live or gone, and its canary copy's: by how
/// its kind names them, so that pods of "web-api" are none of "web".
std::string pods_pattern(const Comparison& comparison);

/// The same as matchers of a selector: the workload's namespace and pods.
std::string matchers_of(const Comparison& comparison);

/// Which arm a pod's sample at `time` speaks for; nothing when nobody can tell.
class Arms {
 public:
  explicit Arms(const Comparison& comparison);
  /// `was_before`: the pod has samples of before the wave.
  [[nodiscard]] std::optional<judge::Arm> of(const std::string& pod, Time time, bool was_before) const;
  /// When each pod's counters began at zero, where that is known.
  [[nodiscard]] std::map<std::string, Time> births(const std::vector<prometheus::Series>& series) const;

 private:
  std::map<std::string, Time> patched_;  ///< Live, with when they were created.
  std::map<std::string, Time> others_;   ///< Live, with when they were created.
  std::string canary_prefix_;
  bool names_stay_;  ///< A StatefulSet's: the pod that is patched has the name of the one before it.
  Time since_;
};

/// Events and exposure as rows of intervals of twice the scrapes' distance and at least 30 s, on a grid from
/// `since`, as far as they have ended; of the baseline from kCounterPast before it on. A pod has a row where
/// its exposure is known; events that are not there have not happened.
std::vector<judge::CountRow> count_rows(const std::vector<prometheus::Series>& events,
                                        const std::vector<prometheus::Series>& exposure,
                                        const Comparison& comparison);

/// Levels as they are. A patched pod that is new has no past: it gets the mean of what the others were.
std::vector<judge::GaugeRow> gauge_rows(const std::vector<prometheus::Series>& series,
                                        const Comparison& comparison);

/// Answers an instant query.
using Ask = std::function<Result<prometheus::QueryAnswer>(const std::string& promql, Time time)>;

/// `gate` has its placeholders filled in. One query a metric.
judge::Finding judge_statistics(const api::GateSpec& gate, const Comparison& comparison, const Ask& ask);

}  // namespace patchwave::wave
