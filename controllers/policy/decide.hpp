// Which waves a policy wants, and what it says of itself. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/api/patch.hpp"
#include "controllers/api/policy.hpp"
#include "controllers/api/wave.hpp"
#include "controllers/api/workload.hpp"
#include "controllers/plan/plan.hpp"

namespace patchwave::policy {

/// Label of a PatchWave that a policy made: the policy's name for the wave, which all its parts share.
inline constexpr std::string_view kWaveLabel = "patchwave.dev/wave";

struct PolicySnapshot {
  api::PatchPolicy policy;
  /// The policy is in the operator's own namespace and may reach every other.
  bool in_operator_namespace = false;
  std::vector<api::Workload>
      workloads;                      ///< And nodes; of every namespace. Selection is part of the decision.
  std::vector<api::Patch> patches;    ///< Of the policy's namespace.
  std::vector<api::PatchWave> waves;  ///< Made by this policy.
  std::set<std::string> other_wave_names;  ///< Of the namespace's other waves: taken.
};

struct PolicyDecision {
  api::PatchPolicyStatus status;
  std::vector<plan::PlannedWave> create;
  /// Waves that have not begun and are not what the policy wants any more, failed ones whose quarantine
  /// was lifted, and ended ones beyond the history limits.
  struct Removal {
    std::string name;
    std::string uid;
    std::string resource_version;
    std::string why;
  };
  std::vector<Removal> remove;
  std::optional<milliseconds> requeue_after;
};

PolicyDecision decide(const PolicySnapshot& snapshot, Time now);

}  // namespace patchwave::policy
