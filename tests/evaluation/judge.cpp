// How often the rate-ratio judge is wrong, and how soon it is right, on simulated counts, beside what a user
// would have instead, on the same counts: a line of JSON per case. Usage: evaluate_judge [RUNS [SEED]]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "controllers/judge/dispersion.hpp"
#include "controllers/judge/power.hpp"
#include "controllers/judge/rate_ratio.hpp"
#include "tests/evaluation/peers.hpp"

namespace {

using namespace patchwave;
using namespace patchwave::judge;
using Random = std::mt19937_64;

constexpr int kMinutesOfADay = 1440;
constexpr int kBaselineSeries = 19;
/// How long the baseline is known before the canary starts, as the operator asks for it.
constexpr int kMinutesBefore = 5;

struct Case {
  const char* name;
  double requests_per_minute;  ///< Of both arms.
  double error_rate;
  double swing;       ///< Load varies from 1/swing to swing over the day.
  double share;       ///< Of the canary at the start.
  double last_share;  ///< And at the end.
  double burst;       ///< Squared coefficient of variation of each series' own rate per minute.
  double ratio;       ///< The canary's true rate over the baseline's.
};

double draw(Random& random, double mean, double burst) {
  if (burst > 0) mean *= std::gamma_distribution<double>(1 / burst, burst)(random);
  return mean <= 0 ? 0 : std::poisson_distribution<int>(mean)(random);
}

/// When, in minutes, a rule said so first.
struct Decisions {
  std::optional<int> harm;
  std::optional<int> pass;
  double canary_events_expected = 0;  ///< As the baseline's rate gives them, until Harm; of the judge only.
};

struct Outcome {
  Decisions judge;
  /// The test that knows the true ratio: the most powerful one that may look each minute.
  std::optional<double> oracle_events_expected;
  std::optional<int> kayenta;
  std::optional<int> threshold;

  [[nodiscard]] bool is_over(bool with_pass) const {
    const bool judged = judge.harm || (with_pass && judge.pass);
    return judged && kayenta && threshold && (oracle_events_expected || !with_pass);
  }
};

/// The judge looks each minute of a day and ends with its first Harm.
void look(const RateRatioTest& test, double temper, int minute, Decisions& decisions) {
  const auto verdict = test.verdict(temper);
  if (verdict == patchwave::api::Verdict::Harm) decisions.harm = minute;
  if (verdict == patchwave::api::Verdict::Pass && !decisions.pass) decisions.pass = minute;
}

/// A minute of every series of the baseline.
std::vector<Count> draw_baseline(const Case& one, double exposure, Random& random) {
  std::vector<Count> series;
  for (int i = 0; i < kBaselineSeries; ++i) {
    const double part = exposure / kBaselineSeries;
    series.push_back({draw(random, part * one.error_rate, one.burst), part});
  }
  return series;
}

Outcome simulate(const Case& one, const RateRatioLimits& limits, Random& random) {
  RateRatioTest test(limits);
  Dispersion dispersion;
  MixtureEvidence oracle({{one.ratio, 0}}, 1);
  evaluation::KayentaRule kayenta;
  evaluation::ThresholdRule threshold(2 * one.error_rate);
  Outcome outcome;
  double events_expected = 0;
  const double exposure_before = one.requests_per_minute * (1 - one.share);
  for (int i = 0; i < kMinutesBefore; ++i) dispersion.add(draw_baseline(one, exposure_before, random));
  for (int minute = 0; minute < kMinutesOfADay && !outcome.is_over(one.ratio > 1); ++minute) {
    const double day = std::sin(2 * M_PI * minute / kMinutesOfADay);
    const double load = one.requests_per_minute * std::pow(one.swing, day);
    const double share = one.share + (one.last_share - one.share) * minute / kMinutesOfADay;
    CountPair pair{{0, load * share}, {0, load * (1 - share)}};
    pair.canary.events = draw(random, pair.canary.exposure * one.error_rate * one.ratio, one.burst);
    const auto series = draw_baseline(one, pair.baseline.exposure, random);
    for (const auto& count : series) pair.baseline.events += count.events;
    if (!outcome.kayenta && kayenta.add(pair)) outcome.kayenta = minute + 1;
    if (!outcome.threshold && threshold.add(pair)) outcome.threshold = minute + 1;
    events_expected += pair.canary.exposure * one.error_rate;
    oracle.add(pair);
    if (!outcome.oracle_events_expected && oracle.log_e(1) >= -std::log(limits.alpha))
      outcome.oracle_events_expected = events_expected;
    // A patch that is worse has got through once it passed; one that is not is watched for the whole day.
    if (outcome.judge.harm || (one.ratio > 1 && outcome.judge.pass)) continue;
    const double temper = dispersion.temper();
    test.add(pair);
    dispersion.add(series);
    outcome.judge.canary_events_expected = events_expected;
    look(test, temper, minute + 1, outcome.judge);
  }
  return outcome;
}

double quantile(std::vector<double> values, double at) {
  if (values.empty()) return std::nan("");
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(at * static_cast<double>(values.size() - 1))];
}

