#include <algorithm>
#include <cstdlib>

#include "tests/simulation/deletion.hpp"
#include "tests/simulation/pods.hpp"
#include "tests/simulation/workload_controllers.hpp"

namespace patchwave::simulation {
namespace {

const auto& kStatefulSets = resources::kStatefulSets;
const Writer kController{Actor::Controller, "statefulset-controller"};
constexpr std::string_view kRevisionLabel = "controller-revision-hash";

std::int64_t replicas_of(const Json& set) {
  return integer_at(set, {"spec", "replicas"});
}
bool is_on_delete(const Json& set) {
  return string_at(set, {"spec", "updateStrategy", "type"}) == "OnDelete";
}
bool is_ordered(const Json& set) {
  return string_at(set, {"spec", "podManagementPolicy"}) != "Parallel";
}
std::int64_t partition_of(const Json& set) {
  return integer_at(set, {"spec", "updateStrategy", "rollingUpdate", "partition"});
}

std::int64_t ordinal_of(const Json& pod) {
  const std::string name = name_of(pod).name;
  return std::strtoll(name.c_str() + name.rfind('-') + 1, nullptr, 10);
}

}  // namespace

StatefulSetController::StatefulSetController(ClusterState& state, Agenda& agenda, Random& random)
    : state_(state), queue_(agenda, random, [this](const auto& name) { sync(name); }) {
  follow_objects(state_, kStatefulSets, queue_);
  follow_owners(state_, resources::kPods, "StatefulSet", queue_);
}

void StatefulSetController::sync(const kube::NamespacedName& name) {
  const Snapshot set = state_.find(kStatefulSets, name.ns, name.name);
  if (!set || is_terminating(set->json)) return;
  const Json& pod_template = set->json["spec"]["template"];
  Revisions revisions;
  revisions.update = name.name + "-" + template_hash(pod_template);
  revisions.current = string_at(set->json, {"status", "currentRevision"}, revisions.update);
  templates_.try_emplace({uid_of(set->json), revisions.update}, pod_template);
  const auto pods = pods_by_ordinal(set->json);
  if (replicas_in_place(set->json, pods, revisions) && !is_on_delete(set->json)) {
    update_pods(set->json, pods, revisions);
  }
  write_status(state_.find(kStatefulSets, name.ns, name.name), revisions);
}

std::vector<Snapshot> StatefulSetController::pods_by_ordinal(const Json& set) const {
  std::vector<Snapshot> pods(static_cast<std::size_t>(replicas_of(set)));
  for (const auto& pod : state_.dependents(resources::kPods, uid_of(set))) {
    const auto ordinal = static_cast<std::size_t>(ordinal_of(pod->json));
    if (ordinal >= pods.size()) pods.resize(ordinal + 1);
    pods[ordinal] = pod;
  }
  return pods;
}

bool StatefulSetController::replicas_in_place(const Json& set, const std::vector<Snapshot>& pods,
                                              const Revisions& revisions) {
  const std::int64_t wanted = replicas_of(set);
  const bool ordered = is_ordered(set);
  for (std::int64_t ordinal = 0; ordinal < wanted; ++ordinal) {
    const auto& pod = pods[static_cast<std::size_t>(ordinal)];
    if (!pod) {
      create_pod(set, ordinal, revisions);
      if (ordered) return false;
    } else if (ordered && !pod_is_available(pod->json)) {
      return false;
    }
  }
  for (auto ordinal = static_cast<std::int64_t>(pods.size()) - 1; ordinal >= wanted; --ordinal) {
    const auto& pod = pods[static_cast<std::size_t>(ordinal)];
    if (!pod) continue;
    begin_deletion(state_, resources::kPods, pod, kController);
    if (ordered) return false;
  }
  return true;
}

void StatefulSetController::update_pods(const Json& set, const std::vector<Snapshot>& pods,
                                        const Revisions& revisions) {
  for (std::int64_t ordinal = replicas_of(set) - 1; ordinal >= partition_of(set); --ordinal) {
    const auto& pod = pods[static_cast<std::size_t>(ordinal)];
    if (!pod) return;
    if (label_of(pod->json, kRevisionLabel) != revisions.update && !is_terminating(pod->json)) {
      begin_deletion(state_, resources::kPods, pod, kController);
      return;
    }
    if (!pod_is_available(pod->json)) return;
  }
}

void StatefulSetController::create_pod(const Json& set, std::int64_t ordinal, const Revisions& revisions) {
  const bool keeps_current = !is_on_delete(set) && ordinal < partition_of(set);
  const std::string revision = keeps_current ? revisions.current : revisions.update;
  const auto name = name_of(set);
  Json pod =
      pod_from_template(templates_.at({uid_of(set), revision}), name.ns,
                        name.name + "-" + std::to_string(ordinal), owner_reference(kStatefulSets, set, true));
  auto& labels = pod["metadata"]["labels"];
  labels[std::string(kRevisionLabel)] = revision;
  labels["statefulset.kubernetes.io/pod-name"] = pod["metadata"]["name"];
  labels["apps.kubernetes.io/pod-index"] = std::to_string(ordinal);
  state_.create(resources::kPods, std::move(pod), kController);
}

void StatefulSetController::write_status(const Snapshot& set, const Revisions& revisions) {
  std::int64_t replicas = 0;
  std::int64_t ready = 0;
  std::int64_t current = 0;
  std::int64_t updated = 0;
  for (const auto& pod : state_.dependents(resources::kPods, uid_of(set->json))) {
    ++replicas;
    ready += pod_is_available(pod->json) ? 1 : 0;
    if (is_terminating(pod->json)) continue;
    current += label_of(pod->json, kRevisionLabel) == revisions.current ? 1 : 0;
    updated += label_of(pod->json, kRevisionLabel) == revisions.update ? 1 : 0;
  }
  const bool complete = !is_on_delete(set->json) && updated == replicas && ready == replicas &&
                        replicas == replicas_of(set->json);
  Json after = set->json;
  after["status"] = {{"observedGeneration", integer_at(after, {"metadata", "generation"})},
                     {"replicas", replicas},
                     {"readyReplicas", ready},
                     {"availableReplicas", ready},
                     {"currentReplicas", complete ? updated : current},
                     {"updatedReplicas", updated},
                     {"currentRevision", complete ? revisions.update : revisions.current},
                     {"updateRevision", revisions.update}};
  state_.update(kStatefulSets, set, std::move(after), kController, "status");
}

}  // namespace patchwave::simulation
