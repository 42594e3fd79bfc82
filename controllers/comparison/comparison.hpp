// A canary against its baseline in Prometheus: whose samples are compared, and over which time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controllers/judge/recorded.hpp"
#include "operator/prometheus/counters.hpp"

namespace patchwave::comparison {

/// The label by which series name their pod. Of another one, what it says stands here too.
inline constexpr const char* kPodLabel = "pod";

/// "" for a series without one.
std::string pod_of(const prometheus::Series& series);

/// Which of the two arms each pod is of.
class Arms {
 public:
  virtual ~Arms() = default;
  /// Which arm a pod's sample at `time` speaks for; nothing when nobody can tell. `was_before`: the pod has
  /// samples of before the change.
  [[nodiscard]] virtual std::optional<judge::Arm> of(const std::string& pod, Time time,
                                                     bool was_before) const = 0;
  /// When each pod's counters began at zero, where that is known.
  [[nodiscard]] virtual std::map<std::string, Time> births(
      const std::vector<prometheus::Series>& series) const = 0;
};

struct Comparison {
  std::string matchers;               ///< Of the series of both arms: `namespace="shop",pod=~"web-.+"`.
  std::string pod_label = kPodLabel;  ///< By which series name their pod.
  const Arms* arms;                   ///< Never null; must outlive the comparison.
  Time change;  ///< Since when the canary is out, in whole seconds; evidence begins here.
  Time end;     ///< Up to where evidence counts.
};

}  // namespace patchwave::comparison