std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{:.4g}", value) : "null";
}

/// Of all runs: how many came to it, and the minutes it took those.
std::string share_and_minutes(const std::vector<double>& minutes, int runs) {
  return fmt::format(R"({{"share": {}, "minutesMedian": {}, "minutesP90": {}}})",
                     number(static_cast<double>(minutes.size()) / runs), number(quantile(minutes, 0.5)),
                     number(quantile(minutes, 0.9)));
}

void evaluate(const Case& one, int runs, std::uint64_t seed) {
  RateRatioLimits limits;
  limits.alpha = 0.01;
  Random random(seed);
  std::vector<double> events;
  std::vector<double> oracle_events;
  std::vector<double> harm;
  std::vector<double> pass;
  std::vector<double> kayenta;
  std::vector<double> threshold;
  const auto note = [](std::vector<double>& minutes, std::optional<int> minute) {
    if (minute) minutes.push_back(*minute);
  };
  for (int run = 0; run < runs; ++run) {
    const auto outcome = simulate(one, limits, random);
    if (outcome.judge.harm) events.push_back(outcome.judge.canary_events_expected);
    if (outcome.oracle_events_expected) oracle_events.push_back(*outcome.oracle_events_expected);
    note(harm, outcome.judge.harm);
    note(pass, outcome.judge.pass);
    note(kayenta, outcome.kayenta);
    note(threshold, outcome.threshold);
  }
  const bool is_worse = one.ratio > 1;
  fmt::print(
      R"({{"case": "{}", "runs": {}, "seed": {}, "alpha": {}, "beta": {}, "ratio": {}, "canaryShare": {}, )"
      R"("harm": {}, "pass": {}, "harmEventsMedian": {}, "harmEventsP90": {}, "harmEventsBound": {}, )"
      R"("harmEventsBoundAtShare": {}, "oracleEventsMedian": {}, "oracleEventsP90": {}, )"
      R"("kayentaHigh": {}, "thresholdFires": {}}})"
      "\n",
      one.name, runs, seed, limits.alpha, limits.beta, one.ratio, one.share, share_and_minutes(harm, runs),
      share_and_minutes(pass, runs), number(quantile(events, 0.5)), number(quantile(events, 0.9)),
      is_worse ? number(least_canary_events(one.ratio, limits.alpha)) : "null",
      is_worse ? number(least_canary_events(one.ratio, limits.alpha, one.share)) : "null",
      is_worse ? number(quantile(oracle_events, 0.5)) : "null",
      is_worse ? number(quantile(oracle_events, 0.9)) : "null", share_and_minutes(kayenta, runs),
      share_and_minutes(threshold, runs));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 10'000;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  if (runs <= 0) {
    fmt::print(stderr, "usage: evaluate_judge [RUNS [SEED]], at least one run\n");
    return 2;
  }
  const std::vector<Case> cases = {
      {"null diurnal", 1000, 0.005, 3, 0.05, 0.05, 0, 1},
      {"null ramp", 1000, 0.005, 3, 0.01, 0.5, 0, 1},
      {"null bursty", 1000, 0.005, 1, 0.05, 0.05, 4, 1},
      {"null mild bursts", 1000, 0.005, 1, 0.05, 0.05, 1, 1},
      {"null low traffic", 30, 0.005, 1, 0.05, 0.05, 0, 1},
      {"null bursty low traffic", 30, 0.005, 1, 0.05, 0.05, 4, 1},
      // One pod has five times the traffic of each other one, and bursts five times theirs.
      {"null bursty, large canary", 200, 0.005, 1, 0.2, 0.2, 4, 1},
      {"1.5x", 1000, 0.005, 1, 0.05, 0.05, 0, 1.5},
      {"2x", 1000, 0.005, 1, 0.05, 0.05, 0, 2},
      {"3x", 1000, 0.005, 1, 0.05, 0.05, 0, 3},
      {"10x", 1000, 0.005, 1, 0.05, 0.05, 0, 10},
      {"3x, tenth of traffic", 100, 0.005, 1, 0.05, 0.05, 0, 3},
      {"10x, tenth of traffic", 100, 0.005, 1, 0.05, 0.05, 0, 10},
      {"1.5x half", 1000, 0.005, 1, 0.5, 0.5, 0, 1.5},
      {"2x half", 1000, 0.005, 1, 0.5, 0.5, 0, 2},
      {"3x half", 1000, 0.005, 1, 0.5, 0.5, 0, 3},
      {"10x half", 1000, 0.005, 1, 0.5, 0.5, 0, 10},
  };
  for (const auto& one : cases) evaluate(one, runs, seed);
}
