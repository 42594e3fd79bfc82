#include "controllers/judge/dispersion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace patchwave::judge {
namespace {

using Random = std::mt19937_64;

double poisson(double mean, Random& random) {
  return std::poisson_distribution<int>(mean)(random);
}

/// A baseline of three series of unequal traffic under a load that swings tenfold within each 100 intervals;
/// events come in clumps of `clump`, so that their variance is `clump` times their mean.
Dispersion simulated(double clump, int intervals, unsigned seed) {
  Random random(seed);
  Dispersion dispersion;
  for (int i = 0; i < intervals; ++i) {
    const double load = 550 - 450 * std::cos(2 * M_PI * i / 100);
    std::vector<Count> series;
    for (const double part : {1, 2, 3})
      series.push_back({clump * poisson(0.02 * part * load / clump, random), part * load});
    dispersion.add(series);
  }
  return dispersion;
}

TEST(Dispersion, OfEveryBinomialOutcomeAtItsChanceIsPearsonsStatisticWithItsPrior) {
  // Four events fall onto two equal series as 0, 1, 2, 3 or 4 with the chances 1, 4, 6, 4 and 1 of 16, which
  // makes the statistic 4·(k - 2)²: 16·2, 4·8 and 0·6 times. Its weight is 4, and 10 of dispersion 2 are put
  // before. The squared distances from the estimate f are (s - 4f)², and of the prior 2f² for each of its 10.
  Dispersion dispersion;
  const int ways[] = {1, 4, 6, 4, 1};
  for (int k = 0; k <= 4; ++k) {
    for (int i = 0; i < ways[k]; ++i)
      dispersion.add(std::vector<Count>{{double(k), 100}, {double(4 - k), 100}});
  }
  const double f = (10 * 2 + 2 * 16 + 8 * 4) / (10 + 16 * 4.0);
  const double squares =
      2 * std::pow(16 - 4 * f, 2) + 8 * std::pow(4 - 4 * f, 2) + 6 * std::pow(4 * f, 2) + 10 * 2 * f * f;
  EXPECT_NEAR(dispersion.phi(), 1 + 2.5 * (f + std::sqrt(squares) / 74 - 1.12), 1e-12);
}

TEST(Dispersion, OfPoissonCountsIsNoneHoweverTheLoadSwings) {
  EXPECT_DOUBLE_EQ(simulated(1, 2000, 1).phi(), 1);
}

TEST(Dispersion, OfClumpsOfThreeHasTwoAndAHalfTimesTheirExcess) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    const double phi = simulated(3, 2000, seed).phi();
    EXPECT_GT(phi, 1 + 2.5 * 1.7) << seed;
    EXPECT_LT(phi, 1 + 2.5 * 2.3) << seed;
  }
}

TEST(Dispersion, OfASingleSeriesIsThatOfItsSuccessiveIntervals) {
  Random random(9);
  Dispersion calm;
  Dispersion clumped;
  for (int i = 0; i < 2000; ++i) {
    calm.add(std::vector<Count>{{poisson(5, random), 100}});
    clumped.add(std::vector<Count>{{3 * poisson(5.0 / 3, random), 100}});
  }
  EXPECT_DOUBLE_EQ(calm.phi(), 1);
  EXPECT_GT(clumped.phi(), 1 + 2.5 * 1.6);
}

TEST(Dispersion, OfASeriesWithoutExposureOrAnIntervalWithoutEventsIsNotLearnt) {
  const double before = Dispersion().phi();
  Dispersion dispersion;
  dispersion.add(std::vector<Count>{{3, 0}, {4, 100}});
  dispersion.add(std::vector<Count>{{0, 100}, {0, 100}});
  EXPECT_EQ(dispersion.phi(), before);
  EXPECT_GT(before, 2) << "what is not known is taken for bursty";
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
      with.add(pair);
      without.add(pair);
      const double temper = dispersion.temper();
      dispersion.add(std::vector<Count>{one, other});
      with_harm = with_harm || with.verdict(temper) == api::Verdict::Harm;
      without_harm = without_harm || without.verdict(1) == api::Verdict::Harm;
    }
    tempered += with_harm ? 1 : 0;
    untempered += without_harm ? 1 : 0;
  }
  EXPECT_LT(tempered, kRuns * limits.alpha) << "of " << kRuns;
  EXPECT_GT(untempered, kRuns * limits.alpha * 2) << "the simulation has nothing to temper";
}

}  // namespace
}  // namespace patchwave::judge
