#include "tests/simulation/cluster_state.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::simulation {

using kube::NamespacedName;
using kube::Resource;

const std::vector<Resource>& ClusterState::served() {
  static const std::vector<Resource> all{
      resources::kPods,          resources::kNodes,      resources::kServices,
      resources::kNamespaces,    resources::kSecrets,    resources::kDeployments,
      resources::kStatefulSets,  resources::kDaemonSets, resources::kReplicaSets,
      resources::kLeases,        resources::kEvents,     resources::kPodDisruptionBudgets,
      resources::kPatchPolicies, resources::kPatches,    resources::kPatchWaves,
      resources::kPatchApprovals};
  return all;
}

const Resource* ClusterState::resource(std::string_view group, std::string_view version,
                                       std::string_view plural) {
  for (const auto& candidate : served()) {
    if (candidate.plural == plural && candidate.group == group && candidate.version == version) {
      return &candidate;
    }
  }
  return nullptr;
}

Snapshot ClusterState::find(const Resource& resource, std::string_view ns, std::string_view name) const {
  const Objects& objects = all(resource);
  const auto found = objects.find({std::string(ns), std::string(name)});
  return found == objects.end() ? nullptr : found->second;
}

const ClusterState::Objects& ClusterState::all(const Resource& resource) const {
  static const Objects none;
  const auto found = objects_.find(resource.plural);
  return found == objects_.end() ? none : found->second;
}

std::vector<Snapshot> ClusterState::dependents(const Resource& resource, const std::string& uid) const {
  std::vector<Snapshot> result;
  const auto names = owned_.find({resource.plural, uid});
  if (names == owned_.end()) return result;
  const Objects& objects = all(resource);
  result.reserve(names->second.size());
  for (const auto& name : names->second) result.push_back(objects.at(name));
  return result;
}

Snapshot ClusterState::create(const Resource& resource, Json object, const Writer& writer) {
  auto& metadata = object["metadata"];
  metadata["uid"] = fmt::format("00000000-0000-4000-8000-{:012x}", ++last_uid_);
  metadata["creationTimestamp"] = format_time(clock_.now());
  if (resource.kind != "Pod" && object.contains("spec")) metadata["generation"] = 1;
  object["apiVersion"] = resource.api_version();
  object["kind"] = resource.kind;
  metadata["resourceVersion"] = std::to_string(++version_);
  const NamespacedName name = name_of(object);
  auto created = std::make_shared<const Version>(Version{std::move(object), {}});
  commit(resource, name, nullptr, created, writer, "");
  return created;
}

Snapshot ClusterState::update(const Resource& resource, const Snapshot& before, Json after,
                              const Writer& writer, std::string_view subresource) {
  auto& metadata = after["metadata"];
  metadata["resourceVersion"] = before->json["metadata"]["resourceVersion"];
  if (after == before->json) return before;
  metadata["resourceVersion"] = std::to_string(++version_);
  const NamespacedName name = name_of(after);
  auto changed = std::make_shared<const Version>(Version{std::move(after), {}});
  commit(resource, name, before, changed, writer, subresource);
  if (is_terminating(changed->json) && resource.kind != "Pod" &&
      array_at(changed->json, {"metadata", "finalizers"}).empty()) {
    remove(resource, name, writer);
  }
  return changed;
}

void ClusterState::modify(const Resource& resource, const NamespacedName& name, const Writer& writer,
                          std::string_view subresource, const std::function<void(Json&)>& change) {
  const Snapshot before = find(resource, name.ns, name.name);
  if (!before) return;
  Json after = before->json;
  change(after);
  if (resource.kind != "Pod" && after.contains("spec") && after["spec"] != before->json["spec"]) {
    after["metadata"]["generation"] = integer_at(after, {"metadata", "generation"}) + 1;
  }
  update(resource, before, std::move(after), writer, subresource);
}

void ClusterState::remove(const Resource& resource, const NamespacedName& name, const Writer& writer) {
  const Snapshot before = find(resource, name.ns, name.name);
  if (!before) return;
  ++version_;
  commit(resource, name, before, nullptr, writer, "");
}

void ClusterState::commit(const Resource& resource, const NamespacedName& name, Snapshot before,
                          Snapshot after, const Writer& writer, std::string_view subresource) {
  auto& objects = objects_[resource.plural];
  if (!before) {
    index(resource, name, after->json, true);
  } else if (!after) {
    index(resource, name, before->json, false);
  } else if (array_at(before->json, {"metadata", "ownerReferences"}) !=
             array_at(after->json, {"metadata", "ownerReferences"})) {
    index(resource, name, before->json, false);
    index(resource, name, after->json, true);
  }
  if (after) {
    objects[name] = after;
  } else {
    objects.erase(name);
  }
  const Change change{resource, name, std::move(before), std::move(after), writer, std::string(subresource)};
  for (const auto& listener : listeners_) listener(change);
}

void ClusterState::index(const Resource& resource, const NamespacedName& name, const Json& object,
                         bool present) {
  const std::string uid = uid_of(object);
  if (present) {
    uids_.insert(uid);
  } else {
    uids_.erase(uid);
  }
  for (const auto& owner : array_at(object, {"metadata", "ownerReferences"})) {
    const std::pair key{resource.plural, string_at(owner, {"uid"})};
    if (present) {
      owned_[key].insert(name);
      continue;
    }
    const auto found = owned_.find(key);
    if (found == owned_.end()) continue;
    found->second.erase(name);
    if (found->second.empty()) owned_.erase(found);
  }
}

NamespacedName name_of(const Json& object) {
  return {string_at(object, {"metadata", "namespace"}), string_at(object, {"metadata", "name"})};
}

std::string uid_of(const Json& object) {
  return string_at(object, {"metadata", "uid"});
}

Json owner_reference(const Resource& resource, const Json& owner, bool controller) {
  return {{"apiVersion", resource.api_version()},
          {"kind", resource.kind},
          {"name", string_at(owner, {"metadata", "name"})},
          {"uid", uid_of(owner)},
          {"controller", controller},
          {"blockOwnerDeletion", controller}};
}

std::string controller_uid(const Json& object) {
  for (const auto& owner : array_at(object, {"metadata", "ownerReferences"})) {
    if (bool_at(owner, {"controller"})) return string_at(owner, {"uid"});
  }
  return "";
}

namespace {

bool requirement_matches(const Json& requirement, const Json& labels) {
  const std::string key = string_at(requirement, {"key"});
  const std::string op = string_at(requirement, {"operator"});
  const auto label = labels.find(key);
  const bool present = label != labels.end();
  if (op == "Exists") return present;
  if (op == "DoesNotExist") return !present;
  const Json& values = array_at(requirement, {"values"});
  const bool listed = present && std::find(values.begin(), values.end(), *label) != values.end();
  return op == "In" ? listed : !listed;
}

}  // namespace

bool selector_matches(const Json* selector, const Json& labels) {
  if (selector == nullptr) return false;
  for (const auto& [key, value] : object_at(*selector, {"matchLabels"}).items()) {
    const auto label = labels.find(key);
    if (label == labels.end() || *label != value) return false;
  }
  for (const auto& requirement : array_at(*selector, {"matchExpressions"})) {
    if (!requirement_matches(requirement, labels)) return false;
  }
  return true;
}

bool is_terminating(const Json& object) {
  return patchwave::find(object, {"metadata", "deletionTimestamp"}) != nullptr;
}

}  // namespace patchwave::simulation
