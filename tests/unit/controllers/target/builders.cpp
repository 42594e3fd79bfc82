#include "tests/unit/controllers/target/builders.hpp"

#include "controllers/target/canary.hpp"
#include "controllers/target/claim.hpp"
#include "controllers/target/managed_fields.hpp"
#include "operator/base/time.hpp"

namespace patchwave::target::testing {
namespace {

using api::TargetKind;
using api::TargetState;

Json template_of_web() {
  return {{"metadata", {{"labels", {{"app", "web"}, {"tier", "front"}}}}},
          {"spec", {{"containers", Json::array({Json{{"name", "web"}, {"image", kOldImage}}})}}}};
}

Json ready_status(TargetKind kind, int copies) {
  if (kind == TargetKind::DaemonSet) {
    return {{"observedGeneration", 1}, {"desiredNumberScheduled", copies}, {"numberReady", copies}};
  }
  return {{"observedGeneration", 1},
          {"replicas", copies},
          {"updatedReplicas", copies},
          {"readyReplicas", copies},
          {"availableReplicas", copies}};
}

const Json* find_operation(const Act& act, const std::string& pointer, bool test) {
  const auto* patch = std::get_if<PatchWorkload>(&act.what);
  if (patch == nullptr) return nullptr;
  for (const auto& operation : patch->operations) {
    if (operation.at("path") == pointer && (operation.at("op") == "test") == test) return &operation;
  }
  return nullptr;
}

}  // namespace

kube::PodView pod(const std::string& name, const PodOptions& options) {
  kube::PodView view;
  view.ns = "shop";
  view.name = name;
  view.uid = "uid-of-" + name;
  view.node = options.node;
  view.owner_uid = kUid;
  view.phase = "Running";
  if (!options.revision.empty()) view.labels["controller-revision-hash"] = options.revision;
  if (options.ready) view.ready_since = options.ready_since;
  view.terminating = options.terminating;
  kube::ContainerView container;
  container.name = "web";
  container.image = options.image;
  container.ready = options.ready;
  view.containers.push_back(container);
  return view;
}

Given::Given(TargetKind kind, int copies) {
  record.target = {kind, "shop", "web", {"web"}};
  Json workload = {
      {"metadata",
       {{"name", "web"}, {"namespace", "shop"}, {"uid", kUid}, {"resourceVersion", "7"}, {"generation", 1}}},
      {"spec",
       {{"selector", {{"matchLabels", {{"app", "web"}, {"tier", "front"}}}}},
        {"template", template_of_web()}}},
      {"status", ready_status(kind, copies)}};
  if (kind != TargetKind::DaemonSet) workload["spec"]["replicas"] = copies;
  if (kind != TargetKind::Deployment) workload["spec"]["updateStrategy"]["type"] = "RollingUpdate";
  if (kind == TargetKind::StatefulSet) {
    workload["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 0;
  }
  live.workload = std::move(workload);
  for (int i = 0; i < copies; ++i) {
    live.pods.push_back(
        pod("web-" + std::to_string(i), {.node = "node-" + std::to_string(i), .revision = "old"}));
  }
}

Given& Given::in(TargetState state, int canary_replicas) {
  record.before = seen().current;
  record.uid = kUid;
  record.after_image = kNewImage;
  record.state = state;
  record.state_since_time = kNow - seconds(60);
  record.canary_replicas = canary_replicas;
  return *this;
}

Given& Given::claimed(const std::string& by) {
  Json& annotations = (*live.workload)["metadata"]["annotations"];
  annotations[std::string(api::kClaimAnnotation)] = by;
  annotations[std::string(kImagesBeforeAnnotation)] = images_before(*live.workload);
  return *this;
}

Given& Given::image(const std::string& value) {
  (*live.workload)["spec"]["template"]["spec"]["containers"][0]["image"] = value;
  return *this;
}

Given& Given::partition(int value) {
  (*live.workload)["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = value;
  return *this;
}

Given& Given::strategy(const std::string& type) {
  (*live.workload)["spec"]["updateStrategy"] = {{"type", type}};
  return *this;
}

Given& Given::written_by(const std::string& manager, Time time) {
  Json fields = Json::object();
  const FieldPath path = image_field("web", false);
  for (auto key = path.rbegin(); key != path.rend(); ++key) fields = Json::object({{*key, fields}});
  (*live.workload)["metadata"]["managedFields"].push_back(
      {{"manager", manager}, {"operation", "Update"}, {"time", format_time(time)}, {"fieldsV1", fields}});
  return *this;
}

Given& Given::pods(std::vector<kube::PodView> views) {
  live.pods = std::move(views);
  return *this;
}

Given& Given::canary(int replicas, const std::string& claim) {
  Json copy = build_canary({.target = record.target,
                            .primary = *live.workload,
                            .services = live.services,
                            .image = kNewImage,
                            .replicas = replicas,
                            .claim = claim});
  copy["metadata"]["uid"] = "canary-uid";
  copy["status"] = ready_status(TargetKind::Deployment, replicas);
  live.canary = std::move(copy);
  for (int i = 0; i < replicas; ++i) {
    live.pods.push_back(pod("web-patchwave-canary-" + std::to_string(i), {.image = kNewImage}));
    live.pods.back().owner_uid = "canary-replica-set-uid";
  }
  return *this;
}

Given& Given::controller_is_behind() {
  (*live.workload)["metadata"]["generation"] = 2;
  return *this;
}

Given given(TargetKind kind, int copies) {
  return Given(kind, copies);
}

Json written(const Act& act, const std::string& pointer) {
  const Json* operation = find_operation(act, pointer, false);
  return operation != nullptr && operation->contains("value") ? operation->at("value") : Json();
}

Json tested(const Act& act, const std::string& pointer) {
  const Json* operation = find_operation(act, pointer, true);
  return operation != nullptr ? operation->at("value") : Json();
}

bool removes(const Act& act, const std::string& pointer) {
  const Json* operation = find_operation(act, pointer, false);
  return operation != nullptr && operation->at("op") == "remove";
}

std::vector<std::string> evicted(const std::vector<Act>& acts) {
  std::vector<std::string> names;
  for (const auto& act : acts) {
    if (const auto* eviction = as<EvictPod>(act)) names.push_back(eviction->name);
  }
  return names;
}

}  // namespace patchwave::target::testing
