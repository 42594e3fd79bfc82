// Verdicts from evidence. Pure: a verdict is a function of the gate, the time since which the change was
// out, the evidence, and now. The same call serves the operator, a replay and a test.
//
// Pass needs proof that it is well, Harm needs proof that it is not; anything else is Undecided, and
// silence is never Pass.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "controllers/api/common.hpp"
#include "controllers/judge/recorded.hpp"

namespace patchwave::judge {

using api::Verdict;

/// Why a gate has nothing to say. Each is a hold of its own.
enum class Absence : std::uint8_t { None, NoData, TelemetryUnavailable };

/// What a statistical gate goes by.
struct GateNumbers {
  CountPair total;
  Evidence harm;
  Evidence pass;
  std::optional<Time> expected_time;  ///< When Pass is expected of a patch that is well, at the traffic seen.
};

struct Finding {
  Verdict verdict = Verdict::Undecided;
  Absence absence = Absence::None;
  std::string message;               ///< The numbers and the limit, in a sentence.
  std::string target;                ///< What decided it, when one target did.
  std::optional<Time> decides_time;  ///< When an Undecided gate can decide at the earliest, if that is known.
  std::optional<GateNumbers> numbers = {};
};

// --- Kubernetes' own evidence: the gate that is always on, named "pods" ---

struct PodEvidence {
  std::string name;
  bool patched = false;
  bool terminating = false;  ///< On its way out by a drain, an eviction or a scale-down: says nothing.
  bool node_ready = true;    ///< False: its node is lost, and what it shows is not the patch's doing.
  Time creation_time;
  std::optional<Time> ready_since;
  int restarts = 0;            ///< Sum over containers, as the kubelet counts.
  std::string waiting_reason;  ///< Of the worst container.
  std::string waiting_message;
  std::string terminated_reason;
};

struct TargetEvidence {
  std::string target;  ///< "Deployment shop/web"
  Time since;          ///< When the step, or the promotion, began.
  int wanted_patched = 0;
  bool step_complete = false;  ///< Controllers have caught up and every wanted copy is ready.
  /// When the step, complete before, stopped being so. Deadlines count from here, and a copy that is older
  /// and not ready is capacity that was lost. Unset: complete, or never complete yet.
  std::optional<Time> incomplete_since;
  std::vector<PodEvidence> pods;
  /// Since when the cluster has been watched without a break. What was not watched is no proof of harm:
  /// deadlines count from here at the earliest. Passing does not: a pod's own readiness speaks for itself.
  Time watched_since = {};
  /// Copies that can't be there yet because a write or an eviction of ours has not gone through. That it is
  /// refused or blocked is a hold, and no harm of the patch.
  int awaiting_us = 0;
};

struct PodLimits {
  milliseconds step_bake{60'000};           ///< All wanted copies ready for this long, unbroken: Pass.
  milliseconds progress_deadline{600'000};  ///< Incomplete, and no copy became ready for this long: Harm.
  milliseconds pull_deadline{120'000};      ///< A container that can't be pulled or made for this long: Harm.
  int max_restarts = 2;                     ///< More restarts than this of one patched pod: Harm.
  milliseconds lost_capacity{60'000};       ///< A copy that was ready and is not for longer than this: Harm.
};

/// Crash loops, out of memory, restarts, image pull errors, unready past the deadline, lost capacity; of
/// patched pods only, since what baseline pods suffer is not the patch's doing.
/// A container that waits in CrashLoopBackOff after max_restarts restarts is Harm: the next one is sure.
Finding judge_pods(const TargetEvidence& evidence, const PodLimits& limits, Time now);

// --- Prometheus ---

struct Sample {
  Time time;
  double value;
};
struct Series {
  std::map<std::string, std::string> labels;
  std::vector<Sample> samples;  ///< Ascending in time.
};
struct QueryEvidence {
  enum class State : std::uint8_t { Answered, Unreachable, Rejected };
  State state = State::Unreachable;
  std::string error;
  std::vector<Series> series;  ///< Over [max(since, now - for), now] at a step of at most a third of it.
};

/// Times in objects are whole seconds.
inline constexpr seconds kObjectTimeGrain{1};

/// A query's latest sample counts for this many of its gate's intervals; after that it is no data.
inline constexpr int kStaleAfterIntervals = 3;

/// Samples that are not finite, from before `since` or from the future are no data. `for` ends at the latest
/// sample, so that waiting without new evidence decides nothing. It is covered when it began after `since`
/// and no gap between samples is longer than two fifths of it or three intervals, nor than half of it or a
/// second.
/// The worst series decides. One without fresh data is left out when it ended well, keeps the gate from
/// passing when not, and is no data when no series has any.
/// Equal to the limit is on the bad side of both `below` and `above`.
Finding judge_threshold(const api::GateSpec& gate, const QueryEvidence& evidence, Time since, Time now);

/// What an alert may touch. An alert without a namespace label touches every wave that its gate matches;
/// one with it must name a namespace of the wave, and where it names a pod or a workload (labels pod,
/// deployment, statefulset, daemonset, workload), one of the wave's. Canary copies belong to the workloads.
/// To a wave of nodes only the label node tells another's alert from its own.
struct WaveScope {
  std::vector<std::string> namespaces;
  std::vector<std::string> workloads;
  std::vector<std::string> pods;
  std::vector<std::string> nodes = {};
};
/// `before`: series firing just before `since`; `during`: firing at any time from `since` to now.
/// Only an alert that did not fire before is Harm. No alert is Pass once the rules had an interval to fire.
Finding judge_alerts(const api::GateSpec& gate, const QueryEvidence& before, const QueryEvidence& during,
                     const WaveScope& scope, Time since, Time now);

/// Harm if any harms; Pass if all pass; else Undecided with the first absence, the latest decides_time.
/// No finding at all is Undecided.
Finding combine(std::span<const Finding> findings);

}  // namespace patchwave::judge
