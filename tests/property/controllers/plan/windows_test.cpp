#include "controllers/plan/windows.hpp"

#include <cctz/time_zone.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace patchwave::plan {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A schedule as sets of numbers, to be written as cron and to be asked directly.
struct Schedule {
  std::set<int> minutes;
  std::set<int> hours;
  std::set<int> days;  ///< Empty: every day of the month.
  std::set<int> months;
  std::set<int> weekdays;  ///< 0 is Sunday. Empty: every day of the week.

  [[nodiscard]] bool matches(const cctz::civil_minute& local) const {
    const auto has = [](const std::set<int>& values, int value) {
      return values.empty() || values.contains(value);
    };
    const int weekday = (static_cast<int>(cctz::get_weekday(cctz::civil_day(local))) + 1) % 7;
    const bool by_day = has(days, local.day());
    const bool by_weekday = has(weekdays, weekday);
    const bool day = days.empty() || weekdays.empty() ? by_day && by_weekday : by_day || by_weekday;
    return has(minutes, local.minute()) && has(hours, local.hour()) && has(months, local.month()) && day;
  }

  [[nodiscard]] std::string text() const {
    std::string result;
    for (const auto* values : {&minutes, &hours, &days, &months, &weekdays}) {
      std::string field;
      for (const int value : *values) field += (field.empty() ? "" : ",") + std::to_string(value);
      result += (result.empty() ? "" : " ") + (field.empty() ? "*" : field);
    }
    return result;
  }
};

std::set<int> some(int first, int last, int most) {
  std::set<int> values;
  const auto count = *rc::gen::inRange(0, most + 1);
  for (int i = 0; i < count; ++i) values.insert(*rc::gen::inRange(first, last + 1));
  return values;
}

/// Near the hours at which clocks change, so that changes are hit.
Schedule any_schedule() {
  Schedule schedule;
  schedule.minutes = some(0, 59, 3);
  schedule.hours = *rc::gen::arbitrary<bool>() ? some(0, 3, 3) : some(0, 23, 4);
  // A day that some month lacks could make a schedule that never comes.
  if (*rc::gen::inRange(0, 3) == 0) schedule.days = some(1, 28, 3);
  if (*rc::gen::inRange(0, 4) == 0) schedule.months = some(1, 12, 4);
  if (*rc::gen::inRange(0, 2) == 0) schedule.weekdays = some(0, 6, 2);
  return schedule;
}

struct Place {
  const char* zone;
  int month;
  int day;
};

/// Changes of daylight saving in 2026; days like any other where clocks never change.
Place any_place() {
  return *rc::gen::element(Place{"Europe/Amsterdam", 3, 29}, Place{"Europe/Amsterdam", 10, 25},
                           Place{"America/New_York", 3, 8}, Place{"America/New_York", 11, 1},
                           Place{"Australia/Lord_Howe", 4, 5}, Place{"Australia/Lord_Howe", 10, 4},
                           Place{"Asia/Kathmandu", 6, 1}, Place{"Etc/UTC", 12, 31});
}

/// Minute by minute over real time: what the wall clock shows first, and what it jumps over.
std::vector<Time> openings_one_by_one(const Schedule& schedule, const cctz::time_zone& zone, Time from,
                                      Time until) {
  std::vector<Time> openings;
  cctz::civil_minute shown_up_to(cctz::convert(std::chrono::floor<seconds>(from), zone) - 1);
  for (Time time = from; time < until; time += minutes(1)) {
    const cctz::civil_minute local(cctz::convert(std::chrono::floor<seconds>(time), zone));
    bool opens = false;
    for (; shown_up_to < local; ++shown_up_to) opens = opens || schedule.matches(shown_up_to + 1);
    if (opens) openings.push_back(time);
  }
  return openings;
}

std::vector<Interval> joined(const std::vector<Time>& openings, microseconds duration, Time from,
                             Time until) {
  std::vector<Interval> intervals;
  for (const auto opening : openings) {
    const Interval interval{std::max(opening, from), std::min(opening + duration, until)};
    if (interval.begin >= interval.end) continue;
    if (!intervals.empty() && interval.begin <= intervals.back().end) {
      intervals.back().end = std::max(intervals.back().end, interval.end);
    } else {
      intervals.push_back(interval);
    }
  }
  return intervals;
}

