#include "controllers/api/approval.hpp"

#include <algorithm>

namespace patchwave::api {

std::optional<Time> emergency_end(const PatchApproval& approval) {
  if (!approval.spec.emergency) return std::nullopt;
  const auto latest = approval.metadata.creation_time.value_or(Time{}) + kLongestEmergency;
  return std::min(approval.spec.emergency->until_time, latest);
}

}  // namespace patchwave::api
