// What a policy's workloads run.
#pragma once

#include <vector>

#include "controllers/discovery/decide.hpp"
#include "controllers/inventory/stores.hpp"

namespace patchwave::discovery {

/// The images of the workloads that the policy selects, as far as it may change them, in order of repository
/// and tag. Digests are those of the containers, and where they name none, those that their pods report.
std::vector<RunningImage> running_images(const inventory::Stores& stores, const api::PatchPolicy& policy,
                                         bool in_operator_namespace);

}  // namespace patchwave::discovery
