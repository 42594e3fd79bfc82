// PatchWave: one stage of one patch's rollout. Its spec is complete in itself and immutable but for
// `suspend` and `cancel`; what a policy wants otherwise becomes a new wave.
#pragma once

#include "controllers/api/common.hpp"
#include "controllers/api/node_pool.hpp"

namespace patchwave::api {

struct WaveTarget {
  TargetKind kind = TargetKind::Deployment;
  std::string ns;  ///< Empty for a Node.
  std::string name;
  /// Names of containers and init containers that get the image; none for a Node.
  std::vector<std::string> containers;
  auto operator<=>(const WaveTarget&) const = default;
};

struct PatchWaveSpec {
  std::string patch;   ///< `patchRef.name`, in the same namespace.
  std::string policy;  ///< `policyRef.name`; empty for a wave applied by hand.
  int order = 1;
  Mode mode = Mode::Automatic;
  std::vector<WaveTarget> targets;
  std::optional<NodeWork> nodes;  ///< Set when, and only when, the targets are nodes.
  std::vector<CountOrPercent> steps = {{1, false}, {100, true}};
  CountOrPercent max_unavailable{1, false};
  milliseconds step_bake{60'000};
  milliseconds bake{15 * 60'000};
  milliseconds progress_deadline{10 * 60'000};
  Windows windows;
  std::vector<GateSpec> gates;
  OnHarm on_harm = OnHarm::Rollback;
  UndecidedPolicy on_undecided;
  bool approval_required = false;  ///< `approval: Required`
  std::vector<std::string> after;  ///< Waves, by name, that must have succeeded.
  bool suspend = false;
  bool cancel = false;
  bool operator==(const PatchWaveSpec&) const = default;
};

enum class WavePhase : std::uint8_t {
  Pending,
  Waiting,
  Running,
  Baking,
  Succeeded,
  RollingBack,
  RolledBack,
  RollbackFailed,
  Cancelled,
};
std::string_view to_string(WavePhase value);
bool is_terminal(WavePhase phase);
/// Nothing more happens by itself. A failed rollback is terminal for people, but is retried until it is back.
inline bool has_ended(WavePhase phase) {
  return is_terminal(phase) && phase != WavePhase::RollbackFailed;
}

/// Where one target stands. Intent is on record before its effect: a state names what may be done to
/// the target from now on, not what was done.
enum class TargetState : std::uint8_t {
  Pending,      ///< Untouched.
  Claimed,      ///< `before` is on record; the claim annotation may be set.
  Canary,       ///< Step `step` may be applied.
  Patching,     ///< A node: may be drained, changed and rebooted, as far as its own step says.
  Promoting,    ///< The whole workload may be changed.
  Promoted,     ///< Changed, complete and healthy.
  RollingBack,  ///< `before` may be put back.
  RolledBack,   ///< `before` is back and healthy.
  RollbackFailed,
  Skipped,  ///< Nothing to change: gone, or on the version already.
};
std::string_view to_string(TargetState value);

/// What was there before anything was changed; only these fields are ever put back.
struct TargetBefore {
  std::map<std::string, std::string> images;  ///< By container name.
  std::optional<int> partition;               ///< StatefulSet: updateStrategy.rollingUpdate.partition.
  std::string update_strategy;                ///< DaemonSet, StatefulSet: updateStrategy.type.
  std::optional<NodeFacts> node;              ///< Node.
  bool operator==(const TargetBefore&) const = default;
};

struct TargetStatus {
  WaveTarget target;
  std::string uid;  ///< Of the workload when it was claimed. Another UID is another object.
  TargetState state = TargetState::Pending;
  int step = 0;                            ///< Index into spec.steps while Canary.
  int canary_replicas = 0;                 ///< Copies that the current step asks for.
  std::optional<Time> state_since_time;    ///< When the state, or the step, began.
  std::optional<Time> ready_since_time;    ///< Since when all copies of the step are ready, without a break.
  std::optional<Time> unready_since_time;  ///< Since when a step that had been ready no longer is.
  TargetBefore before;
  std::string after_image;  ///< "<repository>:<tag>@<digest>"; of a node "<recipe>@<digest>".
  std::optional<NodeProgress> node;
  std::string message;
  bool operator==(const TargetStatus&) const = default;
};

/// Events and what could have been one, such as failed requests out of all of them; whole numbers.
struct ArmCount {
  std::int64_t events = 0;
  std::int64_t exposure = 0;
  bool operator==(const ArmCount&) const = default;
};
/// What a statistical gate goes by: the gate decides when the natural logarithm of the evidence, the greatest
/// of all looks, reaches its threshold. Decimal text.
struct GateEvidence {
  ArmCount canary;
  ArmCount baseline;
  std::string harm;
  std::string harm_threshold;
  std::string pass;
  std::string pass_threshold;
  std::optional<Time> expected_time;  ///< When Pass is expected at the traffic seen.
  bool operator==(const GateEvidence&) const = default;
};

struct GateStatus {
  std::string name;
  Verdict verdict = Verdict::Undecided;
  std::string message;
  std::string target;                         ///< The target that decided it, "Deployment shop/web", or "".
  std::optional<Time> since_time;             ///< When the verdict became what it is.
  std::optional<GateEvidence> evidence = {};  ///< Of the statistical kinds.
  bool operator==(const GateStatus&) const = default;
};

/// Why a wave went back: the evidence as it was when harm was shown.
struct Harm {
  std::string gate;
  std::string target;
  std::string message;
  std::optional<Time> time;
  bool operator==(const Harm&) const = default;
};

/// Why a wave goes back, or went.
enum class RollbackCause : std::uint8_t {
  Harm,        ///< Shown in this wave.
  Quarantine,  ///< Shown by another wave of the same patch.
  Undecided,   ///< `onUndecided` ran out.
  Cancelled,   ///< By a person: what was promoted stays.
};
std::string_view to_string(RollbackCause value);

struct Progress {
  int total = 0;
  int done = 0;  ///< Promoted or Skipped.
  int in_flight = 0;
  int failed = 0;
  bool operator==(const Progress&) const = default;
};

/// Who opened a closed window.
struct Emergency {
  std::string approver;
  std::string reason;
  Time until_time;
  bool operator==(const Emergency&) const = default;
};

struct PatchWaveStatus {
  std::int64_t observed_generation = 0;
  WavePhase phase = WavePhase::Pending;
  std::string plan_hash;  ///< "sha256:…" over the spec and the digest: what an approval is bound to.
  std::string digest;     ///< Fixed when the wave starts.
  std::string image;      ///< "<repository>:<tag>@<digest>"; of nodes "<recipe>@<digest>".
  std::optional<Hold> hold;
  std::optional<Harm> harm;
  std::optional<RollbackCause> rollback_cause;
  Verdict verdict = Verdict::Undecided;
  std::vector<GateStatus> gates;
  std::vector<TargetStatus> targets;
  Progress progress;
  std::string progress_text;  ///< "3/12", for the column.
  std::string approved_by;
  std::optional<Emergency> emergency;  ///< The last one that a window was open for.
  std::optional<Time> start_time;
  std::optional<Time> bake_start_time;
  std::optional<Time> completion_time;
  std::vector<Condition> conditions;
  bool operator==(const PatchWaveStatus&) const = default;
};

struct PatchWave {
  Metadata metadata;
  PatchWaveSpec spec;
  PatchWaveStatus status;
};

}  // namespace patchwave::api
