// Patch: one available update of one image repository or node pool. Written by discovery, a pipeline or a
// person.
#pragma once

#include "controllers/api/common.hpp"
#include "controllers/api/patch_risk.hpp"

namespace patchwave::api {

/// Of an image or of a node pool: what is of the other is empty.
struct PatchSpec {
  std::string image;               ///< `subject.image`: the repository, without tag or digest.
  std::string tag;                 ///< `to.tag`
  std::string digest;              ///< `to.digest`; looked up in the registry when empty.
  std::vector<std::string> fixes;  ///< CVE or advisory identifiers.
  std::string node_pool = {};      ///< `subject.nodePool`: the name of a pool of a policy.
  std::string version = {};        ///< `to.version`: orders the patches of a pool.
  std::map<std::string, std::string> parameters = {};  ///< `to.parameters`: for the pool's recipe.
  bool operator==(const PatchSpec&) const = default;
};

/// "registry.example.com/web:1.4.3", "2026-11 of pool workers": for people.
std::string text_of(const PatchSpec& spec);

struct Quarantine {
  std::string digest;
  std::string reason;  ///< What was harmed and how it was seen, for people.
  std::string wave;    ///< The wave that saw it.
  std::optional<Time> since_time;
  bool operator==(const Quarantine&) const = default;
};

struct PatchStatus {
  std::int64_t observed_generation = 0;
  std::string phase;  ///< Pending, Resolved, Rolling, Succeeded, Quarantined, Failed
  /// Resolved once; every wave of this generation uses it. Of a node pool: of the recipe and its parameters.
  std::string digest;
  std::vector<std::string> platform_digests;  ///< Children of an index: what pods may report instead.
  int targets_total = 0;
  int targets_patched = 0;
  std::optional<Quarantine> quarantine;
  std::optional<Time> lifted_time;  ///< When a person last lifted a quarantine: harm seen before is forgiven.
  std::optional<RiskStatus> risk;
  std::optional<Time> deadline;  ///< By when policy says that it must be everywhere; unset: by no day.
  std::vector<Condition> conditions;
  bool operator==(const PatchStatus&) const = default;
};

struct Patch {
  Metadata metadata;
  PatchSpec spec;
  PatchStatus status;
};

/// On a Patch: the policy that found it, and alone rolls it out.
inline constexpr std::string_view kDiscoveredByLabel = "patchwave.dev/discovered-by";
/// On such a Patch: what it was found for ("1.4.2"), when, when its image was made where that is known, and
/// why it counts, for people.
inline constexpr std::string_view kDiscoveredFromAnnotation = "patchwave.dev/discovered-from";
inline constexpr std::string_view kDiscoveredTimeAnnotation = "patchwave.dev/discovered-time";
inline constexpr std::string_view kImageTimeAnnotation = "patchwave.dev/image-time";
inline constexpr std::string_view kDiscoveredBecauseAnnotation = "patchwave.dev/discovered-because";

/// On a Patch: the digest whose quarantine a person has lifted. `kubectl patchwave quarantine lift` sets it.
inline constexpr std::string_view kLiftQuarantineAnnotation = "patchwave.dev/lift-quarantine";

}  // namespace patchwave::api
