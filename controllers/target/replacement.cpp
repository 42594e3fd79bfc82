#include "controllers/target/replacement.hpp"

#include <algorithm>
#include <utility>

namespace patchwave::target {
namespace {

bool is_owned(const Situation& situation, const kube::PodView& pod) {
  return pod.owner_uid == string_at(*situation.workload, {"metadata", "uid"});
}

}  // namespace

bool any_terminating(const Situation& situation) {
  return std::ranges::any_of(situation.pods, [&](const ObservedPod& pod) {
    return pod.pod.terminating && is_owned(situation, pod.pod);
  });
}

std::vector<ObservedPod> owned_pods(const Situation& situation, const ReplacementOrder& order) {
  std::vector<ObservedPod> owned;
  for (const auto& pod : situation.pods) {
    if (is_live(pod.pod) && is_owned(situation, pod.pod)) owned.push_back(pod);
  }
  std::ranges::stable_sort(owned,
                           [&](const ObservedPod& a, const ObservedPod& b) { return order(a.pod, b.pod); });
  return owned;
}

std::optional<kube::PodView> next_to_patch(const Situation& situation, int desired,
                                           const ReplacementOrder& order) {
  const auto owned = owned_pods(situation, order);
  if (any_terminating(situation) || std::cmp_less(owned.size(), desired)) return std::nullopt;
  std::optional<kube::PodView> unready;
  std::optional<kube::PodView> chosen;
  for (const auto& pod : owned) {
    if (pod.patched) {
      if (!is_available(situation, pod.pod)) return std::nullopt;
    } else if (pod.pod.ready()) {
      if (!chosen) chosen = pod.pod;
    } else if (!unready) {
      unready = pod.pod;
    }
  }
  return chosen ? chosen : unready;
}

std::optional<kube::PodView> next_to_restore(const Situation& situation, int desired,
                                             const ReplacementOrder& order) {
  if (any_terminating(situation)) return std::nullopt;
  const auto owned = owned_pods(situation, order);
  std::optional<kube::PodView> chosen;
  bool all_available = std::cmp_greater_equal(owned.size(), desired);
  for (const auto& pod : owned) {
    if (carries_patch(situation, pod.pod)) {
      if (!pod.pod.ready()) return pod.pod;
      if (!chosen) chosen = pod.pod;
    } else if (!is_available(situation, pod.pod)) {
      all_available = false;
    }
  }
  return all_available ? chosen : std::nullopt;
}

}  // namespace patchwave::target
