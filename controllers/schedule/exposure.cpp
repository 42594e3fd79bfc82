#include "controllers/schedule/exposure.hpp"

#include <algorithm>
#include <numeric>

namespace patchwave::schedule {
namespace {

constexpr double kDay = 86'400'000;

std::int64_t since(Time begin, Time time) {
  return std::chrono::floor<milliseconds>(time - begin).count();
}

/// Rounds × patches that the openings before the n-th one have time for, each with one system's round at
/// least.
std::vector<std::int64_t> volumes_before(const Problem& problem) {
  std::vector<std::int64_t> volumes = {0};
  const std::int64_t least = problem.rounds.empty() ? 1 : *std::ranges::min_element(problem.rounds);
  for (const auto length : problem.length) {
    const std::int64_t left = std::max<std::int64_t>(length - problem.system_p90 * least, 0);
    const std::int64_t volume = problem.patch_p90 > 0 ? left / problem.patch_p90 : Problem::kNever / 2;
    volumes.push_back(std::min(volumes.back() + volume, Problem::kNever / 2));
  }
  return volumes;
}

/// The first opening that each wave can begin in.
std::vector<std::size_t> earliest_begins(const Problem& problem, const std::vector<std::size_t>& sizes,
                                         const std::vector<std::int64_t>& volumes) {
  std::vector<std::int64_t> rest;
  std::int64_t needed = 0;
  for (std::size_t job = 0; job < problem.jobs(); ++job) {
    if (!problem.fits_any(job)) continue;
    if (job < problem.top) {
      needed += problem.rounds[job];
    } else {
      rest.push_back(problem.rounds[job]);
    }
  }
  std::ranges::sort(rest);
  std::vector<std::size_t> begins(sizes.size(), 0);
  std::size_t next = 0;
  std::size_t taken = 0;
  for (std::size_t wave = 0; wave < sizes.size(); ++wave) {
    begins[wave] = next;
    if (sizes[wave] == 0) continue;
    for (std::size_t i = 0; wave > 0 && i < sizes[wave] && taken < rest.size(); ++i) needed += rest[taken++];
    const auto enough = std::ranges::lower_bound(volumes, needed);
    next = std::max(next + 1, static_cast<std::size_t>(enough - volumes.begin()));
  }
  return begins;
}

/// The most that `volume` can hold, cut where it is full; `order` by loss a round.
double fractional(const Problem& problem, const std::vector<std::size_t>& order, std::int64_t volume) {
  double loss = 0;
  for (const auto job : order) {
    if (problem.rounds[job] > volume)
      return loss +
             problem.loss[job] * static_cast<double>(volume) / static_cast<double>(problem.rounds[job]);
    volume -= problem.rounds[job];
    loss += problem.loss[job];
  }
  return loss;
}

}  // namespace

bool Problem::fits_any(std::size_t job) const {
  return !length.empty() && session(rounds[job], rounds[job]) <= *std::ranges::max_element(length);
}

Problem problem_of(const Group& group, const std::vector<Opening>& openings, const std::vector<Job>& jobs,
                   std::size_t top, const plan::Interval& horizon) {
  Problem problem;
  for (const auto& opening : openings) {
    problem.begin.push_back(since(horizon.begin, opening.interval.begin));
    problem.length.push_back(
        std::chrono::floor<milliseconds>(opening.interval.end - opening.interval.begin).count());
  }
  problem.until = since(horizon.begin, horizon.end);
  problem.system_p90 = group.durations.system.p90.count();
  problem.patch_p90 = group.durations.patch.p90.count();
  for (const auto& job : jobs) {
    problem.rounds.push_back(rounds_of(group, job.affected));
    problem.due.push_back(job.due ? since(horizon.begin, *job.due) : Problem::kNever);
    problem.loss.push_back(job.loss);
    problem.first_opening.push_back(job.first_opening);
    problem.after.push_back(job.after);
  }
  problem.top = std::min(top, jobs.size());
  return problem;
}

double exposure_of(const Problem& problem, const std::vector<JobPlace>& places) {
  double exposure = 0;
  for (std::size_t job = 0; job < places.size(); ++job) {
    const auto& opening = places[job].opening;
    exposure +=
        problem.loss[job] * static_cast<double>(opening ? problem.begin[*opening] : problem.until) / kDay;
  }
  return exposure;
}

Cost unavoidable(const Problem& problem) {
  Cost cost;
  std::int64_t time = volumes_before(problem).back();
  std::vector<std::int64_t> rounds;
  const bool has_top = problem.top > 0 && problem.fits_any(0);
  for (std::size_t job = 0; job < problem.jobs(); ++job) {
    if (!problem.fits_any(job)) continue;
    rounds.push_back(problem.rounds[job]);
    const std::size_t first =
        std::max<std::size_t>(problem.first_opening[job], has_top && job >= problem.top ? 1 : 0);
    const std::int64_t begin = first < problem.begin.size() ? problem.begin[first] : problem.until;
    if (begin + problem.session(problem.rounds[job], problem.rounds[job]) > problem.due[job] &&
        problem.due[job] < problem.until)
      ++cost.late;
  }
  std::ranges::sort(rounds);
  for (const auto each : rounds) {
    time -= each;
    if (time < 0) ++cost.nowhere;
  }
  return cost;
}

double exposure_bound(const Problem& problem, const std::vector<std::size_t>& sizes, bool all_placed) {
  const auto volumes = volumes_before(problem);
  const auto begins = earliest_begins(problem, sizes, volumes);
  std::vector<std::size_t> dense;
  std::vector<double> rest;
  double top = 0;
  for (std::size_t job = 0; job < problem.jobs(); ++job) {
    if (!problem.fits_any(job)) continue;
    dense.push_back(job);
    if (job < problem.top) {
      top += problem.loss[job];
    } else {
      rest.push_back(problem.loss[job]);
    }
  }
  std::ranges::sort(dense, std::ranges::greater(), [&](std::size_t job) {
    return problem.loss[job] / static_cast<double>(problem.rounds[job]);
  });
  std::ranges::sort(rest, std::ranges::greater());
  const double all = std::accumulate(problem.loss.begin(), problem.loss.end(), 0.0);
  double bound = 0;
  std::int64_t from = 0;
  for (std::size_t opening = 0; opening <= problem.begin.size(); ++opening) {
    const std::int64_t to = opening < problem.begin.size() ? problem.begin[opening] : problem.until;
    double done = fractional(problem, dense, volumes[opening]);
    if (all_placed) {
      std::size_t count = 0;
      for (std::size_t wave = 1; wave < sizes.size(); ++wave) {
        if (begins[wave] < opening) count += sizes[wave];
      }
      const auto end = rest.begin() + static_cast<std::ptrdiff_t>(std::min(count, rest.size()));
      done = std::min(done, (opening > 0 ? top : 0) + std::accumulate(rest.begin(), end, 0.0));
    }
    bound += (all - done) * static_cast<double>(to - from) / kDay;
    from = to;
  }
  return bound;
}

}  // namespace patchwave::schedule
