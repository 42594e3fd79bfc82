// Writes to the cluster as values, so that a decision can be printed, tested and counted before it happens.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "operator/base/json.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::target {

/// JSON patch of a workload. The first operations test what the decision was based on (UID, the image or
/// strategy being replaced, the claim), so a change in between makes it a Conflict instead of a surprise.
struct PatchWorkload {
  kube::Resource resource;
  std::string ns;
  std::string name;
  Json operations;
};
/// Server-side apply, never forced, of the canary copy.
struct ApplyCanary {
  Json deployment;
};
struct DeleteCanary {
  std::string ns;
  std::string name;
  kube::Preconditions preconditions;
};
/// By the eviction API only, so that PodDisruptionBudgets hold.
struct EvictPod {
  std::string ns;
  std::string name;
  std::string uid;
};

struct Act {
  std::variant<PatchWorkload, ApplyCanary, DeleteCanary, EvictPod> what;
  std::string why;  ///< For the log and the event: "set image of web to …".
};

struct Outcome {
  enum class Kind : std::uint8_t {
    Done,
    Waiting,   ///< Not now (eviction budget, throttled): come back after `retry_after`.
    Conflict,  ///< Somebody changed the object in between: read again, decide again.
    Refused,   ///< The API server will not have it (admission, RBAC, validation): repeating does not help.
    Failed,    ///< Transport trouble: effect unknown or none; look again.
  };
  Kind kind = Kind::Done;
  std::string message;
  std::optional<milliseconds> retry_after;
};

Outcome perform(const kube::Client& client, const Act& act);

/// What came of a write that was for `why`.
Outcome outcome_of(const Error& failure, const std::string& why);

}  // namespace patchwave::target
