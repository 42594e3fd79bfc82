// Which pods are a workload's, live or gone, and which of the two arms each of their samples speaks for.
//
// Copies that are gone speak on: those of before the wave for the baseline, canary copies by name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controllers/comparison/comparison.hpp"
#include "controllers/target/target.hpp"

namespace patchwave::wave {

/// The pods of a workload, and over which time they are looked at.
struct WorkloadPods {
  api::WaveTarget target;
  std::vector<target::ObservedPod> pods;  ///< Of the workload and its canary copy, as they are.
  Time since;                             ///< When the wave began.
  Time end;                               ///< Up to where evidence counts.
};

/// No more history than this is asked for; of a wave that takes longer, the latest counts.
inline constexpr milliseconds kLongestEvidence = std::chrono::hours(24);

/// A regular expression for the names of the workload's pods, live or gone, and its canary copy's: by how
/// its kind names them, so that pods of "web-api" are none of "web".
std::string pods_pattern(const WorkloadPods& workload);

/// The same as matchers of a selector: the workload's namespace and pods.
std::string matchers_of(const WorkloadPods& workload);

/// The arms of one workload: its patched pods and the others.
class WorkloadArms final : public comparison::Arms {
 public:
  explicit WorkloadArms(const WorkloadPods& workload);
  [[nodiscard]] std::optional<judge::Arm> of(const std::string& pod, Time time,
                                             bool was_before) const override;
  [[nodiscard]] std::map<std::string, Time> births(
      const std::vector<prometheus::Series>& series) const override;

 private:
  std::map<std::string, Time> patched_;  ///< Live, with when they were created.
  std::map<std::string, Time> others_;   ///< Live, with when they were created.
  std::string canary_prefix_;
  bool names_stay_;  ///< A StatefulSet's: the pod that is patched has the name of the one before it.
  Time since_;
};

/// `arms` are those of `workload`, and must outlive it.
comparison::Comparison comparison_of(const WorkloadPods& workload, const WorkloadArms& arms);

}  // namespace patchwave::wave
