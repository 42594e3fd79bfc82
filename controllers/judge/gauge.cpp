#include "controllers/judge/gauge.hpp"

#include <algorithm>
#include <cmath>

namespace patchwave::judge {
namespace {

/// Variance of the prior on the effect in standard deviations of a block: effects worth a rollback are of
/// several.
constexpr double kEffectVariance = 9;
constexpr double kScrapesPerInflation = 4;
constexpr double kShortestBlock = 5;
constexpr double kLongestBlock = 120;

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double squares_about(std::span<const double> values, double centre) {
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return sum;
}

/// Of an estimate `off` the null by a sample that is worth `effective` values, its degrees of freedom one
/// fewer than `values`. A constant is no proof: its variance is unknown.
double t_test_log_e(double off, double effective, double squares, double values) {
  if (off <= 0 || squares <= 0) return 0;
  const double scaled = effective * off * off / squares;  // t² over its degrees of freedom
  const double spread = 1 + effective * kEffectVariance;
  return -0.5 * std::log(spread) + 0.5 * values * (std::log1p(scaled) - std::log1p(scaled / spread));
}

}  // namespace

double lag_one_autocorrelation(std::span<const double> values) {
  if (values.size() < 3) return 0;
  const double mean = mean_of(values);
  const double variance = squares_about(values, mean);
  if (variance <= 0) return 0;
  double covariance = 0;
  for (std::size_t i = 1; i < values.size(); ++i) covariance += (values[i] - mean) * (values[i - 1] - mean);
  return covariance / variance;
}

int block_length(double autocorrelation) {
  const double phi = std::clamp(autocorrelation, 0.0, 0.99);
  const double length = std::ceil(kScrapesPerInflation * (1 + phi) / (1 - phi));
  return static_cast<int>(std::clamp(length, kShortestBlock, kLongestBlock));
}

double mean_above_log_e(std::span<const double> blocks, double null_mean) {
  if (blocks.size() < 2) return 0;
  const double mean = mean_of(blocks);
  return t_test_log_e(mean - null_mean, static_cast<double>(blocks.size()), squares_about(blocks, mean),
                      static_cast<double>(blocks.size()));
}

double change_above_log_e(std::span<const double> past, std::span<const double> since, double null_change) {
  if (past.size() < 2 || since.size() < 2) return 0;
  const double before = mean_of(past);
  const double after = mean_of(since);
  const auto all = static_cast<double>(past.size() + since.size());
  return t_test_log_e(after - before - null_change,
                      static_cast<double>(past.size()) * static_cast<double>(since.size()) / all,
                      squares_about(past, before) + squares_about(since, after), all - 1);
}

}  // namespace patchwave::judge
