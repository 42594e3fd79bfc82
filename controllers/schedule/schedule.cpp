#include "controllers/schedule/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/schedule/change.hpp"
#include "controllers/schedule/emergencies.hpp"
#include "controllers/schedule/local_search.hpp"
#include "controllers/schedule/local_time.hpp"
#include "controllers/schedule/placement.hpp"
#include "operator/base/time.hpp"

namespace patchwave::schedule {
namespace {

/// Of the search of a whole plan; a group has its share of them by its number of patches.
constexpr std::size_t kSearchSteps = 8'000'000;

std::vector<std::size_t> order_of(const std::vector<Patch>& patches) {
  std::vector<std::size_t> order(patches.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (risk::comes_before(patches[a].place, patches[b].place)) return true;
    if (risk::comes_before(patches[b].place, patches[a].place)) return false;
    return patches[a].name < patches[b].name;
  });
  return order;
}

std::string why_there(const Binding binding, std::size_t wave) {
  switch (binding) {
    case Binding::FirstWindow:
      return "nothing is open earlier";
    case Binding::Bake:
      return wave <= 1 ? "what goes first bakes until then"
                       : fmt::format("{} bakes until then", wave_name(wave - 1));
    case Binding::Deadline:
      return "taken forward, for it would be late in the next wave";
    case Binding::Exposure:
      return "taken forward: others lose less by waiting";
    case Binding::Others:
      return "others that lose more by waiting go before it";
    default:
      return "the windows before are full";
  }
}

std::string why_nowhere(const Environment& environment, const Group& group,
                        const std::vector<Opening>& openings, const Patch& patch, Binding binding) {
  if (!group.known) return fmt::format("the environment has no asset group '{}'", group.name);
  if (binding == Binding::NoWindow)
    return fmt::format("{} has no window in the {} days from {} on", group.name, environment.horizon_days,
                       format_date(environment.as_of));
  if (binding == Binding::TooLong)
    return fmt::format(
        "it takes {} with 90 % certainty, longer than any window of {}; more systems at once would help",
        format_duration(alone_p90(group, patch.affected)), group.name);
  return fmt::format(
      "the {} windows of {} in the {} days from {} on are full; more systems at once, longer windows or "
      "fewer waves would help",
      openings.size(), group.name, environment.horizon_days, format_date(environment.as_of));
}

std::string placement_reason(const Group& group, const Patch& patch, const Placement& placement,
                             const JobPlace& place, std::size_t bundled) {
  std::string text = fmt::format(
      "{} of {}, {}: {}; {} patch{} in this session, {} of {} systems at a time, each disturbed once; over "
      "by {} with 90 % certainty",
      wave_name(place.wave), group.name, format_local_time(group.zone, placement.slot.start),
      why_there(place.binding, place.wave), bundled, bundled == 1 ? "" : "es", group.at_once, group.count,
      format_local_time(group.zone, placement.slot.end90));
  if (placement.late) {
    text += fmt::format("; late: it is due {}", format_local_time(group.zone, *patch.due));
  } else if (patch.due) {
    text += fmt::format(", {} before it is due",
                        format_age(std::chrono::floor<milliseconds>(*patch.due - placement.slot.end90)));
  }
  return text;
}

plan::Interval horizon_of(const Environment& environment, const Group& group) {
  return {midnight(group.zone, environment.as_of),
          midnight(group.zone, environment.as_of + std::chrono::days(environment.horizon_days))};
}

void add(Exposure& exposure, const Search& search) {
  exposure.list += search.list.exposure;
  exposure.planned += search.cost.exposure;
  exposure.bound += search.bound;
}

/// Patches of one group, in order.
void schedule_group(const Environment& environment, std::size_t index, const std::vector<Patch>& patches,
                    const std::vector<std::size_t>& members, Schedule& schedule) {
  const Group& group = environment.groups[index];
  const auto open =
      openings(group.windows, group.denials, group.zone, environment.as_of, environment.horizon_days);
  std::vector<Job> jobs;
  std::size_t top = 0;
  for (const auto member : members) {
    const Patch& patch = patches[member];
    jobs.push_back({patch.affected, patch.due, patch.place.score * patch.affected / kScoreDays});
    if (schedule.entries[member].rank <= environment.top) ++top;
  }
  const Problem problem = problem_of(group, open, jobs, top, horizon_of(environment, group));
  const Search search =
      improve(group, open, jobs, problem, place_group(group, open, jobs, top, environment.waves),
              environment.waves, kSearchSteps * members.size() / patches.size());
  add(schedule.exposure, search);
  const auto& places = search.places;
  std::vector<std::size_t> bundled(open.size(), 0);
  for (const auto& place : places) {
    if (place.opening) ++bundled[*place.opening];
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Patch& patch = patches[members[i]];
    Entry& entry = schedule.entries[members[i]];
    entry.wave = places[i].wave;
    if (!places[i].opening) {
      entry.reason = why_nowhere(environment, group, open, patch, places[i].binding);
      continue;
    }
    entry.placement =
        Placement{places[i].slot, open[*places[i].opening], patch.due && places[i].slot.end90 > *patch.due};
    entry.reason = placement_reason(group, patch, *entry.placement, places[i], bundled[*places[i].opening]);
  }
  auto emergencies = propose_emergencies(environment, index, open, patches, members);
  schedule.emergencies.insert(schedule.emergencies.end(), std::make_move_iterator(emergencies.begin()),
                              std::make_move_iterator(emergencies.end()));
}

/// By when the tests must be done.
void add_time_left(const Environment& environment, const std::vector<Patch>& patches, Schedule& schedule) {
  for (auto& [patch, reason] : schedule.extended_testing) {
    const auto& placement = schedule.entries[patch].placement;
    if (!placement) continue;
    reason +=
        fmt::format("; it can be tested until {}, when it is planned",
                    format_local_time(environment.groups[patches[patch].group].zone, placement->slot.start));
  }
}

void sort_by_rank(std::vector<Remark>& remarks, const Schedule& schedule) {
  std::ranges::sort(remarks, {}, [&](const Remark& remark) { return schedule.entries[remark.patch].rank; });
}

}  // namespace

