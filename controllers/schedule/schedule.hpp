// From patches and an environment to a schedule: which wave, which window, and why.
//
// The first of all go in the first window of their group. The rest of a group is divided into waves in order;
// a wave begins in another window than the one before ended in, so that there is time to see what it did.
// Then patches change places while that exposes less, see local_search.hpp.
// The answer depends on what the patches say, not on their order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "controllers/risk/assessment.hpp"
#include "controllers/schedule/environment.hpp"
#include "controllers/schedule/session.hpp"

namespace patchwave::schedule {

/// A patch of one group, judged.
struct Patch {
  std::string name;       ///< Names are unique.
  std::size_t group = 0;  ///< In Environment::groups.
  int affected = 1;       ///< Systems; at least 1.
  risk::Place place;
  std::optional<Time> due;
  std::string vendor;
  std::string product;
  std::string known_issue;         ///< "": none is known.
  std::vector<std::size_t> after;  ///< Patches that must be done before it; without cycles.
};

/// Local midnight of `detected` plus the days of the class; nullopt for a class that names none.
std::optional<Time> due_time(const cctz::time_zone& zone, Date detected, risk::DeadlineClass deadline);

/// The first patches, which go before all waves.
inline constexpr std::size_t kTopWave = 0;
/// "top", "wave-1", …
std::string wave_name(std::size_t wave);

struct Placement {
  Slot slot;
  Opening opening;
  bool late = false;  ///< Over after it is due, by the 90th percentile.
};

struct Entry {
  std::size_t rank = 1;  ///< From 1.
  std::size_t wave = kTopWave;
  std::optional<Placement> placement;
  std::string reason;  ///< Why there, with the constraint that binds; without a placement, why nowhere.
};

/// What is due before the first window of its group can finish it. Nothing of it happens unless approved.
struct Emergency {
  std::size_t patch = 0;
  std::optional<Slot> slot;  ///< Outside the windows; nullopt when there is no room before the first one.
  std::string reason;
};

struct Remark {
  std::size_t patch = 0;
  std::string reason;
};

/// Losses that are expected until what is planned begins, in the unit of scores. See exposure.hpp.
struct Exposure {
  double planned = 0;
  double list = 0;   ///< Of the list schedule alone, before patches changed places.
  double bound = 0;  ///< No plan with these waves goes below it.
  /// Share of `planned` that a better plan could save at most.
  [[nodiscard]] double gap() const { return planned > 0 ? std::max(0.0, 1 - bound / planned) : 0; }
};

/// The days that a score is the loss of.
inline constexpr double kScoreDays = 90;

struct Schedule {
  /// Of patches: by deadline class, score, severity, then name. What others come after has the first of their
  /// places, if that is before its own.
  std::vector<std::size_t> order;
  std::vector<Entry> entries;  ///< By patch.
  Exposure exposure;
  std::vector<Emergency> emergencies;
  std::vector<Remark> extended_testing;
  std::vector<Remark> fast_track;
};

Schedule make_schedule(const Environment& environment, const std::vector<Patch>& patches);

}  // namespace patchwave::schedule
