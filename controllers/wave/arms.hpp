// Which pods are a workload's, live or gone, and which of the two arms each of their samples speaks for.
//
// Copies that are gone speak on: those of before the wave for the baseline, canary copies by name.
#pragma once

#include <map>
#include <optional>
#include <set>
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
/// Since when it counts.
Time begin_of(const Comparison& comparison);

/// A regular expression for the names of the workload's pods, live or gone, and its canary copy's: by how
/// its kind names them, so that pods of "web-api" are none of "web".
std::string pods_pattern(const Comparison& comparison);

/// The same as matchers of a selector: the workload's namespace and pods.
std::string matchers_of(const Comparison& comparison);

/// "" for a series without one.
std::string pod_of(const prometheus::Series& series);

/// Pods that have a sample of before `since`, which is in whole seconds: within them the wave has made no pod
/// that was scraped already.
std::set<std::string> pods_before(const std::vector<prometheus::Series>& series, Time since);

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

}  // namespace patchwave::wave
