#include "controllers/schedule/emergencies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/schedule/local_time.hpp"

namespace patchwave::schedule {
namespace {

constexpr int kMinutesOfHour = 60;
constexpr int kNightBegin = 2 * kMinutesOfHour;
constexpr int kNightEnd = 6 * kMinutesOfHour;
constexpr int kMinutesOfDay = 24 * kMinutesOfHour;

bool is_emergency(const Environment& environment, const Group& group, const std::vector<Opening>& openings,
                  const Patch& patch) {
  if (!patch.due) return false;
  if (openings.empty())
    return *patch.due < midnight(group.zone, environment.as_of + std::chrono::days(environment.horizon_days));
  return openings.front().interval.begin + alone_p90(group, patch.affected) > *patch.due;
}

/// The first window's hours on every day, or the night's.
WeeklyWindow daily_hours(const Group& group, const std::vector<Opening>& openings) {
  WeeklyWindow daily{std::bitset<7>().set(), kNightBegin, kNightEnd, "outside the windows"};
  if (openings.empty()) return daily;
  const plan::Interval& first = openings.front().interval;
  const auto local = cctz::convert(std::chrono::floor<seconds>(first.begin), group.zone);
  const auto length = std::chrono::floor<std::chrono::minutes>(first.end - first.begin).count();
  daily.begin = local.hour() * kMinutesOfHour + local.minute();
  daily.end = daily.begin + static_cast<int>(std::min<std::int64_t>(length, kMinutesOfDay));
  return daily;
}

std::vector<Opening> proposed_openings(const Environment& environment, const Group& group,
                                       const std::vector<Opening>& openings) {
  const Time earliest = midnight(group.zone, environment.as_of) + kApprovalTime;
  const WeeklyWindow daily = daily_hours(group, openings);
  auto proposed = schedule::openings({daily}, group.denials, group.zone, environment.as_of,
                                     environment.horizon_days, {{}, group.dated.freezes});
  std::erase_if(proposed, [&](const Opening& opening) {
    return opening.interval.begin < earliest ||
           (!openings.empty() && opening.interval.end > openings.front().interval.begin);
  });
  // Tonight's window is the first one: then at once, while it is day.
  if (proposed.empty())
    proposed.push_back({{earliest, earliest + std::chrono::minutes(daily.end - daily.begin)}, daily.text});
  return proposed;
}

std::string reason_of(const Group& group, const std::vector<Opening>& openings, const Patch& patch,
                      const std::optional<Slot>& slot) {
  const std::string due = format_local_time(group.zone, *patch.due);
  std::string text =
      openings.empty()
          ? fmt::format("due {}, and {} has no window", due, group.name)
          : fmt::format("due {}, before the first window of {}, {}, could finish it", due, group.name,
                        format_local_time(group.zone, openings.front().interval.begin));
  if (!slot) return text + "; there is no room before that window: it stays in its place";
  text += fmt::format("; proposed outside the windows for {}{}, which needs an approval",
                      format_local_time(group.zone, slot->start),
                      slot->end90 > *patch.due ? ", late already" : "");
  return openings.empty() ? text : text + "; without one it stays in its place";
}

}  // namespace

std::vector<Emergency> propose_emergencies(const Environment& environment, std::size_t index,
                                           const std::vector<Opening>& openings,
                                           const std::vector<Patch>& patches,
                                           const std::vector<std::size_t>& members) {
  const Group& group = environment.groups[index];
  if (!group.known) return {};
  std::vector<std::size_t> remaining;
  for (const auto member : members) {
    if (is_emergency(environment, group, openings, patches[member])) remaining.push_back(member);
  }
  std::vector<Emergency> emergencies;
  const auto add = [&](std::size_t patch, const std::optional<Slot>& slot) {
    emergencies.push_back({patch, slot, reason_of(group, openings, patches[patch], slot)});
  };
  if (remaining.empty()) return emergencies;
  for (const auto& opening : proposed_openings(environment, group, openings)) {
    SessionBudget budget(group,
                         std::chrono::floor<milliseconds>(opening.interval.end - opening.interval.begin));
    std::vector<std::size_t> taken;
    std::vector<int> affected;
    std::erase_if(remaining, [&](std::size_t patch) {
      if (!budget.take(patches[patch].affected)) return false;
      taken.push_back(patch);
      affected.push_back(patches[patch].affected);
      return true;
    });
    const auto slots = session_slots(group, affected, opening.interval.begin);
    for (std::size_t i = 0; i < taken.size(); ++i) add(taken[i], slots[i]);
  }
  for (const auto patch : remaining) add(patch, std::nullopt);
  return emergencies;
}

}  // namespace patchwave::schedule
