#include "controllers/schedule/calendars.hpp"

#include <algorithm>
#include <map>

namespace patchwave::schedule {
namespace {

plan::Interval days_of(const Environment& environment, const cctz::time_zone& zone) {
  const Date last = environment.as_of + std::chrono::days(environment.horizon_days);
  return {midnight(zone, environment.as_of), midnight(zone, last)};
}

}  // namespace

Result<std::size_t> add_freezes(Environment& environment, const icalendar::Calendar& calendar) {
  // There are fewer zones than groups.
  std::map<std::string, std::vector<icalendar::Occurrence>> freezes;
  std::size_t most = 0;
  for (auto& group : environment.groups) {
    if (!freezes.contains(group.zone_name)) {
      auto found = icalendar::occurrences(calendar, group.zone, days_of(environment, group.zone),
                                          icalendar::Reading::Widest);
      if (!found) return fail(found.error());
      most = std::max(most, found->size());
      freezes.emplace(group.zone_name, std::move(*found));
    }
    for (const auto& freeze : freezes.at(group.zone_name)) group.dated.freezes.push_back(freeze.interval);
  }
  return most;
}

Result<std::size_t> add_windows(const Environment& environment, Group& group,
                                const icalendar::Calendar& calendar) {
  const plan::Interval days = days_of(environment, group.zone);
  const auto found = icalendar::occurrences(calendar, group.zone, days, icalendar::Reading::Narrowest);
  if (!found) return fail(found.error());
  std::size_t added = 0;
  for (const auto& [interval, summary] : *found) {
    if (interval.begin < days.begin) continue;
    group.dated.windows.push_back({interval, summary.empty() ? "calendar" : summary});
    ++added;
  }
  return added;
}

}  // namespace patchwave::schedule
