// How much more the arms differ than Poisson counts would: bursts, retry storms.
#pragma once

#include <optional>
#include <span>

#include "controllers/judge/rate_ratio.hpp"

namespace patchwave::judge {

/// φ of the baseline's series, among which nothing differs but chance: Σ (k_i − K·p_i)²/p_i over Σ K·(m − 1),
/// for intervals of K events on m series of shares p_i of the exposure. It is Pearson's statistic of
/// quasi-likelihood (Wedderburn 1974), each interval weighted by its events: one event shows no burst however
/// it falls. Load that the series share cancels. An estimate, so what it tempers is approximate.
class Dispersion {
 public:
  /// One interval, a count of each series of the baseline. A single series is compared with its own interval
  /// before, so that its rate's changes count as bursts too.
  void add(std::span<const Count> series);
  /// 1 while no over-dispersion is shown. Else two and a half times the excess, by an estimate one standard
  /// error up: a burst has a heavier tail than Poisson counts of the same variance. Few events are drawn
  /// towards 2.
  [[nodiscard]] double phi() const;
  [[nodiscard]] double temper() const { return 1 / phi(); }

 private:
  void compare(std::span<const Count> counts);

  /// Over intervals: the statistic, its weight K·(m − 1), and their squares and product.
  double statistic_ = 0;
  double weight_ = 0;
  double statistic_squared_ = 0;
  double product_ = 0;
  double weight_squared_ = 0;
  std::optional<Count> before_;  ///< Of a single series.
};

}  // namespace patchwave::judge
