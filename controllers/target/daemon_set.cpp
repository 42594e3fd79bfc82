// DaemonSet: has no partition, so its update strategy is OnDelete while we choose the nodes.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "controllers/target/replacement.hpp"
#include "controllers/target/verbs.hpp"

namespace patchwave::target {
namespace {

constexpr const char* kOnDelete = "OnDelete";
constexpr const char* kStrategy = "/spec/updateStrategy";

bool by_node(const kube::PodView& a, const kube::PodView& b) {
  return std::tie(a.node, a.name) < std::tie(b.node, b.name);
}

/// A strategy that is not set is RollingUpdate to the API.
std::string effective(const std::string& strategy) {
  return strategy.empty() ? "RollingUpdate" : strategy;
}

bool is_on_delete(const Situation& situation) {
  return situation.current.update_strategy == kOnDelete;
}

/// Only the type: rollingUpdate may stay beside OnDelete and is in force again with RollingUpdate.
void add_on_delete(GuardedPatch& patch, const Situation& situation) {
  if (find(*situation.workload, {"spec", "updateStrategy"}) == nullptr) {
    patch.set(kStrategy, {{"type", kOnDelete}});
  } else {
    patch.set(std::string(kStrategy) + "/type", kOnDelete);
  }
}

void add_old_strategy(GuardedPatch& patch, const Situation& situation) {
  const std::string& before = situation.record.before.update_strategy;
  const std::string pointer = std::string(kStrategy) + "/type";
  if (!before.empty()) {
    patch.replace(pointer, situation.current.update_strategy, before);
  } else {
    const bool only_ours = object_at(*situation.workload, {"spec", "updateStrategy"}).size() == 1;
    patch.remove(only_ours ? kStrategy : pointer);
  }
}

class DaemonSetVerbs final : public Verbs {
 public:
  int desired(const Situation& situation) const override {
    return static_cast<int>(integer_at(*situation.workload, {"status", "desiredNumberScheduled"}));
  }

  bool rolled_out(const Situation& situation) const override {
    return caught_up(*situation.workload) &&
           integer_at(*situation.workload, {"status", "numberReady"}) >= desired(situation);
  }

  bool tidy(const Situation& situation) const override {
    return situation.workload == nullptr ||
           effective(situation.current.update_strategy) == effective(situation.record.before.update_strategy);
  }

  std::vector<Act> step(const Situation& situation, const std::string&) const override {
    const int copies = std::min(situation.record.canary_replicas, desired(situation));
    if (copies == 0) return {};
    if (!situation.all_patched() || !is_on_delete(situation)) return {write_forward(situation)};
    return replace_by_eviction(situation, copies);
  }

  std::vector<Act> promote(const Situation& situation, const std::string&) const override {
    if (!situation.all_patched()) return {write_forward(situation)};
    // Once the strategy is back, what is left is the DaemonSet controller's.
    if (!is_on_delete(situation)) return {};
    if (auto acts = replace_by_eviction(situation, desired(situation)); !acts.empty()) return acts;
    return all_replaced(situation) ? put_strategy_back(situation) : std::vector<Act>{};
  }

  std::vector<Act> restore(const Situation& situation, const std::string&) const override {
    if (situation.any_ours()) {
      GuardedPatch patch = start_patch(situation);
      add_old_images(patch, situation);
      return {
          write_workload(situation, patch, "put the image of " + name_of(situation.record.target) + " back")};
    }
    // A pod that is replaced before the controller has seen the old template comes back with the new one.
    if (!is_on_delete(situation) || !caught_up(*situation.workload)) return {};
    // A patched pod on its way out is as good as gone: the old template takes its place under either
    // strategy, and a node that no longer answers, whose pods never end, must not keep the strategy from
    // going back.
    if (std::ranges::none_of(owned_pods(situation, by_node),
                             [&](const ObservedPod& pod) { return carries_patch(situation, pod.pod); })) {
      return put_strategy_back(situation);
    }
    const auto pod = next_to_restore(situation, desired(situation), by_node);
    if (!pod) return {};
    return {evict(*pod, fmt::format("replace pod {} on node {}, which still runs {}", pod->name, pod->node,
                                    situation.after))};
  }

 private:
  /// Image and OnDelete in one write: with RollingUpdate every node would follow at once.
  static Act write_forward(const Situation& situation) {
    GuardedPatch patch = start_patch(situation);
    add_new_images(patch, situation);
    if (!is_on_delete(situation)) add_on_delete(patch, situation);
    return write_workload(situation, patch,
                          fmt::format("set the image of {} to {} and replace its pods node by node",
                                      name_of(situation.record.target), situation.after));
  }

  std::vector<Act> replace_by_eviction(const Situation& situation, int copies) const {
    if (!caught_up(*situation.workload)) return {};
    const auto owned = owned_pods(situation, by_node);
    if (std::ranges::count_if(owned, &ObservedPod::patched) >= copies) return {};
    const auto pod = next_to_patch(situation, desired(situation), by_node);
    if (!pod) return {};
    return {evict(
        *pod, fmt::format("replace pod {} on node {} by one on {}", pod->name, pod->node, situation.after))};
  }

  bool all_replaced(const Situation& situation) const {
    const auto owned = owned_pods(situation, by_node);
    return caught_up(*situation.workload) && std::cmp_greater_equal(owned.size(), desired(situation)) &&
           std::ranges::all_of(owned, &ObservedPod::patched);
  }

  std::vector<Act> put_strategy_back(const Situation& situation) const {
    if (tidy(situation)) return {};
    GuardedPatch patch = start_patch(situation);
    add_old_strategy(patch, situation);
    return {write_workload(
        situation, patch,
        fmt::format("put the update strategy of {} back to {}", name_of(situation.record.target),
                    effective(situation.record.before.update_strategy)))};
  }
};

}  // namespace

const Verbs& daemon_set_verbs() {
  static const DaemonSetVerbs verbs;
  return verbs;
}

}  // namespace patchwave::target
