// How often the rate-ratio judge is wrong, and how soon it is right, on simulated counts: a line of JSON per
// case. Usage: evaluate_judge [RUNS]
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <vector>

#include "controllers/judge/dispersion.hpp"
#include "controllers/judge/power.hpp"
#include "controllers/judge/rate_ratio.hpp"

namespace {

using namespace patchwave::judge;
using Random = std::mt19937_64;

constexpr int kMinutesOfADay = 1440;
constexpr int kBaselineSeries = 19;

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

struct Outcome {
  bool harm = false;
  bool pass = false;
  double canary_events_expected = 0;  ///< As the baseline's rate gives them, until Harm.
  int pass_minute = 0;
};

Outcome simulate(const Case& one, const RateRatioLimits& limits, Random& random) {
  RateRatioTest test(limits);
  Dispersion dispersion;
  Outcome outcome;
  for (int minute = 0; minute < kMinutesOfADay; ++minute) {
    const double day = std::sin(2 * M_PI * minute / kMinutesOfADay);
    const double load = one.requests_per_minute * std::pow(one.swing, day);
    const double share = one.share + (one.last_share - one.share) * minute / kMinutesOfADay;
    CountPair pair{{0, load * share}, {0, load * (1 - share)}};
    pair.canary.events = draw(random, pair.canary.exposure * one.error_rate * one.ratio, one.burst);
    Count halves[2];
    for (int i = 0; i < kBaselineSeries; ++i) {
      const double exposure = pair.baseline.exposure / kBaselineSeries;
      halves[i % 2].exposure += exposure;
      halves[i % 2].events += draw(random, exposure * one.error_rate, one.burst);
    }
    pair.baseline.events = halves[0].events + halves[1].events;
    test.add(pair, dispersion.temper());
    dispersion.add(halves[0], halves[1]);
    if (!outcome.harm) outcome.canary_events_expected += pair.canary.exposure * one.error_rate;
    const auto verdict = test.verdict();
    if (verdict == patchwave::api::Verdict::Harm) {
      outcome.harm = true;
      return outcome;
    }
    if (verdict == patchwave::api::Verdict::Pass && !outcome.pass) {
      outcome.pass = true;
      outcome.pass_minute = minute + 1;
      if (one.ratio >= limits.tolerate) return outcome;
    }
  }
  return outcome;
}

double quantile(std::vector<double> values, double at) {
  if (values.empty()) return std::nan("");
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(at * static_cast<double>(values.size() - 1))];
}

void evaluate(const Case& one, int runs) {
  RateRatioLimits limits;
  limits.alpha = 0.01;
  Random random(20250630);
  int harms = 0;
  int passes = 0;
  std::vector<double> delays;
  std::vector<double> minutes;
  for (int run = 0; run < runs; ++run) {
    const auto outcome = simulate(one, limits, random);
    harms += outcome.harm ? 1 : 0;
    passes += outcome.pass ? 1 : 0;
    if (outcome.harm) delays.push_back(outcome.canary_events_expected);
    if (outcome.pass) minutes.push_back(outcome.pass_minute);
  }
  const auto number = [](double value) {
    return std::isfinite(value) ? fmt::format("{:.4g}", value) : "null";
  };
  fmt::print(
      "{{\"case\": \"{}\", \"runs\": {}, \"alpha\": {}, \"beta\": {}, \"ratio\": {}, \"share\": {}, "
      "\"harm\": "
      "{}, \"pass\": {}, \"harmEventsMedian\": {}, \"harmEventsP90\": {}, \"bound\": {}, "
      "\"passMinutesMedian\": "
      "{}}}\n",
      one.name, runs, limits.alpha, limits.beta, one.ratio, one.share, number(double(harms) / runs),
      number(double(passes) / runs), number(quantile(delays, 0.5)), number(quantile(delays, 0.9)),
      one.ratio > 1 ? number(least_canary_events(one.ratio, limits.alpha)) : "null",
      number(quantile(minutes, 0.5)));
}

}  // namespace

int main(int argc, char** argv) {
  const int runs = argc > 1 ? std::atoi(argv[1]) : 10'000;
  if (runs <= 0) {
    fmt::print(stderr, "usage: evaluate_judge [RUNS], at least one\n");
    return 2;
  }
  const std::vector<Case> cases = {
      {"null diurnal", 1000, 0.005, 3, 0.05, 0.05, 0, 1},
      {"null ramp", 1000, 0.005, 3, 0.01, 0.5, 0, 1},
      {"null bursty", 1000, 0.005, 1, 0.05, 0.05, 4, 1},
      {"null low traffic", 30, 0.005, 1, 0.05, 0.05, 0, 1},
      {"1.5x", 1000, 0.005, 1, 0.05, 0.05, 0, 1.5},
      {"2x", 1000, 0.005, 1, 0.05, 0.05, 0, 2},
      {"3x", 1000, 0.005, 1, 0.05, 0.05, 0, 3},
      {"10x", 1000, 0.005, 1, 0.05, 0.05, 0, 10},
      {"1.5x half", 1000, 0.005, 1, 0.5, 0.5, 0, 1.5},
      {"2x half", 1000, 0.005, 1, 0.5, 0.5, 0, 2},
      {"3x half", 1000, 0.005, 1, 0.5, 0.5, 0, 3},
      {"10x half", 1000, 0.005, 1, 0.5, 0.5, 0, 10},
  };
  for (const auto& one : cases) evaluate(one, runs);
}
