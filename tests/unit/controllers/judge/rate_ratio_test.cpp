#include "controllers/judge/rate_ratio.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "controllers/judge/alpha.hpp"
#include "controllers/judge/gauge.hpp"
#include "controllers/judge/power.hpp"
#include "controllers/judge/recorded.hpp"

namespace patchwave::judge {
namespace {

/// Binomial probability by way of the gamma function: an oracle that shares nothing with the judge.
double binomial(int k, int n, double p) {
  return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                  (n - k) * std::log1p(-p));
}

double mean_e(const std::vector<Alternative>& mixture, double null_ratio, double true_ratio, double temper) {
  constexpr int kEvents = 12;
  double mean = 0;
  for (int k = 0; k <= kEvents; ++k) {
    MixtureEvidence evidence(mixture, null_ratio);
    evidence.add({{double(k), 5}, {double(kEvents - k), 95}});
    mean += std::exp(evidence.log_e(temper)) * binomial(k, kEvents, true_ratio * 5 / (true_ratio * 5 + 95));
  }
  return mean;
}

TEST(RateRatio, EvidenceAveragesOneOverAllOutcomesWhenTheNullIsTrue) {
  EXPECT_NEAR(mean_e(harm_mixture(1), 1, 1, 1), 1, 1e-9);
  EXPECT_NEAR(mean_e(pass_mixture(1.5), 1.5, 1.5, 1), 1, 1e-9);
}

TEST(RateRatio, EvidenceAveragesLessThanOneWithinTheNullAndWhenTempered) {
  EXPECT_LT(mean_e(harm_mixture(1), 1, 0.8, 1), 1);
  EXPECT_LT(mean_e(harm_mixture(1), 1, 1, 0.5), 1);
  EXPECT_LT(mean_e(pass_mixture(1.5), 1.5, 2, 1), 1);
}

TEST(RateRatio, AnArmWithoutExposureShowsNothing) {
  RateRatioTest test({});
  test.add({{7, 10}, {0, 0}});
  EXPECT_NEAR(test.harm_log_e(1), 0, 1e-12);
  EXPECT_NEAR(test.pass_log_e(1), 0, 1e-12);
}

TEST(RateRatio, EvidenceIsAtMostOneMoreForHavingBeenTempered) {
  MixtureEvidence evidence(harm_mixture(1), 1);
  for (int i = 0; i < 50; ++i) {
    evidence.add({{double(i * 7 % 5), 10}, {double(i * 3 % 11), 90}});
    for (const double temper : {0.1, 0.4, 0.9})
      EXPECT_LE(std::exp(evidence.log_e(temper)), 1 + std::exp(evidence.log_e(1))) << i << " " << temper;
  }
}

TEST(Alpha, OneFalseRollbackAYearIsSplitOverWavesAndGates) {
  EXPECT_DOUBLE_EQ(alpha_per_gate(1, 1000, 8), 1.25e-4);
  EXPECT_EQ(alpha_per_gate(0, 1000, 8), 0);
}

TEST(Power, WaldsBoundIsThatOfTheLiterature) {
  EXPECT_NEAR(least_canary_events(2, 0.01), 11.92, 0.01);
  EXPECT_NEAR(least_canary_events(1.5, 0.01), 42.57, 0.05);
}

TEST(Power, TheBoundWithinAShareIsThatOfTheBinomialDivergence) {
  // Of each null-expected canary event there are r + 19 events of both arms at a share of 1/20, each of which
  // shows the divergence of Bernoulli(p) from Bernoulli(1/20), p = r/(r + 19).
  for (const double r : {1.5, 2.0, 10.0}) {
    const double p = r / (r + 19);
    const double divergence = p * std::log(p / 0.05) + (1 - p) * std::log((1 - p) / 0.95);
    EXPECT_NEAR(least_canary_events(r, 0.01, 0.05), std::log(100) / ((r + 19) * divergence), 1e-9) << r;
    EXPECT_NEAR(least_canary_events(r, 0.01, 1e-7), least_canary_events(r, 0.01), 1e-3) << r;
  }
}

TEST(Gauge, EvidenceOfTheMeanIsTheIntegralOverThePriorOnTheEffect) {
  // Two blocks: the t-statistic is (a + b)/|a - b|, whose density under effect d is found by quadrature over
  // the standard deviation s with the prior 1/s, and over d with N(0, 9).
  const double a = 1.0;
  const double b = 1.5;
  const auto marginal = [&](double d) {
    double sum = 0;
    for (double log_s = -8; log_s < 8; log_s += 0.01) {
      const double s = std::exp(log_s);
      const double x = a / s - d;
      const double y = b / s - d;
      sum += std::exp(-(x * x + y * y) / 2) / (s * s) * 0.01;
    }
    return sum;
  };
  double mixed = 0;
  for (double d = -30; d < 30; d += 0.05)
    mixed += marginal(d) * std::exp(-d * d / 18) / std::sqrt(18 * M_PI) * 0.05;
  EXPECT_NEAR(mean_above_log_e(std::vector<double>{a, b}, 0), std::log(mixed / marginal(0)), 1e-3);
}

TEST(Recorded, WhatTheBaselineWasBeforeTheCanaryIsNoLookButTeachesHowItVaries) {
  std::vector<CountRow> rows;
  for (int i = 1; i <= 20; ++i) {
    const Time time{seconds(60 * i)};
    if (i > 10) rows.push_back({time, Arm::Canary, "c", {1, 100}});
    rows.push_back({time, Arm::Baseline, "a", {i % 2 == 0 ? 20.0 : 0.0, 100}});
    rows.push_back({time, Arm::Baseline, "b", {i % 2 == 0 ? 0.0 : 20.0, 100}});
  }
  const auto with_past = judge_counts(rows, {});
  EXPECT_EQ(with_past.looks, 10);
  EXPECT_EQ(with_past.total.baseline.exposure, 2000);
  EXPECT_GT(with_past.phi, 20) << "all events of an interval fall on one series";
  std::erase_if(rows, [](const CountRow& row) { return row.time <= Time{seconds(600)}; });
  const auto without = judge_counts(rows, {});
  EXPECT_EQ(without.looks, 10);
  EXPECT_EQ(without.total.baseline.exposure, 2000);
}

TEST(Recorded, TheOrderOfTheRowsDoesNotMatter) {
  std::vector<CountRow> rows;
  for (int i = 0; i < 50; ++i) {
    const Time time{seconds(60 * i)};
    rows.push_back({time, Arm::Canary, "c", {double(i % 4), 100}});
    rows.push_back({time, Arm::Baseline, "a", {double(i % 2), 100}});
    rows.push_back({time, Arm::Baseline, "b", {double(i % 3 == 0), 100}});
  }
  const auto forward = judge_counts(rows, {});
  const auto backward = judge_counts({rows.rbegin(), rows.rend()}, {});
  EXPECT_EQ(forward.verdict, api::Verdict::Harm);
  EXPECT_EQ(forward.decided_time, backward.decided_time);
  EXPECT_EQ(forward.harm.log_e, backward.harm.log_e);
  EXPECT_EQ(forward.message, backward.message);
}

}  // namespace
}  // namespace patchwave::judge
