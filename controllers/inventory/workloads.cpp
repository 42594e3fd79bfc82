#include "controllers/inventory/workloads.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "controllers/api/node_pool.hpp"
#include "operator/base/json.hpp"

namespace patchwave::inventory {
namespace {

using Labels = std::map<std::string, std::string>;

constexpr std::string_view kCanary = "canary";

bool is_being_deleted(const Json& object) {
  return find(object, {"metadata", "deletionTimestamp"}) != nullptr;
}

Labels labels_of(const Json& object) {
  Labels labels;
  for (const auto& [key, value] : object_at(object, {"metadata", "labels"}).items()) {
    if (value.is_string()) labels.emplace(key, value.get<std::string>());
  }
  return labels;
}

bool is_canary_copy(const Labels& labels) {
  const auto track = labels.find(std::string(api::kTrackLabel));
  return track != labels.end() && track->second == kCanary;
}

void append_containers(std::vector<api::Workload::Container>& containers, const Json& list) {
  for (const auto& container : list) {
    auto name = string_at(container, {"name"});
    if (!name.empty()) containers.push_back({std::move(name), string_at(container, {"image"})});
  }
}

int wanted_copies(api::TargetKind kind, const Json& object) {
  const auto copies = kind == api::TargetKind::DaemonSet
                          ? integer_at(object, {"status", "desiredNumberScheduled"}, 0)
                          : integer_at(object, {"spec", "replicas"}, 1);
  return static_cast<int>(std::clamp<std::int64_t>(copies, 0, std::numeric_limits<int>::max()));
}

std::optional<api::Workload> workload_of(api::TargetKind kind, const Json& object) {
  api::Workload workload;
  workload.labels = labels_of(object);
  if (is_being_deleted(object) || is_canary_copy(workload.labels)) return std::nullopt;
  workload.kind = kind;
  workload.ns = string_at(object, {"metadata", "namespace"});
  workload.name = string_at(object, {"metadata", "name"});
  append_containers(workload.containers, array_at(object, {"spec", "template", "spec", "initContainers"}));
  append_containers(workload.containers, array_at(object, {"spec", "template", "spec", "containers"}));
  workload.replicas = wanted_copies(kind, object);
  return workload;
}

/// Labels of each namespace, read once for all of its workloads.
class Namespaces {
 public:
  explicit Namespaces(const kube::ObjectStore& store) : store_(store) {}

  // nullptr when nothing may be done in the namespace.
  const Labels* labels(const std::string& name) {
    auto [known, is_new] = known_.try_emplace(name);
    if (is_new) {
      const auto object = store_.get("", name);
      if (object && !is_being_deleted(*object)) known->second = labels_of(*object);
    }
    return known->second ? &*known->second : nullptr;
  }

 private:
  const kube::ObjectStore& store_;
  std::map<std::string, std::optional<Labels>> known_;
};

}  // namespace

std::vector<api::Workload> workloads(const Stores& stores, std::string_view ns) {
  std::vector<api::Workload> found;
  Namespaces namespaces(stores.namespaces);
  const auto append = [&](api::TargetKind kind, const kube::ObjectStore& store) {
    for (const auto& object : store.list(ns)) {
      auto workload = object ? workload_of(kind, *object) : std::nullopt;
      if (!workload) continue;
      const auto* labels = namespaces.labels(workload->ns);
      if (labels == nullptr) continue;
      workload->namespace_labels = *labels;
      found.push_back(std::move(*workload));
    }
  };
  append(api::TargetKind::Deployment, stores.deployments);
  append(api::TargetKind::StatefulSet, stores.stateful_sets);
  append(api::TargetKind::DaemonSet, stores.daemon_sets);
  return found;
}

std::vector<api::Workload> nodes(const Stores& stores) {
  std::vector<api::Workload> found;
  for (auto& node : stores.nodes.list()) {
    if (node.terminating) continue;
    api::Workload workload;
    workload.kind = api::TargetKind::Node;
    workload.name = std::move(node.name);
    workload.labels = std::move(node.labels);
    workload.replicas = 1;
    if (const auto by = node.annotations.find(std::string(api::kPatchedByAnnotation));
        by != node.annotations.end()) {
      workload.patched_by = by->second;
    }
    found.push_back(std::move(workload));
  }
  return found;
}

}  // namespace patchwave::inventory
