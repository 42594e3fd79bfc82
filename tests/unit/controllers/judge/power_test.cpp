#include "controllers/judge/power.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace patchwave::judge {
namespace {

using ::testing::HasSubstr;

/// A twentieth of the traffic on the canary, ten baseline events an hour of that.
constexpr Traffic kTraffic{0.01, 1000, 19'000};
constexpr int kLooksAnHour = 60;

/// Hours until the verdict, minute by minute, of Poisson counts at `ratio`; a quantile of many.
double simulated_hours(double ratio, const RateRatioLimits& limits, api::Verdict wanted,
                       double quantile = 0.5) {
  std::mt19937_64 random(11);
  std::vector<double> hours;
  for (int run = 0; run < 401; ++run) {
    RateRatioTest test(limits);
    int looks = 0;
    while (test.verdict(1) != wanted && looks < 100 * kLooksAnHour) {
      const double canary = kTraffic.canary_exposure_per_hour / kLooksAnHour;
      const double baseline = kTraffic.baseline_exposure_per_hour / kLooksAnHour;
      const auto count = [&](double exposure, double rate) {
        return Count{double(std::poisson_distribution<int>(exposure * rate)(random)), exposure};
      };
      test.add({count(canary, ratio * kTraffic.baseline_rate), count(baseline, kTraffic.baseline_rate)});
      ++looks;
    }
    hours.push_back(double(looks) / kLooksAnHour);
  }
  std::ranges::sort(hours);
  return hours[static_cast<std::size_t>(quantile * 400)];
}

/// The evidence of the expected path by its definition, without logarithms.
double harm_on_expected_path(double hours, double ratio) {
  const double n_c = kTraffic.canary_exposure_per_hour;
  const double n_b = kTraffic.baseline_exposure_per_hour;
  const double k_c = kTraffic.baseline_rate * ratio * n_c * hours;
  const double k_b = kTraffic.baseline_rate * n_b * hours;
  double evidence = 0;
  double weights = 0;
  for (int i = 0; i < 11; ++i) {
    const double r = 1.25 * std::pow(12 / 1.25, i / 10.0);
    const double share = r * n_c / (r * n_c + n_b);
    const double null_share = n_c / (n_c + n_b);
    evidence +=
        std::pow(share / null_share, k_c) * std::pow((1 - share) / (1 - null_share), k_b) * std::pow(r, -0.6);
    weights += std::pow(r, -0.6);
  }
  return evidence / weights;
}

TEST(HoursToHarm, AreWhereTheExpectedPathReachesOneOverAlpha) {
  const RateRatioLimits limits{.alpha = 0.01};
  for (const double ratio : {1.5, 2.0, 3.0}) {
    const auto hours = hours_to_harm(kTraffic, ratio, limits, 1);
    ASSERT_TRUE(hours);
    EXPECT_NEAR(harm_on_expected_path(*hours, ratio), 100, 1e-3) << ratio;
  }
}

TEST(HoursToHarm, AreAboutTheMedianOfWhatReallyHappens) {
  const RateRatioLimits limits{.alpha = 0.01};
  for (const double ratio : {1.5, 2.0, 3.0}) {
    const auto hours = hours_to_harm(kTraffic, ratio, limits, 1);
    ASSERT_TRUE(hours);
    EXPECT_NEAR(*hours / simulated_hours(ratio, limits, api::Verdict::Harm), 1, 0.3) << ratio;
  }
}

TEST(HoursToHarm, AreNeverFewerThanWaldsBoundAllows) {
  const RateRatioLimits limits{.alpha = 0.01};
  for (const double ratio : {1.5, 2.0, 3.0, 10.0}) {
    const double events_an_hour = kTraffic.baseline_rate * kTraffic.canary_exposure_per_hour;
    EXPECT_GE(*hours_to_harm(kTraffic, ratio, limits, 1),
              least_canary_events(ratio, limits.alpha) / events_an_hour);
  }
}

TEST(HoursToHarm, OfACanaryThatIsNoWorseAreNever) {
  EXPECT_FALSE(hours_to_harm(kTraffic, 1, {}, 1));
}

TEST(HoursToPass, AreBetweenTheMedianAndTheNinetiethPercentOfWhatReallyHappens) {
  for (const double tolerate : {1.5, 2.0, 3.0}) {
    const RateRatioLimits limits{.tolerate = tolerate};
    const auto hours = hours_to_pass(kTraffic, limits, 1);
    ASSERT_TRUE(hours);
    EXPECT_GT(*hours, simulated_hours(1, limits, api::Verdict::Pass)) << tolerate;
    EXPECT_LT(*hours, simulated_hours(1, limits, api::Verdict::Pass, 0.9)) << tolerate;
  }
}

TEST(HoursToPass, AreInInverseProportionToTheTemper) {
  EXPECT_NEAR(*hours_to_pass(kTraffic, {}, 0.5), 2 * *hours_to_pass(kTraffic, {}, 1), 1e-6);
}

TEST(HoursToPass, AreNotFewerThanTheLeastExposureTakes) {
  EXPECT_DOUBLE_EQ(*hours_to_pass(kTraffic, {.least_canary_exposure = 500'000}, 1), 500);
}

TEST(HoursToPass, WithoutEventsOrWithoutACanaryAreNever) {
  EXPECT_FALSE(hours_to_pass({0, 1000, 19'000}, {}, 1));
  EXPECT_FALSE(hours_to_pass({0.01, 0, 19'000}, {}, 1));
  EXPECT_THAT(explain_power({0, 1000, 19'000}, {}, 1), HasSubstr("Pass is not expected at this traffic"));
}

TEST(ExplainPower, SaysWhatWouldShortenIt) {
  const auto text = explain_power(kTraffic, {}, 1);
  EXPECT_THAT(text, HasSubstr("Pass is expected after"));
  EXPECT_THAT(text, HasSubstr("with twice the canary traffic"));
  EXPECT_THAT(text, HasSubstr("with tolerate 2"));
}

}  // namespace
}  // namespace patchwave::judge
