// A session: what a group does in one opening of a window. The patches of a session are bundled, so that a
// system is disturbed once, and the systems go in rounds of as many as may be out at once.
//
// Which systems a patch affects is not told, only how many: the n of a patch are taken for the first n of the
// group. A patch that affects n reaches the first r = ⌈n / at once⌉ rounds, and round j takes
//
//   system + patch × (patches that reach round j)
//
// so that r rounds are over after r · system + patch · Σ min(rₖ, r). The sum of 90th percentiles is not below
// the 90th percentile of the sum of independent rounds, so the plan errs on the side of the window.
#pragma once

#include <span>
#include <vector>

#include "controllers/schedule/environment.hpp"

namespace patchwave::schedule {

/// When one patch of a session begins on its first system and is over on its last.
struct Slot {
  Time start;
  Time end50;
  Time end90;
};

/// The rounds that a patch of `affected` systems reaches.
std::int64_t rounds_of(const Group& group, int affected);

/// `affected` systems of each patch, in the order in which they are installed.
std::vector<Slot> session_slots(const Group& group, std::span<const int> affected, Time begin);

/// What a session of one patch takes, by the 90th percentile.
milliseconds alone_p90(const Group& group, int affected);

/// Fills one session patch by patch.
class SessionBudget {
 public:
  SessionBudget(const Group& group, milliseconds length) : group_(group), length_(length) {}

  /// True, and it is counted, when the session still ends in time with a patch more.
  bool take(int affected);

 private:
  const Group& group_;
  milliseconds length_;
  std::int64_t rounds_ = 0;    ///< Of the patch that reaches the furthest.
  std::int64_t installs_ = 0;  ///< Patches × rounds they reach.
};

}  // namespace patchwave::schedule
