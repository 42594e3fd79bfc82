// Local search on top of the list schedule of one group: patches change places while that lowers, in this
// order, how many are nowhere, how many are late, how far the waves are from their sizes, and the exposure.
//
// A placement is a sequence of jobs, cut into the waves: each wave begins in the first opening after the wave
// before and takes its jobs in order, each in the first opening that has room and in which it makes no other
// one late, else in the first with room. What goes into an earlier opening so exposes less. From the list
// schedule and from the order of losses, exchanges, insertions and, while something is late or nowhere, other
// sizes are tried until none helps; then from a disturbed best one again, until the steps are used up or the
// bound is reached. A step is a job tried in an opening; time is not looked at, so that the answer is the
// same on every machine.
#pragma once

#include <vector>

#include "controllers/schedule/exposure.hpp"

namespace patchwave::schedule {

struct Search {
  std::vector<JobPlace> places;
  Cost list;                       ///< Of the places before.
  Cost cost;                       ///< Of `places`.
  std::vector<std::size_t> sizes;  ///< Of the waves, without what is too long for any opening.
  double bound = 0;                ///< See exposure_bound.
};

/// `list` is from place_group; jobs that are too long for any opening keep their places.
Search improve(const Group& group, const std::vector<Opening>& openings, const std::vector<Job>& jobs,
               const Problem& problem, std::vector<JobPlace> list, std::size_t waves, std::size_t steps);

}  // namespace patchwave::schedule