std::optional<Time> due_time(const cctz::time_zone& zone, Date detected, risk::DeadlineClass deadline) {
  const auto allowed = risk::time_allowed(deadline);
  if (!allowed) return std::nullopt;
  return midnight(zone, detected + std::chrono::floor<std::chrono::days>(*allowed));
}

std::string wave_name(std::size_t wave) {
  return wave == kTopWave ? "top" : fmt::format("wave-{}", wave);
}

Schedule make_schedule(const Environment& environment, const std::vector<Patch>& patches) {
  Schedule schedule;
  schedule.order = order_of(patches);
  schedule.entries.resize(patches.size());
  std::vector<std::vector<std::size_t>> members(environment.groups.size());
  for (std::size_t i = 0; i < schedule.order.size(); ++i) {
    const std::size_t patch = schedule.order[i];
    schedule.entries[patch].rank = i + 1;
    members[patches[patch].group].push_back(patch);
  }
  for (std::size_t group = 0; group < members.size(); ++group) {
    if (members[group].empty()) continue;
    schedule_group(environment, group, patches, members[group], schedule);
  }
  std::ranges::sort(schedule.emergencies, {},
                    [&](const Emergency& emergency) { return schedule.entries[emergency.patch].rank; });
  schedule.fast_track = fast_track(environment, patches);
  schedule.extended_testing = extended_testing(environment, patches, schedule.fast_track);
  add_time_left(environment, patches, schedule);
  sort_by_rank(schedule.fast_track, schedule);
  sort_by_rank(schedule.extended_testing, schedule);
  return schedule;
}

}  // namespace patchwave::schedule
