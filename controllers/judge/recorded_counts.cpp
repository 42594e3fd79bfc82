#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <tuple>

#include "controllers/judge/dispersion.hpp"
#include "controllers/judge/power.hpp"
#include "controllers/judge/recorded.hpp"
#include "controllers/judge/words.hpp"

namespace patchwave::judge {
namespace {

/// In the order of time; of rows that claim the same, the first is the one that counts.
void put_in_order(std::vector<CountRow>& rows) {
  std::ranges::sort(rows, [](const CountRow& a, const CountRow& b) {
    return std::tie(a.time, a.arm, a.series, b.count.exposure, b.count.events) <
           std::tie(b.time, b.arm, b.series, a.count.exposure, a.count.events);
  });
  const auto repeated = std::ranges::unique(rows, [](const CountRow& a, const CountRow& b) {
    return std::tie(a.time, a.arm, a.series) == std::tie(b.time, b.arm, b.series);
  });
  rows.erase(repeated.begin(), repeated.end());
}

/// The median distance between rows of one series, at least a microsecond.
microseconds median_step(const std::vector<CountRow>& rows) {
  std::map<std::pair<Arm, std::string_view>, Time> last;
  std::vector<microseconds> steps;
  for (const auto& row : rows) {
    const auto [seen, is_new] = last.try_emplace({row.arm, row.series}, row.time);
    if (is_new) continue;
    steps.push_back(row.time - seen->second);
    seen->second = row.time;
  }
  if (steps.empty()) return microseconds(1);
  std::ranges::nth_element(steps, steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2));
  return std::max(microseconds(1), steps[steps.size() / 2]);
}

/// The series of the baseline, each with its place.
std::map<std::string_view, std::size_t> places_of_baseline(const std::vector<CountRow>& rows) {
  std::map<std::string_view, std::size_t> places;
  for (const auto& row : rows) {
    if (row.arm == Arm::Baseline) places.emplace(row.series, places.size());
  }
  return places;
}

void add(Count& to, const Count& more) {
  to.events += more.events;
  to.exposure += more.exposure;
}

struct Interval {
  Time end;
  CountPair pair;
  std::vector<Count> baseline;  ///< By the series' places.
};

Interval sum(std::span<const CountRow> rows, const std::map<std::string_view, std::size_t>& places) {
  Interval interval{{}, {}, std::vector<Count>(places.size())};
  for (const auto& row : rows) {
    interval.end = std::max(interval.end, row.time);
    add(row.arm == Arm::Canary ? interval.pair.canary : interval.pair.baseline, row.count);
    if (row.arm == Arm::Baseline) add(interval.baseline[places.at(row.series)], row.count);
  }
  return interval;
}

std::string describe_arms(const CountPair& total) {
  return fmt::format("{} events of {} on the canary against {} of {} on the baseline",
                     print_number(total.canary.events), print_number(total.canary.exposure),
                     print_number(total.baseline.events), print_number(total.baseline.exposure));
}

/// What each arm had from the canary's first interval to the last; nothing while there was only one.
std::optional<Traffic> traffic_of(const std::vector<CountRow>& rows, Time canary_begin) {
  CountPair total;
  for (const auto& row : rows) {
    if (row.time > canary_begin) add(row.arm == Arm::Canary ? total.canary : total.baseline, row.count);
  }
  const double hours =
      std::chrono::duration<double, std::ratio<3600>>(rows.back().time - canary_begin).count();
  if (hours <= 0 || total.baseline.exposure <= 0) return std::nullopt;
  return Traffic{total.baseline.events / total.baseline.exposure, total.canary.exposure / hours,
                 total.baseline.exposure / hours};
}

std::string describe(const RecordedVerdict& verdict, const RateRatioLimits& limits,
                     const std::optional<Traffic>& traffic) {
  const auto arms = describe_arms(verdict.total);
  if (verdict.verdict == api::Verdict::Harm) {
    return fmt::format(
        "The canary's rate is above {:g} times the baseline's: {}; chance alone shows this in "
        "less than {:g} of all rollouts",
        limits.harm_above, arms, limits.alpha);
  }
  if (verdict.verdict == api::Verdict::Pass) {
    return fmt::format(
        "The canary's rate is below {:g} times the baseline's: {}; a worse one shows this in "
        "less than {:g} of all rollouts",
        limits.tolerate, arms, limits.beta);
  }
  if (verdict.total.canary.exposure <= 0) return "There is no exposure on the canary to judge by: " + arms;
  if (verdict.total.baseline.exposure <= 0)
    return "There is no exposure on the baseline to compare with: " + arms;
  const auto undecided = "Neither harm nor its absence is shown yet: " + arms;
  if (!traffic) return undecided;
  return undecided + ". " + explain_power(*traffic, limits, 1 / verdict.phi);
}

}  // namespace

RecordedVerdict judge_counts(std::vector<CountRow> rows, const RateRatioLimits& limits) {
  put_in_order(rows);
  const auto step = median_step(rows);
  const auto places = places_of_baseline(rows);
  const Time begin = rows.empty() ? Time{} : rows.front().time;

  RecordedVerdict verdict;
  verdict.harm.threshold = -std::log(limits.alpha);
  verdict.pass.threshold = -std::log(limits.beta);
  RateRatioTest test(limits);
  Dispersion dispersion;
  bool has_begun = false;
  for (std::size_t first = 0; first < rows.size() && verdict.verdict != api::Verdict::Harm;) {
    const auto bin = (rows[first].time - begin) / step;
    std::size_t last = first;
    while (last < rows.size() && (rows[last].time - begin) / step == bin) ++last;
    const auto interval = sum(std::span(rows).subspan(first, last - first), places);
    first = last;

    const double temper = dispersion.temper();
    verdict.phi = dispersion.phi();
    dispersion.add(interval.baseline);
    has_begun = has_begun || interval.pair.canary.exposure > 0;
    if (!has_begun) continue;
    test.add(interval.pair);
    ++verdict.looks;
    verdict.harm.log_e = std::max(verdict.harm.log_e, test.harm_log_e(temper));
    verdict.pass.log_e = std::max(verdict.pass.log_e, test.pass_log_e(temper));
    const auto shown = test.verdict(temper);
    if (shown == api::Verdict::Undecided || shown == verdict.verdict) continue;
    verdict.verdict = shown;
    verdict.decided_time = interval.end;
  }
  verdict.total = test.total();
  const auto canary = std::ranges::find(rows, Arm::Canary, &CountRow::arm);
  std::optional<Traffic> traffic;
  if (canary != rows.end()) traffic = traffic_of(rows, canary->time);
  verdict.message = describe(verdict, limits, traffic);
  if (verdict.verdict == api::Verdict::Undecided && traffic) {
    const auto hours = hours_to_pass(*traffic, limits, 1 / verdict.phi);
    const auto expected =
        canary->time +
        std::chrono::ceil<seconds>(std::chrono::duration<double, std::ratio<3600>>(hours.value_or(0)));
    if (expected > rows.back().time) verdict.expected_time = expected;
  }
  return verdict;
}

}  // namespace patchwave::judge
