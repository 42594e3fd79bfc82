#include "controllers/judge/dispersion.hpp"

#include <algorithm>
#include <cmath>

namespace patchwave::judge {
namespace {

/// What the estimate begins with: a moderate burstiness, worth a few intervals.
constexpr double kPriorIntervals = 5;
constexpr double kPriorDispersion = 2;
/// How far above the estimate the truth is assumed to be.
constexpr double kStandardErrors = 2;

}  // namespace

void Dispersion::add(const Count& one_half, const Count& other_half) {
  const double events = one_half.events + other_half.events;
  if (events <= 0 || one_half.exposure <= 0 || other_half.exposure <= 0) return;
  const double share = one_half.exposure / (one_half.exposure + other_half.exposure);
  const double off = one_half.events - events * share;
  const double ratio = off * off / (events * share * (1 - share));
  sum_ += ratio;
  squares_ += ratio * ratio;
  ++intervals_;
}

double Dispersion::phi() const {
  const double intervals = kPriorIntervals + intervals_;
  const double mean = (kPriorIntervals * kPriorDispersion + sum_) / intervals;
  const double square = (kPriorIntervals * kPriorDispersion * kPriorDispersion + squares_) / intervals;
  const double error = std::sqrt(std::max(0.0, square - mean * mean) / intervals);
  return std::max(kLeastDispersion, mean + kStandardErrors * error);
}

}  // namespace patchwave::judge
