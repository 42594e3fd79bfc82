// What becomes of a Patch: its digest, its quarantine, how far it has got. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/api/patch.hpp"
#include "controllers/api/wave.hpp"

namespace patchwave::patch {

/// What the registry said about `to.tag`.
struct Lookup {
  std::string digest;
  std::vector<std::string> platform_digests;
  std::string problem;                      ///< Why there is no digest; empty when there is one.
  std::optional<milliseconds> retry_after;  ///< The registry's own word on when to ask again.
};

struct PatchSnapshot {
  api::Patch patch;
  std::vector<api::PatchWave> waves;      ///< All that name this patch.
  std::optional<Lookup> lookup;           ///< Set when needs_lookup() said so and the registry was asked.
  std::optional<api::RiskReport> risk{};  ///< Unset: not assessed yet; what the status says of it stands.
};

struct PatchDecision {
  api::PatchStatus status;
  /// The annotation that asked for the lifting has been heeded and is to be removed.
  bool remove_lift_annotation = false;
  std::optional<milliseconds> requeue_after;
};

/// A digest is looked up once per patch: all waves then use the same bytes, whatever becomes of the tag.
bool needs_lookup(const api::Patch& patch);

PatchDecision decide(const PatchSnapshot& snapshot, Time now);

}  // namespace patchwave::patch
