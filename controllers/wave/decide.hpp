// What becomes of a wave: a pure function of a snapshot and a time. The operator, the simulation and a
// replay call the same code.
//
// The decision is a status. Writes to workloads follow from the *persisted* record alone (see acts_for), so
// intent is always on record before its effect, and a crash at any point repeats nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/wave/snapshot.hpp"

namespace patchwave::wave {

struct Decision {
  api::PatchWaveStatus status;
  /// When the passing of time alone may change the decision.
  std::optional<milliseconds> requeue_after;
  /// Every target is released and the wave is being deleted: the finalizer may go.
  bool finalize = false;
};

Decision decide(const Snapshot& snapshot, Time now);

/// Writes that the record in `snapshot` allows and `decision` still wants, target by target.
struct TargetActs {
  std::size_t target = 0;
  std::vector<target::Act> acts;
  std::vector<node::Act> node_acts;  ///< Of a Node, in place of the others.
};
std::vector<TargetActs> acts_for(const Snapshot& snapshot, const Decision& decision,
                                 const std::vector<std::string>& git_ops_managers, Time now);

/// "<namespace>/<name>/<uid>": the claim annotation's value for this wave.
std::string claim_of(const api::PatchWave& wave);

/// Begun and not settled.
bool in_transition(api::TargetState state);

/// Targets that count against the disruption budget: those in transition.
int targets_in_transition(const api::PatchWaveStatus& status);

}  // namespace patchwave::wave
