#include "controllers/drain/treatment.hpp"

#include <algorithm>

namespace patchwave::drain {
namespace {

/// What kube-controller-manager puts on a cordoned node.
const Taint& cordon_taint() {
  static const Taint taint{"node.kubernetes.io/unschedulable", "", "NoSchedule"};
  return taint;
}

Sorted by(Treatment treatment, Reason reason) {
  switch (treatment) {
    case Treatment::Refuse:
      return {Disposition::Refuse, reason};
    case Treatment::Leave:
      return {Disposition::Ignore, reason};
    case Treatment::Evict:
      break;
  }
  return {};
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::None:
      return "None";
    case Reason::Finished:
      return "Finished";
    case Reason::MirrorPod:
      return "MirrorPod";
    case Reason::DaemonSetPod:
      return "DaemonSetPod";
    case Reason::ToleratesCordon:
      return "ToleratesCordon";
    case Reason::SkipLabel:
      return "SkipLabel";
    case Reason::BarePod:
      return "BarePod";
    case Reason::LocalStorage:
      return "LocalStorage";
    case Reason::ProtectedPod:
      return "ProtectedPod";
    case Reason::Terminating:
      return "Terminating";
    case Reason::Completing:
      return "Completing";
    case Reason::BudgetNeedsAll:
      return "BudgetNeedsAll";
    case Reason::BudgetExhausted:
      return "BudgetExhausted";
    case Reason::BudgetNotCounted:
      return "BudgetNotCounted";
    case Reason::BudgetNotCurrent:
      return "BudgetNotCurrent";
    case Reason::SeveralBudgets:
      return "SeveralBudgets";
    case Reason::NamespaceTerminating:
      return "NamespaceTerminating";
    case Reason::Throttled:
      return "Throttled";
    case Reason::EvictionFailed:
      return "EvictionFailed";
    case Reason::EarlierTier:
      return "EarlierTier";
    case Reason::NoRoom:
      return "NoRoom";
    case Reason::NodeNotReady:
      return "NodeNotReady";
    case Reason::HeldByAnother:
      return "HeldByAnother";
    case Reason::CordonedByAnother:
      return "CordonedByAnother";
    case Reason::InSteps:
      return "InSteps";
    case Reason::NotAsked:
      return "NotAsked";
  }
  return "None";
}

// The order is kubectl drain's, with the marks of others where they matter.
Sorted sort_pod(const Pod& pod, const Policy& policy) {
  if (pod.finished()) return {Disposition::Ignore, Reason::Finished};
  if (pod.mirror) return {Disposition::Ignore, Reason::MirrorPod};
  if (pod.owner_kind == "DaemonSet") return {Disposition::Ignore, Reason::DaemonSetPod};
  if (pod.drain_label == DrainLabel::Skip) return {Disposition::Ignore, Reason::SkipLabel};
  if (pod.terminating()) return {Disposition::AwaitGone, Reason::Terminating};
  if (pod.tolerates(cordon_taint())) return {Disposition::Ignore, Reason::ToleratesCordon};
  if (pod.drain_label == DrainLabel::WaitCompleted) return {Disposition::AwaitComplete, Reason::Completing};
  Sorted sorted;
  if (!pod.protected_by.empty()) sorted = by(policy.protected_pods, Reason::ProtectedPod);
  if (sorted.reason == Reason::None && pod.owner_kind.empty()) sorted = by(policy.bare_pods, Reason::BarePod);
  if (sorted.reason == Reason::None && !pod.local_volume.empty()) {
    sorted = by(policy.local_storage, Reason::LocalStorage);
  }
  return sorted;
}

std::size_t tier_of(const Pod& pod, const Policy& policy) {
  const auto after = std::ranges::upper_bound(policy.tiers, pod.priority);
  return static_cast<std::size_t>(after - policy.tiers.begin());
}

}  // namespace patchwave::drain
