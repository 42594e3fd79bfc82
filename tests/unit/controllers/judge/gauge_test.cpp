#include "controllers/judge/gauge.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "controllers/judge/recorded.hpp"

namespace patchwave::judge {
namespace {

using Random = std::mt19937_64;

/// A stationary AR(1) series of unit variance.
std::vector<double> autoregressive(double phi, int length, Random& random) {
  std::normal_distribution<double> normal;
  std::vector<double> values;
  double value = normal(random);
  for (int i = 0; i < length; ++i) {
    values.push_back(value);
    value = phi * value + std::sqrt(1 - phi * phi) * normal(random);
  }
  return values;
}

TEST(LagOneAutocorrelation, IsThatOfTheSeries) {
  Random random(3);
  for (const double phi : {-0.3, 0.0, 0.5, 0.85}) {
    EXPECT_NEAR(lag_one_autocorrelation(autoregressive(phi, 20'000, random)), phi, 0.03) << phi;
  }
}

TEST(LagOneAutocorrelation, OfNothingToLearnFromIsZero) {
  EXPECT_EQ(lag_one_autocorrelation(std::vector<double>{1, 2}), 0);
  EXPECT_EQ(lag_one_autocorrelation(std::vector<double>{4, 4, 4, 4}), 0);
}

TEST(Blocks, AreSoLongThatTheirMeansHardlyFollowEachOther) {
  Random random(5);
  for (const double phi : {0.0, 0.5, 0.85, 0.93}) {
    const int length = block_length(phi);
    const auto values = autoregressive(phi, 4000 * length, random);
    std::vector<double> means;
    for (int block = 0; block < 4000; ++block) {
      double sum = 0;
      for (int i = 0; i < length; ++i) sum += values[static_cast<std::size_t>(block * length + i)];
      means.push_back(sum / length);
    }
    EXPECT_LT(lag_one_autocorrelation(means), 0.15) << phi;
  }
}

TEST(Blocks, AreNeitherTinyNorEndless) {
  EXPECT_EQ(block_length(0), 5);
  EXPECT_EQ(block_length(-1), 5);
  EXPECT_EQ(block_length(1), 120);
}

/// The share of runs in which the evidence of up to 60 blocks of that mean ever reaches 1/α.
double share_shown(double mean, double alpha, unsigned seed) {
  Random random(seed);
  std::normal_distribution<double> normal(mean, 1);
  constexpr int kRuns = 2000;
  int shown = 0;
  for (int run = 0; run < kRuns; ++run) {
    std::vector<double> blocks;
    bool is_shown = false;
    while (!is_shown && blocks.size() < 60) {
      blocks.push_back(normal(random));
      is_shown = mean_above_log_e(blocks, 0) >= -std::log(alpha);
    }
    shown += is_shown ? 1 : 0;
  }
  return double(shown) / kRuns;
}

TEST(EvidenceOfAMean, IsFalseLessOftenThanItsChanceHoweverOftenOneLooks) {
  EXPECT_LT(share_shown(0, 0.05, 1), 0.05);
  EXPECT_LT(share_shown(-0.2, 0.05, 2), 0.05);
}

TEST(EvidenceOfAMean, IsFoundWhenThereIsAnEffect) {
  EXPECT_GT(share_shown(1, 0.05, 3), 0.99);
}

TEST(EvidenceOfAMean, DoesNotDependOnUnits) {
  const std::vector<double> bytes = {2e9, 3e9, 2.5e9};
  const std::vector<double> gigabytes = {2, 3, 2.5};
  EXPECT_NEAR(mean_above_log_e(bytes, 1e9), mean_above_log_e(gigabytes, 1), 1e-9);
}

TEST(EvidenceOfAMean, IsNoneOfOneBlockOfAConstantOrOfWhatIsNotAbove) {
  EXPECT_EQ(mean_above_log_e(std::vector<double>{9}, 0), 0);
  EXPECT_EQ(mean_above_log_e(std::vector<double>{9, 9, 9}, 0), 0);
  EXPECT_EQ(mean_above_log_e(std::vector<double>{-1, -2}, 0), 0);
}

/// The density of x over a standard deviation with the prior 1/s, of values about a mean with a flat prior up
/// to the change and `d` standard deviations higher since; by quadrature.
double marginal(const std::vector<double>& past, const std::vector<double>& since, double d) {
  double sum = 0;
  for (double log_s = -4; log_s < 3; log_s += 0.1) {
    const double s = std::exp(log_s);
    for (double mean = -5; mean < 5; mean += 0.1 * s) {
      double squares = 0;
      for (const double x : past) squares += (x - mean) * (x - mean) / (s * s);
      for (const double x : since) squares += std::pow((x - mean) / s - d, 2);
      sum += std::exp(-squares / 2) * std::pow(s, -double(past.size() + since.size())) * 0.1 * s * 0.1;
    }
  }
  return sum;
}

TEST(EvidenceOfAChange, IsTheIntegralOverThePriorOnTheEffect) {
  const std::vector<double> past = {0.1, -0.3, 0.2};
  const std::vector<double> since = {1.1, 0.7};
  double mixed = 0;
  for (double d = -15; d < 15; d += 0.25)
    mixed += marginal(past, since, d) * std::exp(-d * d / 18) / std::sqrt(18 * M_PI) * 0.25;
  EXPECT_NEAR(change_above_log_e(past, since, 0), std::log(mixed / marginal(past, since, 0)), 0.02);
}

TEST(EvidenceOfAChange, IsFalseLessOftenThanItsChanceHoweverShortThePastWas) {
  Random random(6);
  std::normal_distribution<double> normal(100, 1);
  constexpr int kRuns = 2000;
  int with_past = 0;
  int with_its_mean = 0;
  for (int run = 0; run < kRuns; ++run) {
    const std::vector<double> past = {normal(random), normal(random), normal(random)};
    const double mean = (past[0] + past[1] + past[2]) / 3;
    std::vector<double> since;
    bool is_shown = false;
    bool is_shown_of_mean = false;
    while (since.size() < 60) {
      since.push_back(normal(random));
      is_shown = is_shown || change_above_log_e(past, since, 0) >= -std::log(0.05);
      is_shown_of_mean = is_shown_of_mean || mean_above_log_e(since, mean) >= -std::log(0.05);
    }
    with_past += is_shown ? 1 : 0;
    with_its_mean += is_shown_of_mean ? 1 : 0;
  }
  EXPECT_LT(with_past, kRuns * 0.05);
  EXPECT_GT(with_its_mean, kRuns * 0.1) << "the mean of three blocks is not the level";
}

TEST(EvidenceOfAChange, IsNoneOfOneBlockSinceBecauseLevelsHaveSpikes) {
  const std::vector<double> past = {1, 1.1, 0.9, 1, 1.05};
  EXPECT_EQ(change_above_log_e(past, std::vector<double>{50}, 0), 0);
  EXPECT_GT(change_above_log_e(past, std::vector<double>{50, 50.1}, 0), std::log(500));
}

/// Four pods of which one was changed; memory as it is: slow to move, and differing from pod to pod.
RecordedVerdict judged(double growth, unsigned seed) {
  Random random(seed);
  std::vector<GaugeRow> rows;
  const Time change{std::chrono::hours(10)};
  for (int pod = 0; pod < 4; ++pod) {
    const double level = 100 * (pod + 1);
    const auto noise = autoregressive(0.85, 4 * 240, random);
    for (std::size_t i = 0; i < noise.size(); ++i) {
      const Time time = change - std::chrono::hours(1) + seconds(15) * i;
      const double factor = pod == 0 && time >= change ? growth : 1;
      rows.push_back({time, pod == 0 ? Arm::Canary : Arm::Baseline, std::to_string(pod),
                      level * factor * (1 + 0.02 * noise[i])});
    }
  }
  return judge_gauge(rows, change, {});
}

TEST(AGauge, ThatDidNotChangePassesAndIsNeverHarm) {
  int passed = 0;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    const auto verdict = judged(1, seed);
    EXPECT_NE(verdict.verdict, api::Verdict::Harm) << seed;
    passed += verdict.verdict == api::Verdict::Pass ? 1 : 0;
  }
  EXPECT_GT(passed, 95);
}

TEST(AGauge, IsJudgedAsIfValuesThatAreNotFiniteHadNotBeen) {
  std::vector<GaugeRow> rows;
  const Time change{std::chrono::hours(10)};
  Random random(4);
  std::normal_distribution<double> normal(100, 3);
  for (int i = -60; i < 60; ++i) {
    for (const auto* series : {"a", "b", "c"})
      rows.push_back(
          {change + seconds(15 * i), series[0] == 'a' ? Arm::Canary : Arm::Baseline, series, normal(random)});
  }
  const auto judged = judge_gauge(rows, change, {});
  for (int i = -50; i < 50; i += 7) {
    rows.push_back({change + seconds(15 * i + 3), Arm::Canary, "a", std::nan("")});
    rows.push_back({change + seconds(15 * i), Arm::Baseline, "b", INFINITY});
  }
  const auto with_noise = judge_gauge(rows, change, {});
  EXPECT_EQ(with_noise.verdict, judged.verdict);
  EXPECT_EQ(with_noise.harm.log_e, judged.harm.log_e);
  EXPECT_EQ(with_noise.pass.log_e, judged.pass.log_e);
}

TEST(AGauge, ThatDoubledIsHarmWhateverItsLevelIs) {
  for (unsigned seed = 1; seed <= 20; ++seed) EXPECT_EQ(judged(2, seed).verdict, api::Verdict::Harm) << seed;
}

}  // namespace
}  // namespace patchwave::judge
