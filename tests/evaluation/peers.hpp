// The two rules that a user would have instead, from their published descriptions, for the evaluation only.
#pragma once

#include <optional>
#include <vector>

#include "controllers/judge/rate_ratio.hpp"

namespace patchwave::evaluation {

/// The confidence interval's lower end and the estimate of how far `canary` lies above `baseline`: the
/// Hodges-Lehmann shift, by the Mann-Whitney U test's normal approximation (Hollander, Wolfe and Chicken,
/// Nonparametric Statistical Methods, §4.2). nullopt when an arm is empty.
struct Shift {
  double estimate = 0;
  double lower = 0;
};
std::optional<Shift> location_shift(const std::vector<double>& canary, const std::vector<double>& baseline,
                                    double z);

/// The Mann-Whitney U test by its normal approximation, with ties and continuity corrected: `canary` ranks
/// higher than `baseline` by more than z standard deviations. False when an arm is empty or nothing differs.
bool ranks_higher(const std::vector<double>& canary, const std::vector<double>& baseline, double z);

/// Kayenta's NetflixACAJudge on one metric: the canary is High when the whole interval of the shift lies
/// above a quarter of its estimate, at 98 % confidence. Asked once an hour about that hour's minutes, as its
/// documentation advises (at least 50 points a metric).
class KayentaRule {
 public:
  static constexpr int kMinutes = 60;
  /// One minute. True: High.
  bool add(const judge::CountPair& minute);

 private:
  std::vector<double> canary_;
  std::vector<double> baseline_;
};

/// What most alerts are: the canary's ratio over the last five minutes above a limit for five minutes on end.
/// The limit is twice the true rate, which its author is taken to know.
class ThresholdRule {
 public:
  static constexpr int kMinutes = 5;
  explicit ThresholdRule(double limit) : limit_(limit) {}
  bool add(const judge::CountPair& minute);

 private:
  double limit_;
  std::vector<judge::Count> last_;
  int above_ = 0;
};

}  // namespace patchwave::evaluation
