#include "controllers/wave/observe.hpp"

#include "controllers/status/status.hpp"
#include "controllers/target/situation.hpp"
#include "operator/kube/decode.hpp"

namespace patchwave::wave {
namespace {

std::map<std::string, std::string> selector_labels(const Json& workload) {
  std::map<std::string, std::string> labels;
  for (const auto& [key, value] : object_at(workload, {"spec", "selector", "matchLabels"}).items()) {
    if (value.is_string()) labels[key] = value.get<std::string>();
  }
  return labels;
}

api::LabelSelector selector_of(const Json& workload) {
  api::LabelSelector selector;
  selector.match_labels = selector_labels(workload);
  for (const auto& expression : array_at(workload, {"spec", "selector", "matchExpressions"})) {
    api::LabelRequirement requirement{
        string_at(expression, {"key"}), string_at(expression, {"operator"}), {}};
    for (const auto& value : array_at(expression, {"values"})) {
      if (value.is_string()) requirement.values.push_back(value.get<std::string>());
    }
    selector.match_expressions.push_back(std::move(requirement));
  }
  return selector;
}

std::vector<kube::PodView> pods_of(const inventory::Stores& stores, const api::TargetStatus& record,
                                   const target::LiveTarget& live) {
  if (!live.workload && !live.canary) return {};
  const auto primary = live.workload ? std::optional(selector_of(*live.workload)) : std::nullopt;
  const auto canary = live.canary ? std::optional(selector_of(*live.canary)) : std::nullopt;
  return stores.pods.select(record.target.ns, [&](const std::map<std::string, std::string>& labels) {
    return (primary && primary->matches(labels)) || (canary && canary->matches(labels));
  });
}

Result<std::optional<Json>> get_if_there(const kube::Client& client, const kube::Resource& resource,
                                         const std::string& ns, const std::string& name) {
  auto object = client.get(resource, ns, name);
  if (object) return std::move(*object);
  if (status::is_gone(object.error())) return std::optional<Json>();
  return fail(std::move(object.error()));
}

const kube::ObjectStore& store_of(const inventory::Stores& stores, api::TargetKind kind) {
  switch (kind) {
    case api::TargetKind::Deployment:
      return stores.deployments;
    case api::TargetKind::StatefulSet:
      return stores.stateful_sets;
    case api::TargetKind::DaemonSet:
      return stores.daemon_sets;
    case api::TargetKind::Node:  // Is no workload: see observe_node.hpp.
      break;
  }
  return stores.deployments;
}

}  // namespace

Result<target::LiveTarget> read_live(const kube::Client& client, const inventory::Stores& stores,
                                     const api::TargetStatus& record) {
  const auto& [kind, ns, name, containers] = record.target;
  target::LiveTarget live;
  auto workload = get_if_there(client, target::resource_of(kind), ns, name);
  if (!workload) return fail(std::move(workload.error()));
  live.workload = std::move(*workload);

  const bool may_have_canary =
      kind == api::TargetKind::Deployment && record.state != api::TargetState::Pending;
  if (may_have_canary) {
    auto canary = get_if_there(client, kube::resources::kDeployments, ns, target::canary_name(name));
    if (!canary) return fail(std::move(canary.error()));
    live.canary = std::move(*canary);
  }
  if (may_have_canary && record.state == api::TargetState::Canary) {
    auto services = client.list(kube::resources::kServices, ns);
    if (!services) return fail(std::move(services.error()));
    for (const auto& service : array_at(*services, {"items"})) live.services.push_back(service);
  }
  live.pods = pods_of(stores, record, live);
  return live;
}

Result<void> read_pods_live(const kube::Client& client, const api::TargetStatus& record,
                            target::LiveTarget& live) {
  std::map<std::string, kube::PodView> pods;  // By name: both selectors may take the same pod.
  for (const auto* owner : {&live.workload, &live.canary}) {
    if (!*owner) continue;
    kube::ListOptions options;
    options.label_selector = selector_of(**owner).query();
    const auto listed = client.list(kube::resources::kPods, record.target.ns, options);
    if (!listed) return fail(listed.error());
    for (const auto& item : array_at(*listed, {"items"})) {
      auto pod = kube::decode_pod(item.dump());
      if (!pod) return fail(std::move(pod.error()));
      pods.insert_or_assign(pod->name, std::move(*pod));
    }
  }
  live.pods.clear();
  for (auto& [name, pod] : pods) live.pods.push_back(std::move(pod));
  return {};
}

target::LiveTarget read_cached(const inventory::Stores& stores, const api::TargetStatus& record) {
  target::LiveTarget cached;
  const auto& store = store_of(stores, record.target.kind);
  if (const auto workload = store.get(record.target.ns, record.target.name)) cached.workload = *workload;
  if (record.target.kind == api::TargetKind::Deployment) {
    if (const auto canary = store.get(record.target.ns, target::canary_name(record.target.name))) {
      cached.canary = *canary;
    }
  }
  cached.pods = pods_of(stores, record, cached);
  return cached;
}

}  // namespace patchwave::wave
