// What can't wait for the first window: proposals outside the windows, which need an approval.
#pragma once

#include <vector>

#include "controllers/schedule/schedule.hpp"

namespace patchwave::schedule {

/// From the plan's day on: for somebody to approve.
inline constexpr std::chrono::hours kApprovalTime{12};

/// `members`, patches of group `index`, that are due before the first of `openings` could finish them, in
/// their order: at the time of the day at which that one opens, on the days before it; when there is none, as
/// soon as approved. A group without a window gets 02:00 to 06:00.
std::vector<Emergency> propose_emergencies(const Environment& environment, std::size_t index,
                                           const std::vector<Opening>& openings,
                                           const std::vector<Patch>& patches,
                                           const std::vector<std::size_t>& members);

}  // namespace patchwave::schedule
