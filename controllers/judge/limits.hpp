// What a statistical gate asks for, as the tests take it.
#pragma once

#include "controllers/judge/recorded.hpp"

namespace patchwave::judge {

/// Of a counter or a histogram. Latency differs between any two sets of copies, so only more than a tenth of
/// it is harm.
RateRatioLimits rate_ratio_limits(const api::GateSpec& gate);
GaugeLimits gauge_limits(const api::GateSpec& gate);

}  // namespace patchwave::judge
