// What a factor of a score rests on: feed, version and date, or what was assumed for want of them.
#pragma once

#include <string>

#include "controllers/risk/assessment.hpp"

namespace patchwave::risk {

/// "EPSS v3 0.0123 of 2024-10-06 is above 85.1 % of all"; "no EPSS score" where nothing is known, which is
/// not the same as a low one. Never empty.
std::string evidence(Factor factor, const Finding& finding, Date as_of);

}  // namespace patchwave::risk
