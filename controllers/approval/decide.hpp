// What an approval is worth now, on the approval itself, so that whoever gave it can see. Pure. Waves read
// approvals by themselves (controllers/wave/preflight.hpp); nothing hangs on this status.
#pragma once

#include <optional>

#include "controllers/api/approval.hpp"
#include "controllers/api/wave.hpp"

namespace patchwave::approval {

/// `wave`: the one it names; nullopt when that does not exist.
api::PatchApprovalStatus decide(const api::PatchApproval& approval, const std::optional<api::PatchWave>& wave,
                                Time now);

}  // namespace patchwave::approval
