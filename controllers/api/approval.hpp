// PatchApproval: somebody's decision about one plan of one wave. The right to create one is the right
// to approve; an admission policy binds `approver` to the caller.
#pragma once

#include <optional>

#include "controllers/api/common.hpp"

namespace patchwave::api {

/// How long an emergency can last, from the creation of its approval on.
inline constexpr std::chrono::hours kLongestEmergency{24};

/// Opens closed windows.
struct DeclaredEmergency {
  Time until_time;  ///< Counts as kLongestEmergency after the approval's creation where it is later.
  std::string reason;
  bool operator==(const DeclaredEmergency&) const = default;
};

struct PatchApprovalSpec {
  std::string wave;  ///< `waveRef.name`, in the same namespace.
  std::string approver;
  std::string plan_hash;  ///< The PatchWave's status.planHash that was looked at.
  bool approve = false;   ///< `decision: Approve` or `Deny`
  std::string reason;
  std::optional<DeclaredEmergency> emergency = std::nullopt;
  bool operator==(const PatchApprovalSpec&) const = default;
};

struct PatchApprovalStatus {
  std::int64_t observed_generation = 0;
  std::vector<Condition> conditions;
  bool operator==(const PatchApprovalStatus&) const = default;
};

struct PatchApproval {
  Metadata metadata;
  PatchApprovalSpec spec;
  PatchApprovalStatus status;
};

/// When the emergency that it declares is over; nothing where it declares none.
std::optional<Time> emergency_end(const PatchApproval& approval);

}  // namespace patchwave::api
