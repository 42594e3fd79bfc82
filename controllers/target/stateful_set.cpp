// StatefulSet: `partition` holds the lower ordinals back; with OnDelete pods are evicted, highest first.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "controllers/target/replacement.hpp"
#include "controllers/target/verbs.hpp"

namespace patchwave::target {
namespace {

/// The number behind the last dash of a pod's name; -1 when there is none.
int ordinal_of(const kube::PodView& pod) {
  int ordinal = -1;
  const char* end = pod.name.data() + pod.name.size();
  std::from_chars(pod.name.data() + pod.name.rfind('-') + 1, end, ordinal);
  return ordinal;
}

bool highest_ordinal_first(const kube::PodView& a, const kube::PodView& b) {
  return ordinal_of(a) > ordinal_of(b);
}

bool is_on_delete(const Situation& situation) {
  return situation.current.update_strategy == "OnDelete";
}

/// A partition that is not set is 0 to the StatefulSet controller.
int held_back(const std::optional<int>& partition) {
  return partition.value_or(0);
}

void add_partition(GuardedPatch& patch, const Situation& situation, const std::optional<int>& partition) {
  const Json& workload = *situation.workload;
  const Json* rolling = find(workload, {"spec", "updateStrategy", "rollingUpdate"});
  const std::string pointer = "/spec/updateStrategy/rollingUpdate";
  if (!partition) {
    // What we had to add goes again, so that the strategy is as short as it was.
    if (situation.record.before.update_strategy.empty()) {
      patch.remove("/spec/updateStrategy");
    } else {
      patch.remove(rolling->size() == 1 ? pointer : pointer + "/partition");
    }
  } else if (rolling != nullptr) {
    patch.set(pointer + "/partition", *partition);
  } else if (find(workload, {"spec", "updateStrategy"}) != nullptr) {
    patch.set(pointer, {{"partition", *partition}});
  } else {
    patch.set("/spec/updateStrategy",
              {{"type", "RollingUpdate"}, {"rollingUpdate", {{"partition", *partition}}}});
  }
}

class StatefulSetVerbs final : public Verbs {
 public:
  int desired(const Situation& situation) const override {
    return static_cast<int>(integer_at(*situation.workload, {"spec", "replicas"}, 1));
  }

  /// A partition that was there before us keeps its pods: it is somebody's own staged rollout.
  int reachable(const Situation& situation) const override {
    const int kept = is_on_delete(situation) ? 0 : held_back(situation.record.before.partition);
    return std::max(0, desired(situation) - kept);
  }

  bool rolled_out(const Situation& situation) const override {
    return caught_up(*situation.workload) &&
           integer_at(*situation.workload, {"status", "readyReplicas"}) >= desired(situation);
  }

  bool tidy(const Situation& situation) const override {
    return situation.workload == nullptr || is_on_delete(situation) ||
           held_back(situation.current.partition) == held_back(situation.record.before.partition);
  }

  std::vector<Act> step(const Situation& situation, const std::string&) const override {
    const int copies = std::min(situation.record.canary_replicas, reachable(situation));
    if (copies == 0) return {};
    // As low as it was before us: as it was, also where it was not set at all.
    const std::optional<int>& before = situation.record.before.partition;
    const int kept = desired(situation) - copies;
    const auto partition = kept == held_back(before) ? before : std::optional(kept);
    if (auto write = write_forward(situation, partition); !write.empty()) return write;
    return replace_by_eviction(situation, copies);
  }

  std::vector<Act> promote(const Situation& situation, const std::string&) const override {
    if (auto write = write_forward(situation, situation.record.before.partition); !write.empty())
      return write;
    return replace_by_eviction(situation, reachable(situation));
  }

  std::vector<Act> restore(const Situation& situation, const std::string&) const override {
    GuardedPatch patch = start_patch(situation);
    add_old_images(patch, situation);
    if (!tidy(situation)) add_partition(patch, situation, situation.record.before.partition);
    if (!patch.changes_nothing()) {
      return {write_workload(situation, patch, "put " + name_of(situation.record.target) + " back")};
    }
    // A pod that is replaced before the controller has seen the old template comes back with the new one.
    if (!caught_up(*situation.workload)) return {};
    const auto pod = is_on_delete(situation)
                         ? next_to_restore(situation, desired(situation), highest_ordinal_first)
                         : next_stuck(situation);
    if (!pod) return {};
    return {evict(*pod, fmt::format("replace pod {}, which still runs {}", pod->name, situation.after))};
  }

 private:
  /// Images and partition in one write: a moment with the new image and the old partition would be a rollout.
  static std::vector<Act> write_forward(const Situation& situation, const std::optional<int>& partition) {
    GuardedPatch patch = start_patch(situation);
    add_new_images(patch, situation);
    if (!is_on_delete(situation) && held_back(situation.current.partition) != held_back(partition)) {
      add_partition(patch, situation, partition);
    }
    if (patch.changes_nothing()) return {};
    return {
        write_workload(situation, patch,
                       fmt::format("set the image of {} to {} with partition {}",
                                   name_of(situation.record.target), situation.after, held_back(partition)))};
  }

  std::vector<Act> replace_by_eviction(const Situation& situation, int copies) const {
    if (!is_on_delete(situation) || !caught_up(*situation.workload)) return {};
    const auto owned = owned_pods(situation, highest_ordinal_first);
    if (std::ranges::count_if(owned, &ObservedPod::patched) >= copies) return {};
    const auto pod = next_to_patch(situation, desired(situation), highest_ordinal_first);
    if (!pod) return {};
    return {evict(*pod, fmt::format("replace pod {} by one on {}", pod->name, situation.after))};
  }

  /// With OrderedReady the controller waits for a broken pod to become ready before it replaces any, so
  /// restoring the template is not enough (kubernetes#67250). Ready pods are left to the controller. A pod
  /// that is missing does not hold this up: it may be waiting for the very pod that is stuck.
  static std::optional<kube::PodView> next_stuck(const Situation& situation) {
    if (any_terminating(situation)) return std::nullopt;
    const std::string restored = string_at(*situation.workload, {"status", "updateRevision"});
    for (const auto& pod : owned_pods(situation, highest_ordinal_first)) {
      const auto revision = pod.pod.labels.find("controller-revision-hash");
      const bool is_restored =
          !restored.empty() && revision != pod.pod.labels.end() && revision->second == restored;
      if (!pod.pod.ready() && !is_restored && carries_patch(situation, pod.pod)) return pod.pod;
    }
    return std::nullopt;
  }
};

}  // namespace

const Verbs& stateful_set_verbs() {
  static const StatefulSetVerbs verbs;
  return verbs;
}

}  // namespace patchwave::target
