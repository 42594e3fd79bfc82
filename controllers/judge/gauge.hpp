// Levels: memory, CPU, queue depth. Machines differ from each other more than a patch changes them, so each
// series is compared with its own past, and its change with that of its unpatched peers over the same time
// (difference in differences). Scrapes follow each other closely, so blocks of them are the observations.
#pragma once

#include <span>

namespace patchwave::judge {

/// Lag-one autocorrelation; 0 of fewer than three values or of a constant.
double lag_one_autocorrelation(std::span<const double> values);
/// Scrapes in a block: four times (1 + φ)/(1 − φ), the factor by which an AR(1) series with that lag-one
/// autocorrelation inflates the variance of a mean; at least 5, at most 120.
int block_length(double autocorrelation);

/// ln of the evidence against mean ≤ null_mean of independent Gaussian blocks of unknown variance, with a
/// N(0, g) prior on the standardised effect: the scale-invariant t-test martingale (Lai 1976; Wang and Ramdas
/// 2023, arXiv 2310.03722; as a Bayes factor in Rouder et al. 2009). Anytime-valid, exact from two blocks on;
/// 0 while the mean is not above null_mean, or with fewer than two blocks.
double mean_above_log_e(std::span<const double> blocks, double null_mean);

/// ln of the evidence against mean(since) − mean(past) ≤ null_change of independent Gaussian blocks of one
/// unknown variance, whose `past` was complete before the first look: the same test for two samples, a flat
/// prior on the mean and N(0, g) on the standardised change (Gönen et al. 2005, The American Statistician
/// 59(3); anytime-valid by right Haar priors: Hendriksen, de Heide and Grünwald 2021, Bayesian Analysis
/// 16(3)). What the past varied by counts, and one block may be enough. 0 while the change is not above
/// null_change, or with fewer than two blocks of past.
double change_above_log_e(std::span<const double> past, std::span<const double> since, double null_change);

}  // namespace patchwave::judge
