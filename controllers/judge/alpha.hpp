// What one gate may get wrong, from what the fleet may, and how gates speak with one voice.
#pragma once

#include <span>

namespace patchwave::judge {

/// Bonferroni: false_rollbacks / (waves · gates), at most 1. One false rollback a year over 1,000 waves of 8
/// gates is 1.25e-4. Not positive arguments give 0: no budget, no Harm by statistics.
double alpha_per_gate(double false_rollbacks_per_year, double waves_per_year, int gates_per_wave);
/// The share of `alpha` of a gate with `weight` out of `total_weight`.
double weighted_alpha(double alpha, double weight, double total_weight);

struct WeightedEvidence {
  double log_e = 0;
  double weight = 1;
};
/// ln of the weighted mean of e-values: an e-value under any dependence (Vovk and Wang, E-values:
/// calibration, combination and applications, Annals of Statistics 2021). 0, no evidence, of nothing.
double mean_log_e(std::span<const WeightedEvidence> evidence);
/// ln of the product: an e-value when each is one given the ones before it, as waves are.
double product_log_e(std::span<const double> log_es);

}  // namespace patchwave::judge
