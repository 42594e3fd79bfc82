// What a placement of one group's patches costs, and what no placement can go below.
//
// Exposure is the loss that is expected until each patch's session begins, in the unit of scores:
//
//   Σ losses a day · days from the plan's begin to the begin of the session's opening
//
// and what is nowhere stays exposed to the end of the horizon. Spans here are milliseconds from the plan's
// begin.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <vector>

#include "controllers/schedule/placement.hpp"

namespace patchwave::schedule {

/// One group's jobs and openings as numbers.
struct Problem {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  std::vector<std::int64_t> begin;   ///< Of each opening; ascending.
  std::vector<std::int64_t> length;  ///< Of each opening.
  std::int64_t until = 0;            ///< The end of the horizon.
  std::int64_t system_p90 = 0;
  std::int64_t patch_p90 = 0;
  std::vector<std::int64_t> rounds;             ///< That each job reaches, see session.hpp.
  std::vector<std::int64_t> due;                ///< Of each job, kNever without one.
  std::vector<double> loss;                     ///< Of each job, a day.
  std::vector<std::size_t> first_opening;       ///< Of each job, see Job.
  std::vector<std::vector<std::size_t>> after;  ///< Of each job, see Job.
  std::size_t top = 0;                          ///< The first jobs, which go before all waves.

  [[nodiscard]] std::size_t jobs() const { return rounds.size(); }
  /// Of a session that reaches `furthest` rounds with `installs` patches × rounds.
  [[nodiscard]] std::int64_t session(std::int64_t furthest, std::int64_t installs) const {
    return system_p90 * furthest + patch_p90 * installs;
  }
  /// True when there is an opening that is long enough for it alone.
  [[nodiscard]] bool fits_any(std::size_t job) const;
};

Problem problem_of(const Group& group, const std::vector<Opening>& openings, const std::vector<Job>& jobs,
                   std::size_t top, const plan::Interval& horizon);

/// In the order in which they count.
struct Cost {
  std::size_t nowhere = 0;  ///< Jobs that are in no opening.
  /// Jobs that end after they are due, or are nowhere and due before the horizon's end. A deadline is kept or
  /// not; when it isn't, exposure counts.
  std::size_t late = 0;
  std::size_t resized = 0;  ///< By how many jobs the waves are larger than they were to be.
  double exposure = 0;

  friend auto operator<=>(const Cost&, const Cost&) = default;
};

/// Of these places, by opening or none.
double exposure_of(const Problem& problem, const std::vector<JobPlace>& places);

/// As many as these are nowhere and late in every placement: what the openings have no time for together, and
/// what is late even alone in the first opening that it can have.
Cost unavoidable(const Problem& problem);

/// Exposure that no placement with waves of these `sizes` goes below (the first is the top's). Before the end
/// of each opening there is time for so many rounds, and place for so many jobs when every wave before needs
/// an opening of its own: no more than the costliest of them are done by then, each relaxed to a fractional
/// knapsack. With jobs that are nowhere anyway, `all_placed` is false, and the waves tell nothing.
double exposure_bound(const Problem& problem, const std::vector<std::size_t>& sizes, bool all_placed);

}  // namespace patchwave::schedule
