// Which patch takes the place of which. Pure.
#pragma once

#include <vector>

#include "controllers/policy/decide.hpp"

namespace patchwave::policy {

/// A newer patch of the same image or pool, good as far as is known, takes the place of an older one.
bool superseded(const api::Patch& patch, const PolicySnapshot& snapshot);

/// Without the workloads for which the policy found something later than what somebody wrote.
std::vector<api::Workload> left_to(const api::Patch& patch, std::vector<api::Workload> workloads,
                                   const PolicySnapshot& snapshot);

}  // namespace patchwave::policy
