#include "controllers/judge/alpha.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "controllers/judge/rate_ratio.hpp"

namespace patchwave::judge {

double alpha_per_gate(double false_rollbacks_per_year, double waves_per_year, int gates_per_wave) {
  if (false_rollbacks_per_year <= 0 || waves_per_year <= 0 || gates_per_wave <= 0) return 0;
  return std::min(1.0, false_rollbacks_per_year / (waves_per_year * gates_per_wave));
}

double weighted_alpha(double alpha, double weight, double total_weight) {
  return total_weight <= 0 ? 0 : alpha * weight / total_weight;
}

double mean_log_e(std::span<const WeightedEvidence> evidence) {
  double total = 0;
  for (const auto& one : evidence) total += one.weight;
  if (total <= 0) return 0;
  std::vector<double> terms;
  for (const auto& one : evidence) {
    if (one.weight > 0) terms.push_back(one.log_e + std::log(one.weight / total));
  }
  return log_sum_exp(terms);
}

double product_log_e(std::span<const double> log_es) {
  return std::accumulate(log_es.begin(), log_es.end(), 0.0);
}

}  // namespace patchwave::judge
