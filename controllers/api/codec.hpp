// API objects from JSON and back. Parsing is strict where a decision hangs on it: what the CRD schema
// would refuse is Invalid here too (an object may be older than the schema), and the message names the
// field as `spec.waves[0].select.percent`, its value, and what is allowed.
#pragma once

#include "controllers/api/approval.hpp"
#include "controllers/api/patch.hpp"
#include "controllers/api/policy.hpp"
#include "controllers/api/recipe.hpp"
#include "controllers/api/wave.hpp"

namespace patchwave::api {

/// Metadata as it is; the API server keeps it valid.
Metadata parse_metadata(const Json& object);

Result<PatchPolicy> parse_policy(const Json& object);
Result<Patch> parse_patch(const Json& object);
Result<PatchWave> parse_wave(const Json& object);
Result<PatchApproval> parse_approval(const Json& object);
Result<NodeRecipe> parse_recipe(const Json& object);

/// Spec as the API server would store it: defaults written out, and what is absent left out.
Json print_spec(const PatchPolicySpec& spec);
Json print_spec(const PatchSpec& spec);
Json print_spec(const PatchWaveSpec& spec);
Json print_spec(const PatchApprovalSpec& spec);
Json print_spec(const NodeRecipeSpec& spec);

/// Status as it goes to the API server. Times lose their fraction of a second there.
Json print_status(const PatchPolicyStatus& status);
Json print_status(const PatchStatus& status);
Json print_status(const PatchWaveStatus& status);
Json print_status(const PatchApprovalStatus& status);

}  // namespace patchwave::api
