// What a drain does with each kind of pod, as the policy says.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/drain/facts.hpp"

namespace patchwave::drain {

enum class Treatment : std::uint8_t {
  Evict,
  Refuse,  ///< The node is not drained while such a pod is on it.
  Leave,   ///< The drain passes it over, and what comes after the drain ends it.
};

struct Policy {
  Treatment bare_pods = Treatment::Refuse;       ///< Nothing makes them again.
  Treatment local_storage = Treatment::Evict;    ///< An emptyDir's content goes with its pod.
  Treatment protected_pods = Treatment::Refuse;  ///< An annotation asks not to disturb them.
  std::optional<seconds> grace;                  ///< In place of the pods' own grace period.
  /// From the cordon on. Pods that would take longer get a shorter grace period, of a second at least: none
  /// at all would delete the pod from the API while its containers may still run.
  milliseconds deadline{std::chrono::minutes(30)};
  /// The least priority of each tier after the first, ascending. A tier is evicted when those before it are
  /// gone: storage and network drivers serve the others until they have ended.
  std::vector<int> tiers = {2'000'000'000};  // system-cluster-critical
  int evictions_at_once = 10;                ///< At most, in one step.
};

enum class Disposition : std::uint8_t {
  Ignore,  ///< Stays, and does not keep the node from being drained.
  Evict,
  Refuse,
  AwaitGone,      ///< Its deletion has begun.
  AwaitComplete,  ///< It is to end by itself.
};

/// What a finding is about, for machines; the same words in JSON, metrics and docs.
enum class Reason : std::uint8_t {
  None,
  Finished,
  MirrorPod,
  DaemonSetPod,
  ToleratesCordon,  ///< Would be scheduled to the node again at once.
  SkipLabel,
  BarePod,
  LocalStorage,
  ProtectedPod,
  Terminating,
  Completing,  ///< The label asks to wait until it ends by itself.
  BudgetNeedsAll,
  BudgetExhausted,
  BudgetNotCounted,
  BudgetNotCurrent,
  SeveralBudgets,
  NamespaceTerminating,
  Throttled,
  EvictionFailed,
  EarlierTier,  ///< Pods of less priority go first.
  NoRoom,
  NodeNotReady,
  HeldByAnother,
  CordonedByAnother,
  InSteps,
  NotAsked,
};
std::string_view to_string(Reason reason);

struct Sorted {
  Disposition disposition = Disposition::Evict;
  Reason reason = Reason::None;
};
Sorted sort_pod(const Pod& pod, const Policy& policy);

/// The place of the pod's tier: 0 goes first.
std::size_t tier_of(const Pod& pod, const Policy& policy);

}  // namespace patchwave::drain
