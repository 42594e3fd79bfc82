#include "controllers/judge/power.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace patchwave::judge {
namespace {

/// Ten years: what takes longer is never.
constexpr double kNeverHours = 24.0 * 365 * 10;

CountPair expected(const Traffic& traffic, double ratio, double hours) {
  return {{traffic.baseline_rate * ratio * traffic.canary_exposure_per_hour * hours,
           traffic.canary_exposure_per_hour * hours},
          {traffic.baseline_rate * traffic.baseline_exposure_per_hour * hours,
           traffic.baseline_exposure_per_hour * hours}};
}

/// The evidence of the expected path falls at most once before it rises, so bisection finds the crossing.
template <class LogE>
std::optional<double> crossing_hours(LogE log_e, double threshold) {
  if (log_e(kNeverHours) < threshold) return std::nullopt;
  double low = 0;
  double high = kNeverHours;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (log_e(middle) >= threshold ? high : low) = middle;
  }
  return high;
}

std::string print_hours(const std::optional<double>& hours) {
  if (!hours) return "never";
  if (*hours < 1) return fmt::format("after {:.0f} minutes", std::ceil(*hours * 60));
  return fmt::format("after {:.1f} hours", *hours);
}

}  // namespace

double least_canary_events(double ratio, double alpha) {
  return -std::log(alpha) / (ratio * std::log(ratio) - ratio + 1);
}

double least_canary_events(double ratio, double alpha, double canary_share) {
  const double events = ratio + (1 - canary_share) / canary_share;
  const double growth = ratio * canary_share + 1 - canary_share;
  return -std::log(alpha) / (ratio * std::log(ratio) - events * std::log(growth));
}

std::optional<double> hours_to_harm(const Traffic& traffic, double ratio, const RateRatioLimits& limits,
                                    double temper) {
  const auto log_e = [&](double hours) {
    MixtureEvidence evidence(harm_mixture(limits.harm_above), limits.harm_above);
    evidence.add(expected(traffic, ratio, hours));
    return evidence.log_e(temper);
  };
  return crossing_hours(log_e, -std::log(limits.alpha));
}

std::optional<double> hours_to_pass(const Traffic& traffic, const RateRatioLimits& limits, double temper) {
  const auto log_e = [&](double hours) {
    MixtureEvidence evidence(pass_mixture(limits.tolerate), limits.tolerate);
    evidence.add(expected(traffic, 1, hours));
    return evidence.log_e(temper);
  };
  const auto hours = crossing_hours(log_e, -std::log(limits.beta));
  if (!hours || traffic.canary_exposure_per_hour <= 0) return std::nullopt;
  return std::max(*hours, limits.least_canary_exposure / traffic.canary_exposure_per_hour);
}

std::string explain_power(const Traffic& traffic, const RateRatioLimits& limits, double temper) {
  auto doubled = traffic;
  doubled.canary_exposure_per_hour *= 2;
  auto looser = limits;
  looser.tolerate = 1 + 2 * (limits.tolerate - 1);
  const auto hours = hours_to_pass(traffic, limits, temper);
  if (!hours) return "Pass is not expected at this traffic: there are no baseline events to compare with";
  return fmt::format(
      "Pass is expected {} of this traffic; with twice the canary traffic {}, with tolerate {:g} {}",
      print_hours(hours), print_hours(hours_to_pass(doubled, limits, temper)), looser.tolerate,
      print_hours(hours_to_pass(traffic, looser, temper)));
}

}  // namespace patchwave::judge
