// The chart's admission policy on workloads, as far as a rollout meets it: which images the operator may set.
#pragma once

#include <optional>

#include "operator/base/json.hpp"
#include "operator/http/transport.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::simulation {

/// The refusal of an update that the operator makes. Canary copies are not looked at.
std::optional<http::Response> workload_policy_refusal(const kube::Resource& resource, const Json& before,
                                                      const Json& after);

}  // namespace patchwave::simulation
