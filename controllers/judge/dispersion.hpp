// How much more the arms differ than Poisson counts would: bursts, retry storms.
#pragma once

#include "controllers/judge/rate_ratio.hpp"

namespace patchwave::judge {

/// φ from two halves of the baseline, where nothing differs but chance: the mean over intervals of
/// (k₁ − K·p)² / (K·p·(1 − p)), K = k₁ + k₂, p = n₁/(n₁ + n₂), Pearson's statistic of quasi-likelihood
/// (Wedderburn 1974). Load that both halves share cancels. An estimate, so what it tempers is approximate.
class Dispersion {
 public:
  void add(const Count& one_half, const Count& other_half);
  /// Two standard errors above the estimate, at least kLeastDispersion; few intervals are drawn towards 2.
  [[nodiscard]] double phi() const;
  [[nodiscard]] double temper() const { return 1 / phi(); }
  [[nodiscard]] int intervals() const { return intervals_; }

 private:
  double sum_ = 0;
  double squares_ = 0;
  int intervals_ = 0;
};

inline constexpr double kLeastDispersion = 1.2;

}  // namespace patchwave::judge
