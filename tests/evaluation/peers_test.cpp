#include "tests/evaluation/peers.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace patchwave::evaluation {
namespace {

judge::CountPair minute(double canary, double baseline) {
  return {{canary, 100}, {baseline, 100}};
}

TEST(LocationShift, IsTheMedianOfAllDifferences) {
  const auto shift = location_shift({11, 12, 13}, {1, 2, 3}, 0);
  ASSERT_TRUE(shift);
  EXPECT_DOUBLE_EQ(shift->estimate, 10);
}

TEST(LocationShift, HasALowerEndThatCountsTheDifferencesBelowIt) {
  std::vector<double> canary(20);
  std::vector<double> baseline(20);
  std::iota(canary.begin(), canary.end(), 100);
  std::iota(baseline.begin(), baseline.end(), 0);
  // 400 pairs, standard deviation sqrt(400 * 41 / 12) = 36.97: at z = 2.326 the end is the 115th smallest.
  const auto shift = location_shift(canary, baseline, 2.326348);
  int below = 0;
  for (const double x : canary) {
    for (const double y : baseline) below += x - y < shift->lower ? 1 : 0;
  }
  EXPECT_LE(below, 114);
  EXPECT_GE(below, 95) << "differences come in ties of up to 20";
}

TEST(LocationShift, NeedsBothArms) {
  EXPECT_FALSE(location_shift({}, {1}, 0));
  EXPECT_FALSE(location_shift({1}, {}, 0));
}

TEST(RanksHigher, ByMoreThanAsManyStandardDeviationsAsTheTablesSay) {
  // 3 above 3: U = 9 of 9, mean 4.5, variance 9 * 7 / 12 = 5.25: (4.5 - 0.5) / 2.291 = 1.746.
  EXPECT_TRUE(ranks_higher({4, 5, 6}, {1, 2, 3}, 1.74));
  EXPECT_FALSE(ranks_higher({4, 5, 6}, {1, 2, 3}, 1.75));
}

TEST(RanksHigher, IsFalseOfTiesAndOfNothing) {
  EXPECT_FALSE(ranks_higher({1, 1}, {1, 1}, 0));
  EXPECT_FALSE(ranks_higher({}, {1}, 0));
}

TEST(KayentaRule, SaysHighAtTheEndOfAnHourThatIsClearlyWorse) {
  KayentaRule rule;
  for (int i = 1; i < KayentaRule::kMinutes; ++i) EXPECT_FALSE(rule.add(minute(10 + i % 3, 5 + i % 3)));
  EXPECT_TRUE(rule.add(minute(10, 5)));
}

TEST(KayentaRule, IsSilentWhenBothArmsAreTheSame) {
  KayentaRule rule;
  for (int i = 1; i <= KayentaRule::kMinutes; ++i) EXPECT_FALSE(rule.add(minute(i % 7, i % 7)));
}

TEST(ThresholdRule, WaitsUntilItWasAboveForAllItsMinutes) {
  ThresholdRule rule(0.01);
  for (int i = 1; i < ThresholdRule::kMinutes; ++i) EXPECT_FALSE(rule.add(minute(2, 0)));
  EXPECT_TRUE(rule.add(minute(2, 0)));
}

TEST(ThresholdRule, BeginsAnewAfterAMinuteThatIsNotAbove) {
  ThresholdRule rule(0.01);
  for (int i = 1; i < ThresholdRule::kMinutes; ++i) rule.add(minute(2, 0));
  EXPECT_FALSE(rule.add({{0, 100'000}, {0, 100}}));
  EXPECT_FALSE(rule.add(minute(200, 0)));
}

}  // namespace
}  // namespace patchwave::evaluation
