// Defaults and validation of writes: the parts of the API server that the operator's writes meet.
#pragma once

#include <optional>

#include "operator/base/json.hpp"
#include "operator/http/transport.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::simulation {

/// Fills in what the server would: replicas, update strategies, pull policies.
void set_defaults(const kube::Resource& resource, Json& object);
/// The refusal, when the write breaks a rule. `before` is null for a creation.
std::optional<http::Response> refusal(const kube::Resource& resource, const Json* before, const Json& after);

}  // namespace patchwave::simulation
