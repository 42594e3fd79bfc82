// Named reasons for not starting, and for not going further. The first that applies is the one shown.
#pragma once

#include <optional>

#include "controllers/wave/snapshot.hpp"

namespace patchwave::wave {

/// Applies before the start and again before every step that would widen the change: suspension,
/// quarantine, the window. Going back is never held.
std::optional<api::Hold> hold_against_widening(const Snapshot& snapshot, Time now);

/// Everything that keeps a wave in Waiting.
std::optional<api::Hold> hold_before_start(const Snapshot& snapshot, Time now);

/// Whether a wave of nodes could start, were it known that they can be drained: time to read what says so.
bool only_drain_is_unknown(const Snapshot& snapshot, Time now);

/// The approval that counts for the plan as it is now.
struct ApprovalState {
  bool approved = false;
  bool denied = false;
  bool outdated = false;  ///< There is one, for another plan.
  std::string approver;
  std::string reason;
  /// Of the approvals of this plan that open closed windows, the one that does so longest; it may be over.
  std::optional<api::Emergency> emergency;
};
ApprovalState approval_state(const Snapshot& snapshot);

/// The emergency for which a window that is closed counts as open now.
std::optional<api::Emergency> emergency_at_work(const Snapshot& snapshot, Time now);

/// The least time from start to the last promoted target: every step watched for stepBake, batch after
/// batch of maxUnavailable targets. The bake is not part of it: it changes nothing.
milliseconds expected_duration(const api::PatchWaveSpec& spec);

/// "<repository>:<tag>@<digest>" once the patch's digest is known, else "".
std::string image_of(const Snapshot& snapshot);

}  // namespace patchwave::wave
