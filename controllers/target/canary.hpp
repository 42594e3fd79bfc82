// The canary copy of a Deployment: a second Deployment beside it that runs the patched image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/api/wave.hpp"
#include "operator/base/json.hpp"

namespace patchwave::target {

/// On a canary copy: a hash of what was applied. The live object can't be compared with it field by field,
/// because admission plugins may have completed it.
inline constexpr std::string_view kAppliedHashAnnotation = "patchwave.dev/applied-hash";

/// `text` when it fits into 63 characters behind which `suffix` still fits; else its beginning and a hash of
/// all of it. With `suffix` behind.
std::string shortened(std::string_view text, std::string_view suffix);

struct CanaryWish {
  const api::WaveTarget& target;
  const Json& primary;                ///< The Deployment as it is.
  const std::vector<Json>& services;  ///< Of its namespace.
  std::string image;                  ///< For the targeted containers.
  int replicas = 0;
  std::string claim;
};

/// What to apply. Its pods are reached by every Service that reaches the primary's.
Json build_canary(const CanaryWish& wish);

/// Whether `live` differs from `wanted` (made by build_canary) in a way that applying it would mend.
bool needs_apply(const Json& live, const Json& wanted);

/// Whether `deployment` is a canary copy of `target` under `claim`. An empty claim: under any.
bool is_canary_of(const Json& deployment, const api::WaveTarget& target, std::string_view claim);
/// Whether the copy stands beside the workload of this UID.
bool is_owned_by(const Json& deployment, std::string_view uid);

}  // namespace patchwave::target
