#include "controllers/judge/dispersion.hpp"

#include <algorithm>

namespace patchwave::judge {
namespace {

/// As many intervals' worth of kLeastDispersion as the estimate begins with.
constexpr double kPriorIntervals = 5;

}  // namespace

void Dispersion::add(const Count& one_half, const Count& other_half) {
  const double events = one_half.events + other_half.events;
  if (events <= 0 || one_half.exposure <= 0 || other_half.exposure <= 0) return;
  const double share = one_half.exposure / (one_half.exposure + other_half.exposure);
  const double off = one_half.events - events * share;
  sum_ += off * off / (events * share * (1 - share));
  ++intervals_;
}

double Dispersion::phi() const {
  return std::max(kLeastDispersion,
                  (kPriorIntervals * kLeastDispersion + sum_) / (kPriorIntervals + intervals_));
}

}  // namespace patchwave::judge
