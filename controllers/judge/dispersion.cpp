#include "controllers/judge/dispersion.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace patchwave::judge {
namespace {

/// What the estimate begins with: a moderate burstiness, worth a few events.
constexpr double kPriorWeight = 10;
constexpr double kPriorDispersion = 2;
/// Excess that is not told from none: the mixture's own slack covers it.
constexpr double kNotShown = 0.12;
constexpr double kTail = 2.5;

bool has_exposure(const Count& count) {
  return count.exposure > 0;
}

}  // namespace

void Dispersion::add(std::span<const Count> series) {
  if (std::ranges::count_if(series, has_exposure) != 1) {
    compare(series);
    return;
  }
  const Count& only = *std::ranges::find_if(series, has_exposure);
  if (before_) compare(std::array{*before_, only});
  before_ = only;
}

void Dispersion::compare(std::span<const Count> counts) {
  Count all;
  for (const auto& count : counts) {
    if (!has_exposure(count)) continue;
    all.events += count.events;
    all.exposure += count.exposure;
  }
  const auto known = std::ranges::count_if(counts, has_exposure);
  if (all.events <= 0 || known < 2) return;
  double statistic = 0;
  for (const auto& count : counts) {
    if (!has_exposure(count)) continue;
    const double share = count.exposure / all.exposure;
    const double off = count.events - all.events * share;
    statistic += off * off / share;
  }
  const double weight = all.events * static_cast<double>(known - 1);
  statistic_ += statistic;
  weight_ += weight;
  statistic_squared_ += statistic * statistic;
  product_ += statistic * weight;
  weight_squared_ += weight * weight;
}

double Dispersion::phi() const {
  const double weight = kPriorWeight + weight_;
  const double estimate = (kPriorWeight * kPriorDispersion + statistic_) / weight;
  // Σ (statistic − estimate·weight)², and for the prior as if each of its events were an interval.
  const double squares = statistic_squared_ - 2 * estimate * product_ +
                         estimate * estimate * weight_squared_ + 2 * estimate * estimate * kPriorWeight;
  const double error = std::sqrt(std::max(0.0, squares)) / weight;
  return 1 + kTail * std::max(0.0, estimate + error - 1 - kNotShown);
}

}  // namespace patchwave::judge
