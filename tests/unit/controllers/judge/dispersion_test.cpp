#include "controllers/judge/dispersion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace patchwave::judge {
namespace {

using Random = std::mt19937_64;

double poisson(double mean, Random& random) {
  return std::poisson_distribution<int>(mean)(random);
}

/// Halves of a baseline of unequal traffic under a load that swings tenfold within each 100 intervals; events
/// come in clumps of `clump`, so that their variance is `clump` times their mean.
Dispersion simulated(double clump, int intervals, unsigned seed) {
  Random random(seed);
  Dispersion dispersion;
  for (int i = 0; i < intervals; ++i) {
    const double load = 550 - 450 * std::cos(2 * M_PI * i / 100);
    dispersion.add({clump * poisson(0.02 * load / clump, random), load},
                   {clump * poisson(0.04 * load / clump, random), 2 * load});
  }
  return dispersion;
}

TEST(Dispersion, OfEveryBinomialOutcomeAtItsChanceIsPearsonsStatisticWithItsPrior) {
  // Four events fall into equal halves as 0, 1, 2, 3 or 4 with the chances 1, 4, 6, 4 and 1 of 16. Then
  // (k - 2)² / 1 has the mean 1 and the mean square (2·16 + 8·1) / 16; five intervals of 2 are put before.
  Dispersion dispersion;
  const int ways[] = {1, 4, 6, 4, 1};
  for (int k = 0; k <= 4; ++k) {
    for (int i = 0; i < ways[k]; ++i) dispersion.add({double(k), 100}, {double(4 - k), 100});
  }
  const double mean = (5 * 2 + 16 * 1) / 21.0;
  const double square = (5 * 4 + 40) / 21.0;
  EXPECT_EQ(dispersion.intervals(), 16);
  EXPECT_NEAR(dispersion.phi(), mean + 2 * std::sqrt((square - mean * mean) / 21), 1e-12);
}

TEST(Dispersion, OfPoissonCountsIsTheLeastHoweverTheLoadSwings) {
  EXPECT_DOUBLE_EQ(simulated(1, 2000, 1).phi(), kLeastDispersion);
}

TEST(Dispersion, OfClumpsOfThreeIsThreeAndALittle) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    const double phi = simulated(3, 2000, seed).phi();
    EXPECT_GT(phi, 2.8) << seed;
    EXPECT_LT(phi, 3.7) << seed;
  }
}

TEST(Dispersion, OfAHalfWithoutExposureOrAnIntervalWithoutEventsIsNotLearnt) {
  Dispersion dispersion;
  dispersion.add({3, 0}, {4, 100});
  dispersion.add({0, 100}, {0, 100});
  EXPECT_EQ(dispersion.intervals(), 0);
  EXPECT_DOUBLE_EQ(dispersion.temper(), 0.5);
}

TEST(Dispersion, ThatTempersTheEvidenceKeepsFalseHarmUnderItsChance) {
  constexpr int kRuns = 1000;
  const RateRatioLimits limits{.alpha = 0.05};
  Random random(7);
  int tempered = 0;
  int untempered = 0;
  for (int run = 0; run < kRuns; ++run) {
    RateRatioTest with(limits);
    RateRatioTest without(limits);
    Dispersion dispersion;
    bool with_harm = false;
    bool without_harm = false;
    for (int i = 0; i < 200; ++i) {
      const auto clumps = [&random](double exposure) {
        return Count{3 * poisson(0.01 * exposure, random), exposure};
      };
      const auto one = clumps(100);
      const auto other = clumps(100);
      const CountPair pair{clumps(50), {one.events + other.events, 200}};
      with.add(pair, dispersion.temper());
      without.add(pair, 1);
      dispersion.add(one, other);
      with_harm = with_harm || with.verdict() == api::Verdict::Harm;
      without_harm = without_harm || without.verdict() == api::Verdict::Harm;
    }
    tempered += with_harm ? 1 : 0;
    untempered += without_harm ? 1 : 0;
  }
  EXPECT_LT(tempered, kRuns * limits.alpha) << "of " << kRuns;
  EXPECT_GT(untempered, kRuns * limits.alpha * 2) << "the simulation has nothing to temper";
}

}  // namespace
}  // namespace patchwave::judge