struct Case {
  api::Windows windows;
  Schedule schedule;
  cctz::time_zone zone;
  milliseconds duration{0};
  Time from;
  Time until;
};

Case any_case() {
  Case any;
  const auto place = any_place();
  RC_ASSERT(cctz::load_time_zone(place.zone, &any.zone));
  any.schedule = any_schedule();
  any.duration = minutes(*rc::gen::element(1, 15, 59, 60, 61, 240, 1500));
  any.windows.allow = {{any.schedule.text(), any.duration, place.zone}};
  any.from =
      any.zone
          .lookup(cctz::civil_second(cctz::civil_day(2026, place.month, place.day) - *rc::gen::inRange(0, 4)))
          .pre +
      minutes(*rc::gen::inRange(-120, 600));
  any.until = any.from + hours(*rc::gen::inRange(1, 120));
  RC_TAG(std::string(place.zone));
  RC_LOG() << any.windows.allow[0].schedule << " " << place.zone << "\n";
  return any;
}

RC_GTEST_PROP(OpenIntervalsProperty, AgreeWithAWatchThatIsReadEveryMinute, ()) {
  const auto any = any_case();
  const auto first = any.from - any.duration - hours(48);
  const auto openings = openings_one_by_one(any.schedule, any.zone, first, any.until);
  const auto expected = joined(openings, any.duration, any.from, any.until);
  RC_ASSERT((open_intervals(any.windows, any.from, any.until, 100'000) == expected));
}

RC_GTEST_PROP(WindowStateProperty, IsOpenJustInsideTheOpenIntervals, ()) {
  const auto any = any_case();
  const auto intervals = open_intervals(any.windows, any.from, any.until, 100'000);
  const Time now = any.from + (any.until - any.from) / 1000 * *rc::gen::inRange(0, 1000);
  const bool inside = std::ranges::any_of(
      intervals, [&](const Interval& interval) { return interval.begin <= now && now < interval.end; });
  RC_ASSERT(window_state(any.windows, now).open == inside);
}

RC_GTEST_PROP(WindowStateProperty, ChangesAtTheTimeItNamesAndNotBefore, ()) {
  const auto any = any_case();
  const auto state = window_state(any.windows, any.from);
  if (!state.until) return;
  RC_ASSERT(*state.until > any.from);
  RC_ASSERT(window_state(any.windows, *state.until).open != state.open);
  RC_ASSERT(window_state(any.windows, *state.until - microseconds(1)).open == state.open);
}

RC_GTEST_PROP(OpenIntervalsProperty, NeverTouchADenyWindow, ()) {
  auto any = any_case();
  const auto day = cctz::civil_day(cctz::convert(std::chrono::floor<seconds>(any.from), any.zone));
  const auto text = [](cctz::civil_day date) {
    return cctz::format("%Y-%m-%dT%H:%M", cctz::convert(cctz::civil_second(date), cctz::utc_time_zone()),
                        cctz::utc_time_zone());
  };
  const auto uncut = open_intervals(any.windows, any.from, any.until, 100'000);
  any.windows.deny = {{text(day + 1), text(day + 2), "Etc/UTC", ""}};
  const Time denied = Time(cctz::convert(cctz::civil_second(day + 1), cctz::utc_time_zone()));
  const auto cut = open_intervals(any.windows, any.from, any.until, 100'000);
  microseconds open_outside{0};
  for (const auto& interval : uncut) {
    open_outside += std::max(microseconds(0), std::min(interval.end, denied) - interval.begin);
    open_outside += std::max(microseconds(0), interval.end - std::max(interval.begin, denied + hours(24)));
  }
  microseconds open{0};
  for (const auto& interval : cut) {
    RC_ASSERT(interval.end <= denied || interval.begin >= denied + hours(24));
    open += interval.end - interval.begin;
  }
  RC_ASSERT(open == open_outside);
}

}  // namespace
}  // namespace patchwave::plan
