#include <algorithm>

#include "tests/simulation/deletion.hpp"
#include "tests/simulation/pods.hpp"
#include "tests/simulation/scaled_value.hpp"
#include "tests/simulation/workload_controllers.hpp"

namespace patchwave::simulation {
namespace {

const auto& kDaemonSets = resources::kDaemonSets;
const Writer kController{Actor::Controller, "daemonset-controller"};
constexpr std::string_view kRevisionLabel = "controller-revision-hash";

bool selects_node(const Json& set, const Json& node) {
  const Json& labels = object_at(node, {"metadata", "labels"});
  for (const auto& [key, value] : object_at(set, {"spec", "template", "spec", "nodeSelector"}).items()) {
    if (!labels.contains(key) || labels[key] != value) return false;
  }
  return true;
}

}  // namespace

DaemonSetController::DaemonSetController(ClusterState& state, Agenda& agenda, Random& random)
    : state_(state),
      agenda_(agenda),
      random_(random),
      queue_(agenda, random, [this](const auto& name) { sync(name); }) {
  follow_owners(state_, resources::kPods, "DaemonSet", queue_);
  state_.listen([this](const Change& change) { observe(change); });
}

void DaemonSetController::observe(const Change& change) {
  if (change.resource == kDaemonSets) {
    shown_until_ = std::max(shown_until_, agenda_.now() + random_.between(milliseconds(1), longest_lag_));
    agenda_.after(shown_until_ - agenda_.now(), [this, name = change.name, after = change.after] {
      if (after) {
        cache_[name] = after;
      } else {
        cache_.erase(name);
      }
      queue_.request(name);
    });
  } else if (change.resource == resources::kNodes && (!change.before || !change.after)) {
    for (const auto& [name, set] : cache_) queue_.request(name);
  }
}

void DaemonSetController::sync(const kube::NamespacedName& name) {
  const auto cached = cache_.find(name);
  const Snapshot set = cached == cache_.end() ? nullptr : cached->second;
  if (!set || is_terminating(set->json)) return;
  const std::string revision = template_hash(set->json["spec"]["template"]);
  std::map<std::string, Snapshot> by_node;
  for (const auto& pod : state_.dependents(resources::kPods, uid_of(set->json))) {
    by_node[string_at(pod->json, {"spec", "nodeName"})] = pod;
  }
  std::int64_t wanted = 0;
  std::vector<Snapshot> pods;
  for (const auto& [node_name, node] : state_.all(resources::kNodes)) {
    if (!selects_node(set->json, node->json)) continue;
    ++wanted;
    if (const auto found = by_node.find(node_name.name); found != by_node.end()) {
      pods.push_back(found->second);
      continue;
    }
    Json pod =
        pod_from_template(set->json["spec"]["template"], name.ns, name.name + "-" + random_suffix(random_),
                          owner_reference(kDaemonSets, set->json, true));
    pod["metadata"]["labels"][std::string(kRevisionLabel)] = revision;
    pod["spec"]["nodeName"] = node_name.name;
    state_.create(resources::kPods, std::move(pod), kController);
  }
  if (string_at(set->json, {"spec", "updateStrategy", "type"}) != "OnDelete")
    roll(set->json, pods, revision, wanted);
  std::int64_t ready = 0;
  std::int64_t updated = 0;
  for (const auto& pod : state_.dependents(resources::kPods, uid_of(set->json))) {
    ready += pod_is_available(pod->json) ? 1 : 0;
    updated += label_of(pod->json, kRevisionLabel) == revision && !is_terminating(pod->json) ? 1 : 0;
  }
  state_.modify(kDaemonSets, name, kController, "status", [&](Json& object) {
    if (uid_of(object) != uid_of(set->json)) return;
    object["status"] = {{"observedGeneration", integer_at(set->json, {"metadata", "generation"})},
                        {"desiredNumberScheduled", wanted},
                        {"currentNumberScheduled", static_cast<std::int64_t>(pods.size())},
                        {"numberMisscheduled", 0},
                        {"numberReady", ready},
                        {"numberAvailable", ready},
                        {"numberUnavailable", wanted - ready},
                        {"updatedNumberScheduled", updated}};
  });
}

/// Old pods that serve nobody go at once; of the others, as many as maxUnavailable leaves room for.
void DaemonSetController::roll(const Json& set, const std::vector<Snapshot>& pods,
                               const std::string& revision, std::int64_t wanted) {
  const Json& rolling = object_at(set, {"spec", "updateStrategy", "rollingUpdate"});
  std::int64_t room = scaled_up(rolling.value("maxUnavailable", Json(1)), wanted);
  room -= wanted - static_cast<std::int64_t>(pods.size());
  std::vector<Snapshot> serving;
  for (const auto& pod : pods) {
    const bool old = label_of(pod->json, kRevisionLabel) != revision;
    if (pod_is_available(pod->json)) {
      if (old) serving.push_back(pod);
      continue;
    }
    --room;
    if (old) begin_deletion(state_, resources::kPods, pod, kController);
  }
  for (std::size_t i = 0; i < serving.size() && static_cast<std::int64_t>(i) < room; ++i) {
    begin_deletion(state_, resources::kPods, serving[i], kController);
  }
}

}  // namespace patchwave::simulation
