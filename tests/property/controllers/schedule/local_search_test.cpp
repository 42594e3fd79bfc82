// Against every placement there is, on groups that are small enough to try them all.
#include "controllers/schedule/local_search.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

namespace patchwave::schedule {
namespace {

using namespace std::chrono_literals;

constexpr Time kBegin = std::chrono::sys_days(2024y / 8 / 1);
constexpr std::size_t kSteps = 400'000;
constexpr double kRounding = 1e-9;

struct Case {
  Group group;
  std::vector<Opening> openings;
  std::vector<Job> jobs;
  std::size_t top = 0;
  std::size_t waves = 1;
  Problem problem;
};

/// Evenly, however far the run is.
template <class Number>
Number any_from(Number low, Number high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high + 1));
}

Case any_case() {
  Case any;
  any.group.at_once = any_from(1, 3);
  any.group.count = 12;
  const int openings = any_from(1, 4);
  Time at = kBegin;
  for (int i = 0; i < openings; ++i) {
    at += std::chrono::hours(any_from(1, 99));
    const auto end = at + std::chrono::minutes(any_from(20, 99));
    any.openings.push_back({{at, end}, "any"});
    at = end;
  }
  const int jobs = any_from(0, 6);
  for (int i = 0; i < jobs; ++i) {
    Job job;
    job.affected = any_from(1, 12);
    job.loss = *rc::gen::element(0.001, 0.01, 0.02, 0.5) * job.affected;
    if (any_from(0, 2) == 0) job.due = kBegin + std::chrono::hours(any_from(24, 399));
    any.jobs.push_back(job);
  }
  any.top = any_from<std::size_t>(0, 2);
  any.waves = any_from<std::size_t>(1, 3);
  any.problem = problem_of(any.group, any.openings, any.jobs, any.top,
                           {kBegin, any.openings.back().interval.end + 24h});
  return any;
}

Search search_of(const Case& any) {
  return improve(any.group, any.openings, any.jobs, any.problem,
                 place_group(any.group, any.openings, any.jobs, any.top, any.waves), any.waves, kSteps);
}

struct Placed {
  std::vector<std::size_t> sizes;
  std::size_t late = 0;
  double exposure = 0;
};

/// What it costs to have `jobs` in this opening; nullopt when it has no room.
std::optional<Placed> session_of(const Problem& problem, std::size_t opening,
                                 const std::vector<std::size_t>& jobs) {
  std::int64_t end = 0;
  Placed placed;
  for (const auto job : jobs) {
    std::int64_t installs = 0;
    for (const auto other : jobs) installs += std::min(problem.rounds[job], problem.rounds[other]);
    const std::int64_t takes = problem.session(problem.rounds[job], installs);
    end = std::max(end, takes);
    if (problem.begin[opening] + takes > problem.due[job]) ++placed.late;
    placed.exposure += problem.loss[job] * static_cast<double>(problem.begin[opening]) / 86'400'000;
  }
  return end <= problem.length[opening] ? std::optional(placed) : std::nullopt;
}

/// Calls `see` with every placement of all jobs, whichever sizes its waves have.
void each_placement(const Case& any, const std::function<void(const Placed&)>& see) {
  const Problem& problem = any.problem;
  const std::size_t openings = problem.begin.size();
  std::vector<std::vector<std::size_t>> sessions(openings);
  // Which wave an opening belongs to never goes down.
  std::vector<std::size_t> owners(openings, 0);
  const auto tell = [&] {
    Placed all{std::vector<std::size_t>(any.waves + 1, 0), 0, 0};
    for (std::size_t i = 0; i < openings; ++i) {
      const auto placed = session_of(problem, i, sessions[i]);
      if (!placed) return;
      all.sizes[owners[i]] += sessions[i].size();
      all.late += placed->late;
      all.exposure += placed->exposure;
    }
    see(all);
  };
  const std::function<void(std::size_t)> place = [&](std::size_t job) {
    if (job == problem.jobs()) return tell();
    for (std::size_t i = 0; i < openings; ++i) {
      if ((job < problem.top) != (owners[i] == 0)) continue;
      sessions[i].push_back(job);
      place(job + 1);
      sessions[i].pop_back();
    }
  };
  const std::function<void(std::size_t)> own = [&](std::size_t opening) {
    if (opening == openings) return place(0);
    for (std::size_t wave = opening == 0 ? 0 : owners[opening - 1]; wave <= any.waves; ++wave) {
      owners[opening] = wave;
      own(opening + 1);
    }
  };
  own(0);
}

std::vector<std::size_t> sizes_of(const Case& any, const Search& search) {
  std::vector<std::size_t> sizes(any.waves + 1, 0);
  for (const auto& place : search.places) ++sizes[place.wave];
  return sizes;
}

RC_GTEST_PROP(LocalSearchProperty, PlacesAllInTimeWheneverThatIsPossible, ()) {
  const auto any = any_case();
  const auto search = search_of(any);
  bool possible = false;
  bool in_time = false;
  each_placement(any, [&](const Placed& placed) {
    possible = true;
    in_time |= placed.late == 0;
  });
  RC_ASSERT(possible == (search.cost.nowhere == 0 &&
                         std::ranges::all_of(search.places,
                                             [](const auto& place) { return place.opening.has_value(); })));
  if (in_time) RC_ASSERT(search.cost.late == 0);
}

RC_GTEST_PROP(LocalSearchProperty, IsATenthFromTheBestAtMostAndNeverBelowItsBound, ()) {
  const auto any = any_case();
  const auto search = search_of(any);
  const auto sizes = sizes_of(any, search);
  std::optional<std::pair<std::size_t, double>> best;
  each_placement(any, [&](const Placed& placed) {
    if (placed.sizes != sizes) return;
    const std::pair found(placed.late, placed.exposure);
    if (!best || found < *best) best = found;
    RC_ASSERT(search.bound <= placed.exposure * (1 + kRounding));
  });
  RC_PRE(search.cost.nowhere == 0 && best.has_value());
  RC_ASSERT(search.cost.late == best->first);
  RC_ASSERT(search.cost.exposure <= best->second * 1.1);
}

RC_GTEST_PROP(LocalSearchProperty, IsNeverWorseThanTheListSchedule, ()) {
  const auto any = any_case();
  const auto search = search_of(any);
  const auto hard = [](const Cost& cost) { return std::pair(cost.nowhere, cost.late); };
  RC_ASSERT(hard(search.cost) <= hard(search.list));
  if (hard(search.cost) == hard(search.list) && search.cost.resized == 0)
    RC_ASSERT(search.cost.exposure <= search.list.exposure * (1 + kRounding));
}

RC_GTEST_PROP(LocalSearchProperty, GivesEveryOpeningToOneWaveAndTheWavesInOrder, ()) {
  const auto any = any_case();
  const auto search = search_of(any);
  for (std::size_t a = 0; a < any.jobs.size(); ++a) {
    const JobPlace& one = search.places[a];
    RC_ASSERT((one.wave == 0) == (a < any.problem.top));
    for (const auto& other : search.places) {
      if (one.opening && other.opening && one.wave < other.wave) RC_ASSERT(*one.opening < *other.opening);
    }
  }
}

}  // namespace
}  // namespace patchwave::schedule
