// One target's way through a running wave.
#pragma once

#include <optional>
#include <vector>

#include "controllers/wave/decide.hpp"

namespace patchwave::wave {

/// What one pass over the targets found out about the wave as a whole.
struct Pass {
  const Snapshot& snapshot;
  Time now;
  std::string claim;
  std::string image;
  /// Set: nothing may widen now, for this reason.
  std::optional<api::Hold> widening_held;
  int may_claim = 0;

  std::vector<api::Hold> holds = {};     ///< Of targets that could not move.
  std::optional<api::Harm> harm = {};    ///< The first harm shown.
  std::string control_plane_begun = {};  ///< A node of it that this pass has begun.
  bool give_up_undecided = false;        ///< onUndecided: Rollback has run out.
  std::optional<Time> next_look = {};    ///< When time alone may change something.

  void look_again(std::optional<Time> at) {
    if (at && *at > now && (!next_look || *at < *next_look)) next_look = at;
  }
};

/// Somebody else's hand is on the target: holds, and names whose. Nothing is written forward over it, so
/// waiting in silence would be waiting for ever.
bool obstructed(Pass& pass, const target::Observation& seen, const api::TargetStatus& record);

/// Moves the record of target `index` as far as evidence allows, by one state at most.
void progress_target(Pass& pass, std::size_t index, api::TargetStatus& record);

/// Moves a record in RollingBack or RollbackFailed.
void progress_rollback(Pass& pass, std::size_t index, api::TargetStatus& record);

/// Keeps since when the copies of a step are ready, or, when they had been, since when they are not.
void note_readiness(Pass& pass, bool complete, api::TargetStatus& record);

/// Verdict over all gates for one target; Undecided while any gate has not been asked.
judge::Finding verdict_of(const Snapshot& snapshot, std::size_t index);

/// The hold that an undecided finding means.
api::Hold hold_for(const judge::Finding& finding, std::string_view target);

/// The hold of a target whose transition, forward or back, would be one too many.
api::Hold hold_of_spent_budget(std::string_view target);

/// "Deployment shop/web"
std::string text_of(const api::WaveTarget& target);

/// What onUndecided says once the time is up; unset before.
std::optional<api::OnUndecided> undecided_action(const api::PatchWaveSpec& spec, Time since, Time now);

}  // namespace patchwave::wave
