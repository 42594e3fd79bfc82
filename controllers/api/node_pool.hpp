// How the nodes of a pool are patched in place: shapes that a policy, a wave and its status share.
#pragma once

#include "controllers/api/common.hpp"

namespace patchwave::api {

/// Whether a node is booted anew once the recipe's patch step has ended.
enum class Reboot : std::uint8_t {
  IfNeeded,  ///< When the patch step asks for it: a line "reboot-required" in its termination message.
  Always,
  Never,
};
std::string_view to_string(Reboot value);

/// What a drain does with pods of one sort.
enum class PodTreatment : std::uint8_t {
  Evict,
  Refuse,  ///< The node is not drained while such a pod is on it.
  Leave,   ///< Stays, and ends with the node.
};
std::string_view to_string(PodTreatment value);

struct DrainRules {
  milliseconds deadline{30 * 60'000};  ///< From the cordon on; after it the node is given back unpatched.
  PodTreatment bare_pods = PodTreatment::Refuse;       ///< Nothing makes them again.
  PodTreatment local_storage = PodTreatment::Evict;    ///< An emptyDir's content goes with its pod.
  PodTreatment protected_pods = PodTreatment::Refuse;  ///< An annotation asks not to disturb them.
  bool operator==(const DrainRules&) const = default;
};

/// Of a policy: nodes that are patched together.
struct NodePool {
  std::string name;
  LabelSelector node_selector;
  std::string recipe;  ///< `provider.inPlace.recipe`: a NodeRecipe in the operator's namespace.
  Reboot reboot = Reboot::IfNeeded;
  DrainRules drain;
  bool operator==(const NodePool&) const = default;
};

/// Of a wave whose targets are nodes: what is done to each.
struct NodeWork {
  std::string pool;
  std::string recipe;  ///< `recipeRef.name`, in the same namespace.
  std::map<std::string, std::string> parameters;
  Reboot reboot = Reboot::IfNeeded;
  DrainRules drain;
  bool operator==(const NodeWork&) const = default;
};

/// What a node says of itself (`status.nodeInfo`). Another boot ID is the only proof of a reboot.
struct NodeFacts {
  std::string boot_id;
  std::string os_image;
  std::string kernel_version;
  std::string kubelet_version;
  std::string container_runtime_version;
  std::string patched_by;  ///< The node's annotation kPatchedByAnnotation.
  bool operator==(const NodeFacts&) const = default;
};

/// What may be done to a node from now on. Forward: Drain, Patch, Reboot where it is due, Verify, Return.
/// Back, from the Patch step on: Drain, Undo, UndoReboot where the node had been rebooted, Return.
enum class NodeStep : std::uint8_t { Drain, Patch, Reboot, Verify, Return, Undo, UndoReboot };
std::string_view to_string(NodeStep value);

/// Of a target that is a node: how far it is.
struct NodeProgress {
  NodeStep step = NodeStep::Drain;
  int attempt = 1;        ///< Of the step's Job; one that was cut short is run again.
  bool started = false;   ///< A container of the attempt's Job has run: what comes of it is the step's doing.
  std::string boot_id;    ///< When the step began: what a reboot must change.
  bool touched = false;   ///< The patch step may have run: going back needs the recipe's undo.
  bool rebooted = false;  ///< The Reboot step may have run.
  std::optional<Time> retry_time;  ///< Not begun again before; it was given back unpatched.
  bool operator==(const NodeProgress&) const = default;
};

/// On a node: "<recipe>@<digest>" of the last patch that was proven on it.
inline constexpr std::string_view kPatchedByAnnotation = "patchwave.dev/patched-by";

}  // namespace patchwave::api
