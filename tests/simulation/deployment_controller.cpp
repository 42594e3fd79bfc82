#include <algorithm>

#include "tests/simulation/deletion.hpp"
#include "tests/simulation/pods.hpp"
#include "tests/simulation/scaled_value.hpp"
#include "tests/simulation/workload_controllers.hpp"

namespace patchwave::simulation {
namespace {

const auto& kDeployments = resources::kDeployments;
const auto& kReplicaSets = resources::kReplicaSets;
const Writer kDeploymentController{Actor::Controller, "deployment-controller"};
const Writer kReplicaSetController{Actor::Controller, "replicaset-controller"};
constexpr const char* kHashLabel = "pod-template-hash";

std::int64_t replicas_of(const Snapshot& object) {
  return integer_at(object->json, {"spec", "replicas"});
}
std::int64_t available_of(const Snapshot& object) {
  return integer_at(object->json, {"status", "availableReplicas"});
}

struct Bounds {
  std::int64_t surge;
  std::int64_t unavailable;
};

Bounds bounds_of(const Json& deployment) {
  const std::int64_t desired = integer_at(deployment, {"spec", "replicas"});
  const Json& rolling = object_at(deployment, {"spec", "strategy", "rollingUpdate"});
  Bounds bounds{scaled_up(rolling.value("maxSurge", Json("25%")), desired),
                scaled_down(rolling.value("maxUnavailable", Json("25%")), desired)};
  // Both zero would never move; the server lets one unavailable then.
  if (bounds.surge == 0 && bounds.unavailable == 0) bounds.unavailable = 1;
  return bounds;
}

}  // namespace

void follow_owners(ClusterState& state, const kube::Resource& resource, std::string kind, SyncQueue& queue) {
  state.listen([&resource, kind = std::move(kind), &queue](const Change& change) {
    if (change.resource != resource) return;
    const Json& object = (change.after ? change.after : change.before)->json;
    for (const auto& owner : array_at(object, {"metadata", "ownerReferences"})) {
      if (bool_at(owner, {"controller"}) && owner["kind"] == kind) {
        queue.request({change.name.ns, string_at(owner, {"name"})});
      }
    }
  });
}

void follow_objects(ClusterState& state, const kube::Resource& resource, SyncQueue& queue) {
  state.listen([&resource, &queue](const Change& change) {
    if (change.resource == resource && change.after) queue.request(change.name);
  });
}

DeploymentController::DeploymentController(ClusterState& state, Agenda& agenda, Random& random)
    : state_(state), queue_(agenda, random, [this](const auto& name) { sync(name); }) {
  follow_objects(state_, kDeployments, queue_);
  follow_owners(state_, kReplicaSets, "Deployment", queue_);
}

void DeploymentController::sync(const kube::NamespacedName& name) {
  const Snapshot deployment = state_.find(kDeployments, name.ns, name.name);
  if (!deployment || is_terminating(deployment->json)) return;
  const bool paused = bool_at(deployment->json, {"spec", "paused"});
  Snapshot current = paused ? nullptr : current_replica_set(deployment);
  std::vector<Snapshot> old;
  std::int64_t total = 0;
  for (const auto& replica_set : state_.dependents(kReplicaSets, uid_of(deployment->json))) {
    if (paused && (!current || replicas_of(replica_set) > replicas_of(current))) current = replica_set;
    total += replicas_of(replica_set);
    old.push_back(replica_set);
  }
  if (!current) return;
  std::erase_if(old, [&](const auto& one) { return uid_of(one->json) == uid_of(current->json); });
  const bool rolling = string_at(deployment->json, {"spec", "strategy", "type"}) != "Recreate";
  if (paused) {
    if (old.empty()) scale(current, replicas_of(deployment));
  } else if (!rolling) {
    recreate(deployment->json, current, old);
  } else if (!scale_up(deployment->json, current, total)) {
    scale_down(deployment->json, current, old, total);
  }
  write_status(state_.find(kDeployments, name.ns, name.name), current);
}

Snapshot DeploymentController::current_replica_set(const Snapshot& deployment) {
  const Json& object = deployment->json;
  Json pod_template = object["spec"]["template"];
  const std::string hash = template_hash(pod_template);
  const auto name = name_of(object);
  const std::string own_name = name.name + "-" + hash;
  if (const Snapshot existing = state_.find(kReplicaSets, name.ns, own_name)) return existing;
  pod_template["metadata"]["labels"][kHashLabel] = hash;
  Json selector = object["spec"]["selector"];
  selector["matchLabels"][kHashLabel] = hash;
  Json replica_set{
      {"metadata",
       {{"namespace", name.ns},
        {"name", own_name},
        {"labels", pod_template["metadata"]["labels"]},
        {"ownerReferences", Json::array({owner_reference(kDeployments, object, true)})}}},
      {"spec", {{"replicas", 0}, {"selector", std::move(selector)}, {"template", std::move(pod_template)}}}};
  return state_.create(kReplicaSets, std::move(replica_set), kDeploymentController);
}

bool DeploymentController::scale_up(const Json& deployment, const Snapshot& current, std::int64_t total) {
  const std::int64_t desired = integer_at(deployment, {"spec", "replicas"});
  const std::int64_t have = replicas_of(current);
  if (have == desired) return false;
  if (have > desired) {
    scale(current, desired);
    return true;
  }
  const std::int64_t room = desired + bounds_of(deployment).surge - total;
  if (room <= 0) return false;
  scale(current, have + std::min(room, desired - have));
  return true;
}

void DeploymentController::scale_down(const Json& deployment, const Snapshot& current,
                                      const std::vector<Snapshot>& old, std::int64_t total) {
  const std::int64_t minimum =
      integer_at(deployment, {"spec", "replicas"}) - bounds_of(deployment).unavailable;
  std::int64_t left = total - minimum - (replicas_of(current) - available_of(current));
  std::int64_t available = available_of(current);
  for (const auto& replica_set : old) available += available_of(replica_set);
  std::int64_t healthy_left = available - minimum;
  for (const auto& replica_set : old) {
    std::int64_t replicas = replicas_of(replica_set);
    const std::int64_t unhealthy =
        std::min(left, std::max<std::int64_t>(0, replicas - available_of(replica_set)));
    if (unhealthy > 0) {
      replicas -= unhealthy;
      left -= unhealthy;
    }
    const std::int64_t healthy = std::min({left, healthy_left, replicas});
    if (healthy > 0) {
      replicas -= healthy;
      left -= healthy;
      healthy_left -= healthy;
    }
    scale(replica_set, replicas);
  }
}

void DeploymentController::recreate(const Json& deployment, const Snapshot& current,
                                    const std::vector<Snapshot>& old) {
  bool pods_left = false;
  for (const auto& replica_set : old) {
    scale(replica_set, 0);
    pods_left = pods_left || !state_.dependents(resources::kPods, uid_of(replica_set->json)).empty();
  }
  if (!pods_left) scale(current, integer_at(deployment, {"spec", "replicas"}));
}

void DeploymentController::scale(const Snapshot& replica_set, std::int64_t replicas) {
  if (replicas_of(replica_set) == replicas) return;
  state_.modify(kReplicaSets, name_of(replica_set->json), kDeploymentController, "",
                [&](Json& object) { object["spec"]["replicas"] = replicas; });
}

void DeploymentController::write_status(const Snapshot& deployment, const Snapshot& current) {
  std::int64_t replicas = 0;
  std::int64_t ready = 0;
  for (const auto& replica_set : state_.dependents(kReplicaSets, uid_of(deployment->json))) {
    replicas += integer_at(replica_set->json, {"status", "replicas"});
    ready += available_of(replica_set);
  }
  const Snapshot latest = state_.find(kReplicaSets, name_of(current->json).ns, name_of(current->json).name);
  const bool paused = bool_at(deployment->json, {"spec", "paused"});
  Json after = deployment->json;
  Json status{{"observedGeneration", integer_at(after, {"metadata", "generation"})},
              {"replicas", replicas},
              {"updatedReplicas", paused ? integer_at(after, {"status", "updatedReplicas"})
                                         : integer_at(latest->json, {"status", "replicas"})},
              {"readyReplicas", ready},
              {"availableReplicas", ready},
              {"unavailableReplicas", std::max<std::int64_t>(0, replicas_of(deployment) - ready)}};
  after["status"] = std::move(status);
  state_.update(kDeployments, deployment, std::move(after), kDeploymentController, "status");
}

ReplicaSetController::ReplicaSetController(ClusterState& state, Agenda& agenda, Random& random)
    : state_(state), random_(random), queue_(agenda, random, [this](const auto& name) { sync(name); }) {
  follow_objects(state_, kReplicaSets, queue_);
  follow_owners(state_, resources::kPods, "ReplicaSet", queue_);
}

void ReplicaSetController::sync(const kube::NamespacedName& name) {
  const Snapshot replica_set = state_.find(kReplicaSets, name.ns, name.name);
  if (!replica_set || is_terminating(replica_set->json)) return;
  auto pods = state_.dependents(resources::kPods, uid_of(replica_set->json));
  std::erase_if(pods, [](const auto& pod) { return is_terminating(pod->json); });
  const std::int64_t wanted = replicas_of(replica_set);
  for (auto count = static_cast<std::int64_t>(pods.size()); count < wanted; ++count) {
    state_.create(resources::kPods,
                  pod_from_template(replica_set->json["spec"]["template"], name.ns,
                                    name.name + "-" + random_suffix(random_),
                                    owner_reference(kReplicaSets, replica_set->json, true)),
                  kReplicaSetController);
  }
  std::stable_sort(pods.begin(), pods.end(), [](const auto& a, const auto& b) {
    return pod_is_available(a->json) < pod_is_available(b->json);
  });
  for (std::size_t i = 0; static_cast<std::int64_t>(pods.size() - i) > wanted; ++i) {
    begin_deletion(state_, resources::kPods, pods[i], kReplicaSetController);
  }
  std::int64_t count = 0;
  std::int64_t ready = 0;
  for (const auto& pod : state_.dependents(resources::kPods, uid_of(replica_set->json))) {
    count += is_terminating(pod->json) ? 0 : 1;
    ready += pod_is_available(pod->json) ? 1 : 0;
  }
  state_.modify(kReplicaSets, name, kReplicaSetController, "status", [&](Json& object) {
    object["status"] = {{"observedGeneration", integer_at(object, {"metadata", "generation"})},
                        {"replicas", count},
                        {"readyReplicas", ready},
                        {"availableReplicas", ready}};
  });
}

}  // namespace patchwave::simulation
