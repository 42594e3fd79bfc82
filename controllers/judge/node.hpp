// Kubernetes' own evidence about a node that was patched: the gate that is always on for nodes, named "node".
#pragma once

#include <optional>
#include <string>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {

struct NodeEvidence {
  enum class Stage : std::uint8_t {
    Working,    ///< A step of the recipe may be running, or pods are leaving.
    Rebooting,  ///< Until it is back with another boot ID.
    Returned,   ///< Proven, and given back.
  };
  std::string target;  ///< "Node n1"
  Stage stage = Stage::Working;
  Time since;                               ///< When the stage, or its step, began.
  std::optional<std::string> step_failure;  ///< The step ran and failed, and this is why.
  bool ready = false;
  std::optional<Time> ready_since;    ///< Since when it is ready and schedulable, without a break.
  std::optional<Time> unready_since;  ///< Since when one that was ready is not.
  /// Since when the cluster has been watched without a break: deadlines count from here at the earliest.
  Time watched_since = {};
};

struct NodeLimits {
  milliseconds step_bake{60'000};  ///< Ready for this long after it was given back: Pass.
  /// Not back from a reboot, or not ready since a step began that may have changed it, for this long: Harm.
  milliseconds progress_deadline{600'000};
  milliseconds lost_node{60'000};  ///< Ready after its return, and then not for longer: Harm.
};

/// A step that ran and failed, a reboot that does not come back, a node that is lost while it is patched or
/// after its return. A step that runs, or that nothing has run yet, proves nothing.
Finding judge_node(const NodeEvidence& evidence, const NodeLimits& limits, Time now);

}  // namespace patchwave::judge
