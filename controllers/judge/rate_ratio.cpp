#include "controllers/judge/rate_ratio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace patchwave::judge {
namespace {

std::vector<Alternative> log_spaced(double low, double high, int count, double weight_exponent) {
  std::vector<Alternative> mixture;
  std::vector<double> log_weights;
  for (int i = 0; i < count; ++i) {
    const double log_ratio = std::log(low) + (std::log(high) - std::log(low)) * i / (count - 1);
    mixture.push_back({std::exp(log_ratio), weight_exponent * (log_ratio - std::log(low))});
    log_weights.push_back(mixture.back().log_weight);
  }
  const double log_total = log_sum_exp(log_weights);
  for (auto& alternative : mixture) alternative.log_weight -= log_total;
  return mixture;
}

}  // namespace

std::vector<Alternative> harm_mixture(double harm_above) {
  return log_spaced(1.25 * harm_above, 12 * harm_above, 11, -0.6);
}

std::vector<Alternative> pass_mixture(double tolerate) {
  return log_spaced(tolerate / 3, std::max(1.0, tolerate / 1.5), 8, 0);
}

double log_likelihood_ratio(const CountPair& pair, double ratio, double null_ratio) {
  const double events = pair.canary.events + pair.baseline.events;
  if (events <= 0 || pair.canary.exposure <= 0 || pair.baseline.exposure <= 0) return 0;
  return pair.canary.events * std::log(ratio / null_ratio) -
         events * std::log((ratio * pair.canary.exposure + pair.baseline.exposure) /
                           (null_ratio * pair.canary.exposure + pair.baseline.exposure));
}

double log_sum_exp(std::span<const double> terms) {
  if (terms.empty()) return -std::numeric_limits<double>::infinity();
  const double largest = std::ranges::max(terms);
  if (!std::isfinite(largest)) return largest;
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - largest);
  return largest + std::log(sum);
}

MixtureEvidence::MixtureEvidence(std::vector<Alternative> mixture, double null_ratio)
    : mixture_(std::move(mixture)), null_ratio_(null_ratio), log_ratios_(mixture_.size()) {}

void MixtureEvidence::add(const CountPair& pair) {
  if (pair.canary.events + pair.baseline.events <= 0) return;
  for (std::size_t i = 0; i < mixture_.size(); ++i)
    log_ratios_[i] += log_likelihood_ratio(pair, mixture_[i].ratio, null_ratio_);
}

double MixtureEvidence::log_e(double temper) const {
  std::vector<double> terms;
  terms.reserve(mixture_.size());
  for (std::size_t i = 0; i < mixture_.size(); ++i)
    terms.push_back(mixture_[i].log_weight + temper * log_ratios_[i]);
  return log_sum_exp(terms);
}

RateRatioTest::RateRatioTest(const RateRatioLimits& limits)
    : limits_(limits),
      harm_(harm_mixture(limits.harm_above), limits.harm_above),
      pass_(pass_mixture(limits.tolerate), limits.tolerate) {}

void RateRatioTest::add(const CountPair& pair) {
  harm_.add(pair);
  pass_.add(pair);
  total_.canary.events += pair.canary.events;
  total_.canary.exposure += pair.canary.exposure;
  total_.baseline.events += pair.baseline.events;
  total_.baseline.exposure += pair.baseline.exposure;
}

api::Verdict RateRatioTest::verdict(double temper) const {
  if (harm_log_e(temper) >= -std::log(limits_.alpha)) return api::Verdict::Harm;
  const bool enough = total_.canary.exposure >= limits_.least_canary_exposure;
  if (enough && pass_log_e(temper) >= -std::log(limits_.beta)) return api::Verdict::Pass;
  return api::Verdict::Undecided;
}

}  // namespace patchwave::judge
