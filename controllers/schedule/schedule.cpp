#include "controllers/schedule/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/schedule/change.hpp"
#include "controllers/schedule/emergencies.hpp"
#include "controllers/schedule/local_search.hpp"
#include "controllers/schedule/local_time.hpp"
#include "controllers/schedule/placement.hpp"
#include "controllers/schedule/precedence.hpp"
#include "operator/base/time.hpp"

namespace patchwave::schedule {
namespace {

/// Of the search of a whole plan; a group has its share of them by its number of patches.
constexpr std::size_t kSearchSteps = 8'000'000;

/// What others come after is as urgent as they are.
struct Urgency {
  risk::Place place;
  std::optional<Time> due;
  double loss = 0;        ///< A day: its own, and that of what waits for it in other groups.
  std::size_t depth = 0;  ///< Of the longest chain that it comes after.
};

/// Expected a day until it is done.
double loss_of(const Patch& patch) {
  return patch.place.score * patch.affected / kScoreDays;
}

std::vector<Urgency> urgencies_of(const std::vector<Patch>& patches) {
  Precedence precedence;
  std::vector<Urgency> urgencies;
  for (const auto& patch : patches) {
    precedence.push_back(patch.after);
    urgencies.push_back({patch.place, patch.due, loss_of(patch), 0});
  }
  const auto sequence = in_sequence(precedence);
  for (const auto i : sequence) {
    for (const auto before : precedence[i])
      urgencies[i].depth = std::max(urgencies[i].depth, urgencies[before].depth + 1);
  }
  for (auto at = sequence.rbegin(); at != sequence.rend(); ++at) {
    const Urgency& later = urgencies[*at];
    for (const auto before : precedence[*at]) {
      Urgency& earlier = urgencies[before];
      if (risk::comes_before(later.place, earlier.place)) earlier.place = later.place;
      if (patches[before].group != patches[*at].group) earlier.loss += later.loss;
      if (later.due && (!earlier.due || *later.due < *earlier.due)) earlier.due = later.due;
    }
  }
  return urgencies;
}

std::vector<std::size_t> order_of(const std::vector<Patch>& patches, const std::vector<Urgency>& urgencies) {
  std::vector<std::size_t> order(patches.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (risk::comes_before(urgencies[a].place, urgencies[b].place)) return true;
    if (risk::comes_before(urgencies[b].place, urgencies[a].place)) return false;
    if (urgencies[a].depth != urgencies[b].depth) return urgencies[a].depth < urgencies[b].depth;
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
    case Binding::After:
      return "what it comes after is over by then";
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
  if (binding == Binding::Predecessor)
    return "what it comes after has no place, or is over too late for a window with room";
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

/// Group by group, and those again whose patches come after what another group does later than they begin.
class Scheduler {
 public:
  Scheduler(const Environment& environment, const std::vector<Patch>& patches)
      : environment_(environment),
        patches_(patches),
        urgencies_(urgencies_of(patches)),
        not_before_(patches.size(), Time::min()),
        members_(environment.groups.size()),
        openings_(environment.groups.size()),
        exposures_(environment.groups.size()) {}

  Schedule make() {
    schedule_.order = order_of(patches_, urgencies_);
    schedule_.entries.resize(patches_.size());
    for (std::size_t i = 0; i < schedule_.order.size(); ++i) {
      const std::size_t patch = schedule_.order[i];
      schedule_.entries[patch].rank = i + 1;
      members_[patches_[patch].group].push_back(patch);
    }
    for (std::size_t group = 0; group < members_.size(); ++group) {
      const Group& each = environment_.groups[group];
      openings_[group] = openings(each.windows, each.denials, each.zone, environment_.as_of,
                                  environment_.horizon_days, each.dated);
      place(group);
    }
    // Times only grow later, and each growth moves a patch at least an opening on: this ends.
    while (const auto late = group_that_is_too_early()) place(*late);
    for (const auto& exposure : exposures_) {
      schedule_.exposure.list += exposure.list;
      schedule_.exposure.planned += exposure.planned;
      schedule_.exposure.bound += exposure.bound;
    }
    for (std::size_t group = 0; group < members_.size(); ++group) propose(group);
    return std::move(schedule_);
  }

 private:
  std::vector<Job> jobs_of(std::size_t group) const {
    std::vector<std::size_t> index(patches_.size(), patches_.size());
    std::vector<Job> jobs;
    for (const auto member : members_[group]) {
      const Patch& patch = patches_[member];
      Job job{patch.affected, urgencies_[member].due, urgencies_[member].loss, {}, 0};
      const auto& open = openings_[group];
      while (job.first_opening < open.size() && open[job.first_opening].interval.begin < not_before_[member])
        ++job.first_opening;
      for (const auto before : patch.after) {
        if (patches_[before].group == group) job.after.push_back(index[before]);
      }
      index[member] = jobs.size();
      jobs.push_back(std::move(job));
    }
    return jobs;
  }

  void place(std::size_t index) {
    const auto& members = members_[index];
    if (members.empty()) return;
    const Group& group = environment_.groups[index];
    const auto& open = openings_[index];
    const auto jobs = jobs_of(index);
    const auto top = static_cast<std::size_t>(std::ranges::count_if(
        members, [&](std::size_t member) { return schedule_.entries[member].rank <= environment_.top; }));
    const Problem problem = problem_of(group, open, jobs, top, horizon_of(environment_, group));
    const auto list = place_group(group, open, jobs, top, environment_.waves);
    const Search search = improve(group, open, jobs, problem, list, environment_.waves,
                                  kSearchSteps * members.size() / patches_.size());
    exposures_[index] = exposure(problem, members, list, search);
    std::vector<std::size_t> bundled(open.size(), 0);
    for (const auto& each : search.places) {
      if (each.opening) ++bundled[*each.opening];
    }
    for (std::size_t i = 0; i < members.size(); ++i)
      write(group, open, members[i], search.places[i], bundled);
  }

  /// Of each patch's own loss.
  Exposure exposure(Problem problem, const std::vector<std::size_t>& members,
                    const std::vector<JobPlace>& list, const Search& search) const {
    for (std::size_t i = 0; i < members.size(); ++i) problem.loss[i] = loss_of(patches_[members[i]]);
    return {exposure_of(problem, search.places), exposure_of(problem, list),
            exposure_bound(problem, search.sizes, search.cost.nowhere == 0)};
  }

  void write(const Group& group, const std::vector<Opening>& open, std::size_t member, const JobPlace& place,
             const std::vector<std::size_t>& bundled) {
    const Patch& patch = patches_[member];
    Entry& entry = schedule_.entries[member];
    entry.wave = place.wave;
    entry.placement.reset();
    if (!place.opening) {
      entry.reason = why_nowhere(environment_, group, open, patch, place.binding);
      return;
    }
    entry.placement = Placement{place.slot, open[*place.opening], patch.due && place.slot.end90 > *patch.due};
    entry.reason = placement_reason(group, patch, *entry.placement, place, bundled[*place.opening]);
  }

  /// Moves the time on that a patch may begin, when what it comes after in another group is over later.
  std::optional<std::size_t> group_that_is_too_early() {
    for (const auto patch : schedule_.order) {
      const auto& placement = schedule_.entries[patch].placement;
      if (!placement) continue;
      for (const auto before : patches_[patch].after) {
        if (patches_[before].group == patches_[patch].group) continue;
        const auto& other = schedule_.entries[before].placement;
        const Time over = other ? other->slot.end90 : Time::max();
        not_before_[patch] = std::max(not_before_[patch], over);
      }
      if (placement->opening.interval.begin < not_before_[patch]) return patches_[patch].group;
    }
    return std::nullopt;
  }

  void propose(std::size_t group) {
    auto emergencies = propose_emergencies(environment_, group, openings_[group], patches_, members_[group]);
    schedule_.emergencies.insert(schedule_.emergencies.end(), std::make_move_iterator(emergencies.begin()),
                                 std::make_move_iterator(emergencies.end()));
  }

  const Environment& environment_;
  const std::vector<Patch>& patches_;
  std::vector<Urgency> urgencies_;
  std::vector<Time> not_before_;
  std::vector<std::vector<std::size_t>> members_;  ///< By group, in order.
  std::vector<std::vector<Opening>> openings_;     ///< By group.
  std::vector<Exposure> exposures_;                ///< By group.
  Schedule schedule_;
};

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
  Schedule schedule = Scheduler(environment, patches).make();
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
