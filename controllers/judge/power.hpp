// How long until a verdict is expected at the traffic seen.
#pragma once

#include <optional>
#include <string>

#include "controllers/judge/rate_ratio.hpp"

namespace patchwave::judge {

struct Traffic {
  double baseline_rate = 0;  ///< Events per unit of exposure.
  double canary_exposure_per_hour = 0;
  double baseline_exposure_per_hour = 0;
};

/// Wald's bound (1945) with an endless baseline: no test that is wrong with chance α needs fewer canary
/// events on average, counted as the baseline's rate would give them: ln(1/α) / (r·ln r − r + 1).
double least_canary_events(double ratio, double alpha);
/// The same with the rest of the traffic as the baseline: its events, too, are known only by chance, so that
/// a canary event shows less, ln(1/α) / (r·ln r − (r + (1 − s)/s)·ln(r·s + 1 − s)) at a share s. By the
/// divergence of the binomial which the canary's events are, given those of both arms.
double least_canary_events(double ratio, double alpha, double canary_share);

/// Hours until the evidence of its expected path, where every count equals its mean at `ratio`, crosses its
/// threshold; nothing when it never does. The median of the real delays to Harm is near it. To Pass it is
/// between their median and their 90th percentile: chance helps more often than it hinders.
std::optional<double> hours_to_harm(const Traffic& traffic, double ratio, const RateRatioLimits& limits,
                                    double temper);
std::optional<double> hours_to_pass(const Traffic& traffic, const RateRatioLimits& limits, double temper);

/// "Pass is expected after 2.1 hours of this traffic; with twice the canary's share after 1.2, …".
std::string explain_power(const Traffic& traffic, const RateRatioLimits& limits, double temper);

}  // namespace patchwave::judge
