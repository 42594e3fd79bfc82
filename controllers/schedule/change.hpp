// What a patch could break, against what it closes: which to test longer, and which not to hold up.
//
// Without a history of its own, a patch is taken to fail as often as the 95 % upper bound of the prior
// Beta(1, 24), whose mean is 4 %: 1 − 0.05^(1/24) = 11.7 %. The cost of a change of one system is
//
//   failure × impact × hardness of taking it back × Environment::failure_cost
//
// in the unit of scores, which are losses avoided over 90 days.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/schedule/schedule.hpp"

namespace patchwave::schedule {

/// From the easiest to the hardest to take back.
enum class ChangeKind : std::uint8_t { Application, Database, OperatingSystem, Firmware };
/// "application", "database", "operating system", "firmware"
std::string_view to_string(ChangeKind kind);
/// By the words of its name; Application for what none of them tells.
ChangeKind change_kind(std::string_view vendor, std::string_view product);

/// Known issues come first, all of them; then the costliest changes to a whole group, until there are 3 % of
/// all patches, at least 5 and at most 8, and no more than a quarter. None of `fast_track` is among them.
std::vector<Remark> extended_testing(const Environment& environment, const std::vector<Patch>& patches,
                                     const std::vector<Remark>& fast_track);

/// Patches without a known issue that lose more by waiting for the two weeks of extended testing than their
/// change is expected to cost.
std::vector<Remark> fast_track(const Environment& environment, const std::vector<Patch>& patches);

}  // namespace patchwave::schedule
