#include "controllers/schedule/session.hpp"

#include <algorithm>

namespace patchwave::schedule {

std::int64_t rounds_of(const Group& group, int affected) {
  return (std::int64_t{std::max(affected, 1)} + group.at_once - 1) / group.at_once;
}

std::vector<Slot> session_slots(const Group& group, std::span<const int> affected, Time begin) {
  std::vector<std::int64_t> rounds;
  rounds.reserve(affected.size());
  for (const int systems : affected) rounds.push_back(rounds_of(group, systems));
  const auto& [system, patch] = group.durations;
  std::vector<Slot> slots;
  slots.reserve(affected.size());
  for (std::size_t i = 0; i < rounds.size(); ++i) {
    std::int64_t installs = 0;
    for (const auto other : rounds) installs += std::min(other, rounds[i]);
    slots.push_back({begin + patch.p90 * static_cast<std::int64_t>(i),
                     begin + system.p50 * rounds[i] + patch.p50 * installs,
                     begin + system.p90 * rounds[i] + patch.p90 * installs});
  }
  return slots;
}

milliseconds alone_p90(const Group& group, int affected) {
  return (group.durations.system.p90 + group.durations.patch.p90) * rounds_of(group, affected);
}

bool SessionBudget::take(int affected) {
  const auto rounds = rounds_of(group_, affected);
  const auto furthest = std::max(rounds_, rounds);
  const auto installs = installs_ + rounds;
  if (group_.durations.system.p90 * furthest + group_.durations.patch.p90 * installs > length_) return false;
  rounds_ = furthest;
  installs_ = installs;
  return true;
}

}  // namespace patchwave::schedule
