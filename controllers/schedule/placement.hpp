// The patches of one group into its openings: what goes first, then wave after wave.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controllers/schedule/session.hpp"

namespace patchwave::schedule {

/// What keeps a patch from going earlier, or from going at all.
enum class Binding : std::uint8_t {
  FirstWindow,  ///< It is in the first one.
  Bake,         ///< Its wave begins in another window than the wave before ended in.
  Deadline,     ///< Taken into an earlier wave than its place in order, for it would be late in the next one.
  Capacity,     ///< The windows before are full.
  Exposure,     ///< Before its place in order: less is lost so than by another's going earlier.
  After,        ///< What it comes after is over by then.
  Predecessor,  ///< What it comes after is nowhere, or over too late.
  Others,       ///< After its place in order: those that go before it lose more by waiting.
  NoWindow,     ///< There is none.
  TooLong,      ///< By itself it takes longer than any.
  NoRoom,       ///< All that are left for it are full.
};

struct Job {
  int affected = 1;
  std::optional<Time> due;
  double loss = 0;  ///< Expected a day until it is done, of all its systems.
  std::vector<std::size_t>
      after;  ///< Jobs before this one, which are done before it: also in the same session.
  std::size_t first_opening = 0;  ///< It may be in.
};

struct JobPlace {
  std::size_t wave = 0;
  std::optional<std::size_t> opening;  ///< nullopt: nowhere.
  Slot slot{};
  Binding binding = Binding::NoWindow;
};

/// `jobs` are in order, the first `top` of them go before all waves. Every job has a wave, 1 to `waves`.
std::vector<JobPlace> place_group(const Group& group, const std::vector<Opening>& openings,
                                  const std::vector<Job>& jobs, std::size_t top, std::size_t waves);

}  // namespace patchwave::schedule
