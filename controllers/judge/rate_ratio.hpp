// Two counts of events, each over an exposure: is the canary's rate higher than the baseline's?
//
// Given the events of both arms together, the canary's are binomial with chance r·n_c / (r·n_c + n_b) for
// the rate ratio r, whatever the load (Lindon and Malek, Anytime-Valid Inference for Multinomial Count Data,
// NeurIPS 2022, arXiv 2011.03567). So the ratio of two such likelihoods is a martingale, a mixture of them
// is one too, and Ville's inequality bounds the chance that it ever exceeds 1/α by α: looks are free.
#pragma once

#include <span>
#include <vector>

#include "controllers/api/common.hpp"

namespace patchwave::judge {

struct Count {
  double events = 0;
  double exposure = 0;  ///< Requests, pod-seconds, node-hours; known before the events are.
};

/// One interval, or one stratum of it.
struct CountPair {
  Count canary;
  Count baseline;
};

struct RateRatioLimits {
  double harm_above = 1;               ///< r₀: Harm is that the ratio is above it.
  double tolerate = 1.5;               ///< r_max: Pass is that the ratio is below it.
  double alpha = 1e-3;                 ///< Chance of a wrong Harm over all looks.
  double beta = 0.05;                  ///< Chance of a wrong Pass over all looks.
  double least_canary_exposure = 100;  ///< No Pass before.
};

/// A simple alternative and its prior weight; the weights of a mixture add up to one.
struct Alternative {
  double ratio;
  double log_weight;
};

/// 11 ratios, evenly spaced in the logarithm over [1.25·r₀, 12·r₀], weighted by ratio^-0.6: small effects
/// take the longest, so they get the most. Each further ratio costs all others weight, and beyond 12 two or
/// three events decide whatever the ratio is.
std::vector<Alternative> harm_mixture(double harm_above);
/// 8 ratios, evenly spaced in the logarithm over [r_max/3, max(1, r_max/1.5)], of equal weight: `tolerate` is
/// above 1.
std::vector<Alternative> pass_mixture(double tolerate);

/// ln of the likelihood ratio of `ratio` over `null_ratio` for one pair; zero when an arm has no exposure.
double log_likelihood_ratio(const CountPair& pair, double ratio, double null_ratio);

/// ln Σ exp(terms) without overflow; minus infinity of nothing.
double log_sum_exp(std::span<const double> terms);

/// Evidence against one null, as a mixture over alternatives. Sums over strata, intervals and waves alike.
class MixtureEvidence {
 public:
  MixtureEvidence(std::vector<Alternative> mixture, double null_ratio);
  void add(const CountPair& pair);
  /// `temper` in (0, 1]: the power to which the likelihood ratios are raised; 1/φ allows for over-dispersion
  /// φ. By Jensen's inequality the evidence stays valid. It may differ from look to look as long as it is
  /// learnt from the baseline alone: a ratio to a power in (0, 1] is at most one more than the ratio, so
  /// that the chance of ever reaching 1/α is at most α/(1 - α) even then.
  [[nodiscard]] double log_e(double temper) const;

 private:
  std::vector<Alternative> mixture_;
  double null_ratio_;
  std::vector<double> log_ratios_;  ///< Of each alternative, without its weight.
};

/// Both questions at once, and what they were asked about.
class RateRatioTest {
 public:
  explicit RateRatioTest(const RateRatioLimits& limits);
  void add(const CountPair& pair);

  [[nodiscard]] double harm_log_e(double temper) const { return harm_.log_e(temper); }
  [[nodiscard]] double pass_log_e(double temper) const { return pass_.log_e(temper); }
  /// Harm before Pass: with both thresholds crossed, the one that protects wins.
  [[nodiscard]] api::Verdict verdict(double temper) const;
  [[nodiscard]] const CountPair& total() const { return total_; }

 private:
  RateRatioLimits limits_;
  MixtureEvidence harm_;
  MixtureEvidence pass_;
  CountPair total_;
};

}  // namespace patchwave::judge
