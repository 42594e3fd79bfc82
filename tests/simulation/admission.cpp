#include "tests/simulation/admission.hpp"

#include <array>

#include "tests/simulation/api_errors.hpp"
#include "tests/simulation/cluster_state.hpp"

namespace patchwave::simulation {
namespace {

void set_default(Json& object, const char* key, Json value) {
  if (!object.contains(key) || object[key].is_null()) object[key] = std::move(value);
}

bool is_workload(const kube::Resource& resource) {
  return resource == resources::kDeployments || resource == resources::kStatefulSets ||
         resource == resources::kDaemonSets;
}

void set_strategy_defaults(Json& spec, const char* field, const Json& rolling) {
  set_default(spec, field, Json::object());
  Json& strategy = spec[field];
  set_default(strategy, "type", "RollingUpdate");
  if (strategy["type"] != "RollingUpdate") return;
  set_default(strategy, "rollingUpdate", Json::object());
  for (const auto& [key, value] : rolling.items()) set_default(strategy["rollingUpdate"], key.c_str(), value);
}

void set_template_defaults(Json& spec) {
  if (find(spec, {"template", "spec"}) == nullptr) return;
  Json& pod = spec["template"]["spec"];
  set_default(pod, "restartPolicy", "Always");
  set_default(pod, "terminationGracePeriodSeconds", 30);
  for (const auto* list : {"containers", "initContainers"}) {
    if (!pod.contains(list)) continue;
    for (auto& container : pod[list]) set_default(container, "imagePullPolicy", "IfNotPresent");
  }
}

std::optional<http::Response> template_refusal(const kube::Resource& resource, const Json& object) {
  const std::string name = name_of(object).name;
  const Json& labels = object_at(object, {"spec", "template", "metadata", "labels"});
  if (!selector_matches(find(object, {"spec", "selector"}), labels)) {
    return invalid(resource, name, "spec.template.metadata.labels",
                   "Invalid value: " + labels.dump() + ": `selector` does not match template `labels`");
  }
  int index = 0;
  const Json& containers = array_at(object, {"spec", "template", "spec", "containers"});
  if (containers.empty()) return invalid(resource, name, "spec.template.spec.containers", "Required value");
  for (const auto& container : containers) {
    if (string_at(container, {"image"}).empty()) {
      return invalid(resource, name, "spec.template.spec.containers[" + std::to_string(index) + "].image",
                     "Required value");
    }
    ++index;
  }
  return std::nullopt;
}

std::optional<http::Response> stateful_set_refusal(const Json* before, const Json& after) {
  const std::string name = name_of(after).name;
  const Json& strategy = object_at(after, {"spec", "updateStrategy"});
  if (string_at(strategy, {"type"}) == "OnDelete" && find(strategy, {"rollingUpdate"}) != nullptr) {
    return invalid(resources::kStatefulSets, name, "spec.updateStrategy.rollingUpdate",
                   "Invalid value: only allowed for updateStrategy 'RollingUpdate'");
  }
  if (before == nullptr) return std::nullopt;
  Json old_spec = (*before)["spec"];
  Json new_spec = after["spec"];
  for (const auto* changeable : {"replicas", "ordinals", "template", "updateStrategy", "minReadySeconds",
                                 "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy"}) {
    old_spec.erase(changeable);
    new_spec.erase(changeable);
  }
  if (old_spec == new_spec) return std::nullopt;
  return invalid(
      resources::kStatefulSets, name, "spec",
      "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
      "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
      "'minReadySeconds' are forbidden");
}

/// The CEL rule of the CRD: all but `suspend` and `cancel` is fixed, and a cancel is not taken back.
std::optional<http::Response> wave_refusal(const Json* before, const Json& after) {
  if (before == nullptr) return std::nullopt;
  Json old_spec = (*before)["spec"];
  Json new_spec = after["spec"];
  const bool uncancelled = bool_at(old_spec, {"cancel"}) && !bool_at(new_spec, {"cancel"});
  for (auto* spec : {&old_spec, &new_spec}) {
    spec->erase("suspend");
    spec->erase("cancel");
  }
  if (old_spec == new_spec && !uncancelled) return std::nullopt;
  return invalid(resources::kPatchWaves, name_of(after).name, "spec",
                 "Invalid value: spec is immutable but for suspend and cancel");
}

}  // namespace

void set_defaults(const kube::Resource& resource, Json& object) {
  if (!is_workload(resource) || !object.contains("spec") || !object["spec"].is_object()) return;
  Json& spec = object["spec"];
  set_template_defaults(spec);
  if (resource == resources::kDeployments) {
    set_default(spec, "replicas", 1);
    set_default(spec, "progressDeadlineSeconds", 600);
    set_strategy_defaults(spec, "strategy", {{"maxSurge", "25%"}, {"maxUnavailable", "25%"}});
  } else if (resource == resources::kStatefulSets) {
    set_default(spec, "replicas", 1);
    set_default(spec, "podManagementPolicy", "OrderedReady");
    set_strategy_defaults(spec, "updateStrategy", {{"partition", 0}});
  } else {
    set_strategy_defaults(spec, "updateStrategy", {{"maxSurge", 0}, {"maxUnavailable", 1}});
  }
}

std::optional<http::Response> refusal(const kube::Resource& resource, const Json* before, const Json& after) {
  if (resource == resources::kPatchWaves) return wave_refusal(before, after);
  if (!is_workload(resource)) return std::nullopt;
  const Json* selector = before == nullptr ? nullptr : find(*before, {"spec", "selector"});
  if (selector != nullptr && *selector != object_at(after, {"spec", "selector"})) {
    return invalid(resource, name_of(after).name, "spec.selector", "Invalid value: field is immutable");
  }
  if (auto refused = template_refusal(resource, after)) return refused;
  return resource == resources::kStatefulSets ? stateful_set_refusal(before, after) : std::nullopt;
}

}  // namespace patchwave::simulation
