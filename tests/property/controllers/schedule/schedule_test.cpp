#include "controllers/schedule/schedule.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "controllers/plan/time_zone.hpp"

namespace patchwave::schedule {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct Place {
  const char* zone;
  Date date;
};

/// Weeks in which clocks change, both ways, and one in which they don't.
Place any_place() {
  using namespace std::chrono_literals;
  return *rc::gen::element(
      Place{"America/New_York", 2024y / 3 / 8}, Place{"America/New_York", 2024y / 11 / 1},
      Place{"Europe/Amsterdam", 2024y / 3 / 29}, Place{"Europe/Amsterdam", 2024y / 10 / 25},
      Place{"Australia/Lord_Howe", 2024y / 4 / 5}, Place{"Australia/Lord_Howe", 2024y / 10 / 4},
      Place{"America/Santiago", 2024y / 9 / 6}, Place{"Australia/Sydney", 2024y / 4 / 5},
      Place{"Europe/London", 2024y / 10 / 25}, Place{"Etc/UTC", 2024y / 12 / 30});
}

WeeklyWindow any_window() {
  WeeklyWindow window;
  for (const auto day : *rc::gen::container<std::set<int>>(rc::gen::inRange(0, 7)))
    window.days.set(static_cast<std::size_t>(day));
  // Near the hours at which clocks change.
  window.begin = 15 * *rc::gen::inRange(0, *rc::gen::element(16, 96));
  window.end = window.begin + 5 * *rc::gen::inRange(1, 200);
  window.text = "any";
  return window;
}

cctz::time_zone zone_of(const char* name) {
  return plan::read_time_zone(name, "zone").value();
}

/// By the wall clock alone.
bool is_inside(const WeeklyWindow& window, const cctz::civil_minute& local) {
  for (int back = 0; back <= 1; ++back) {
    const cctz::civil_day day = cctz::civil_day(local) - back;
    const auto minute = local - cctz::civil_minute(day);
    if (window.days.test(static_cast<std::size_t>(cctz::get_weekday(day))) && minute >= window.begin &&
        minute < window.end)
      return true;
  }
  return false;
}

RC_GTEST_PROP(OpeningsProperty, AreInsideByTheWallClockMinuteByMinute, ()) {
  const auto place = any_place();
  auto window = any_window();
  window.end = std::min(window.end, window.begin + 1440);
  const auto zone = zone_of(place.zone);
  const int days = 4;
  const auto open = openings({window}, {}, zone, place.date, days);
  const Time until = midnight(zone, place.date + std::chrono::days(days));
  for (Time time = midnight(zone, place.date) + hours(24); time < until; time += minutes(1)) {
    const cctz::civil_minute local(cctz::convert(std::chrono::floor<seconds>(time), zone));
    const bool is_open = std::ranges::any_of(
        open, [&](const Opening& each) { return each.interval.begin <= time && time < each.interval.end; });
    const bool comes_twice =
        zone.lookup(cctz::civil_second(local)).kind == cctz::time_zone::civil_lookup::REPEATED;
    if (is_open) RC_ASSERT(is_inside(window, local));
    // A night of the day before the first isn't there; it ends by the noon of the first.
    if (!is_open && !comes_twice && time >= midnight(zone, place.date) + hours(48))
      RC_ASSERT(!is_inside(window, local));
  }
}

struct Case {
  Environment environment;
  std::vector<Patch> patches;
};

Case any_case() {
  Case any;
  const auto place = any_place();
  Environment& environment = any.environment;
  environment.as_of = place.date;
  environment.zone = zone_of(place.zone);
  environment.horizon_days = *rc::gen::inRange(1, 40);
  environment.top = *rc::gen::inRange<std::size_t>(0, 20);
  environment.waves = *rc::gen::inRange<std::size_t>(1, 5);
  const int groups = *rc::gen::inRange(1, 4);
  for (int i = 0; i < groups; ++i) {
    Group group;
    group.name = "group " + std::to_string(i);
    group.zone = environment.zone;
    group.count = *rc::gen::inRange(1, 60);
    group.at_once = *rc::gen::inRange(1, group.count + 1);
    const int windows = *rc::gen::inRange(0, 3);
    for (int j = 0; j < windows; ++j) group.windows.push_back(any_window());
    environment.groups.push_back(std::move(group));
  }
  const int patches = *rc::gen::inRange(0, 60);
  for (int i = 0; i < patches; ++i) {
    Patch patch;
    patch.name = "P" + std::to_string(i);
    patch.group = *rc::gen::inRange<std::size_t>(0, environment.groups.size());
    patch.affected = *rc::gen::inRange(1, environment.groups[patch.group].count + 1);
    const auto deadline = *rc::gen::element(risk::DeadlineClass::ThreeDays, risk::DeadlineClass::FourteenDays,
                                            risk::DeadlineClass::NextUpgrade);
    patch.place = {deadline, *rc::gen::element(0.001, 0.01, 1.0), 5};
    patch.due = due_time(environment.zone, environment.as_of, deadline);
    for (int before = 0; before < i; ++before) {
      if (*rc::gen::inRange(0, 2 * patches) == 0) patch.after.push_back(static_cast<std::size_t>(before));
    }
    any.patches.push_back(std::move(patch));
  }
  return any;
}

RC_GTEST_PROP(ScheduleProperty, PutsEveryPatchIntoOneWaveAndTheFirstOnTop, ()) {
  const auto any = any_case();
  const auto schedule = make_schedule(any.environment, any.patches);
  RC_ASSERT(schedule.entries.size() == any.patches.size());
  std::size_t top = 0;
  for (const auto& entry : schedule.entries) {
    RC_ASSERT(entry.wave <= any.environment.waves);
    RC_ASSERT(!entry.reason.empty());
    RC_ASSERT((entry.wave == kTopWave) == (entry.rank <= any.environment.top));
    if (entry.wave == kTopWave) ++top;
  }
  RC_ASSERT(top == std::min(any.environment.top, any.patches.size()));
}

RC_GTEST_PROP(ScheduleProperty, KeepsEveryIntervalInsideAWindowOfItsGroup, ()) {
  const auto any = any_case();
  const auto schedule = make_schedule(any.environment, any.patches);
  for (std::size_t i = 0; i < any.patches.size(); ++i) {
    const auto& placement = schedule.entries[i].placement;
    if (!placement) continue;
    const Group& group = any.environment.groups[any.patches[i].group];
    const auto open = openings(group.windows, group.denials, group.zone, any.environment.as_of,
                               any.environment.horizon_days);
    RC_ASSERT(placement->slot.start < placement->slot.end90);
    RC_ASSERT(std::ranges::any_of(open, [&](const Opening& each) {
      return each.interval.begin <= placement->slot.start && placement->slot.end90 <= each.interval.end;
    }));
  }
}

/// Round by round, system by system: what a session of these patches takes at most.
microseconds session_length(const Group& group, const std::vector<int>& affected) {
  microseconds total{0};
  for (int first = 0; first < group.count; first += group.at_once) {
    const auto reached = std::ranges::count_if(affected, [&](int systems) { return systems > first; });
    if (reached > 0) total += group.durations.system.p90 + group.durations.patch.p90 * reached;
  }
  return total;
}

RC_GTEST_PROP(ScheduleProperty, GivesARoundToNoMoreSystemsThanMayBeOutAtOnce, ()) {
  const auto any = any_case();
  const auto schedule = make_schedule(any.environment, any.patches);
  std::map<std::pair<std::size_t, Time>, std::vector<std::size_t>> sessions;
  for (std::size_t i = 0; i < any.patches.size(); ++i) {
    const auto& placement = schedule.entries[i].placement;
    if (placement) sessions[{any.patches[i].group, placement->opening.interval.begin}].push_back(i);
  }
  for (const auto& [key, members] : sessions) {
    std::vector<int> affected;
    Time end{};
    for (const auto i : members) {
      affected.push_back(any.patches[i].affected);
      end = std::max(end, schedule.entries[i].placement->slot.end90);
      RC_ASSERT(schedule.entries[i].wave == schedule.entries[members.front()].wave);
    }
    RC_ASSERT((end - key.second == session_length(any.environment.groups[key.first], affected)));
  }
}

RC_GTEST_PROP(ScheduleProperty, BeginsAWaveAfterTheOneBeforeInAnotherWindow, ()) {
  const auto any = any_case();
  const auto schedule = make_schedule(any.environment, any.patches);
  for (std::size_t a = 0; a < any.patches.size(); ++a) {
    for (std::size_t b = 0; b < any.patches.size(); ++b) {
      const Entry& earlier = schedule.entries[a];
      const Entry& later = schedule.entries[b];
      if (any.patches[a].group != any.patches[b].group || earlier.wave >= later.wave) continue;
      if (!earlier.placement || !later.placement) continue;
      RC_ASSERT(earlier.placement->opening.interval.end <= later.placement->opening.interval.begin);
    }
  }
}

RC_GTEST_PROP(ScheduleProperty, BeginsNothingBeforeWhatItComesAfterIsOver, ()) {
  const auto any = any_case();
  const auto schedule = make_schedule(any.environment, any.patches);
  for (std::size_t i = 0; i < any.patches.size(); ++i) {
    const auto& placement = schedule.entries[i].placement;
    for (const auto before : any.patches[i].after) {
      RC_ASSERT(schedule.entries[before].rank < schedule.entries[i].rank);
      if (!placement) continue;
      const auto& earlier = schedule.entries[before].placement;
      RC_ASSERT(earlier.has_value());
      // On each system of a group the patches of a session go in their order.
      if (any.patches[before].group == any.patches[i].group &&
          earlier->opening.interval == placement->opening.interval) {
        RC_ASSERT(earlier->slot.start < placement->slot.start);
      } else {
        RC_ASSERT(earlier->slot.end90 <= placement->slot.start);
      }
    }
  }
}

RC_GTEST_PROP(ScheduleProperty, AnswersTheSameWhateverTheOrderOfThePatches, ()) {
  const auto any = any_case();
  std::vector<std::size_t> from(any.patches.size());
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = i;
  for (std::size_t i = from.size(); i > 1; --i)
    std::swap(from[i - 1], from[*rc::gen::inRange<std::size_t>(0, i)]);
  std::vector<std::size_t> to(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) to[from[i]] = i;
  std::vector<Patch> shuffled;
  for (const auto i : from) {
    shuffled.push_back(any.patches[i]);
    for (auto& before : shuffled.back().after) before = to[before];
  }
  const auto told = [&](const std::vector<Patch>& patches) {
    const auto schedule = make_schedule(any.environment, patches);
    std::map<std::string, std::string> entries;
    for (std::size_t i = 0; i < patches.size(); ++i) {
      const Entry& entry = schedule.entries[i];
      entries[patches[i].name] = std::to_string(entry.rank) + wave_name(entry.wave) + entry.reason;
    }
    for (const auto& emergency : schedule.emergencies)
      entries[patches[emergency.patch].name] += emergency.reason;
    for (const auto& remark : schedule.extended_testing) entries[patches[remark.patch].name] += remark.reason;
    return entries;
  };
  RC_ASSERT(told(any.patches) == told(shuffled));
}

}  // namespace
}  // namespace patchwave::schedule
