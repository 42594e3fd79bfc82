// Nodes, pods and budgets to drain, in few words.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "controllers/drain/drain.hpp"
#include "operator/base/time.hpp"

namespace patchwave::drain {

inline const Time kNow = *parse_time("2026-11-21T02:00:00Z");
inline const std::string kOwner = "shop/workers-canary/u-1";

inline Node given_node(const std::string& name = "n7") {
  Node node;
  node.name = name;
  node.uid = name + "-uid";
  node.ready = true;
  node.allocatable = {4000, 8LL << 30, 110};
  return node;
}

/// A node under our cordon since `since`.
inline Node given_cordoned(Time since = kNow) {
  Node node = given_node();
  node.cordon.unschedulable = true;
  node.cordon.annotated = true;
  node.cordon.record = CordonRecord{kOwner, "patch", since, false, 0};
  return node;
}

/// A ready pod of a ReplicaSet, with the label app=<name without its last part>.
inline Pod given_pod(const std::string& name, const std::string& node = "n7") {
  Pod pod;
  pod.ns = "shop";
  pod.name = name;
  pod.uid = name + "-uid";
  pod.node = node;
  pod.owner_kind = "ReplicaSet";
  pod.phase = "Running";
  pod.ready = true;
  pod.labels = {{"app", name.substr(0, name.rfind('-'))}};
  pod.requests = {100, 64LL << 20, 1};
  return pod;
}

inline Budget given_budget(const std::string& app, std::int64_t desired, std::int64_t healthy,
                           std::int64_t expected) {
  Budget budget;
  budget.ns = "shop";
  budget.name = app;
  budget.selector = api::LabelSelector{{{"app", app}}, {}};
  budget.desired_healthy = desired;
  budget.current_healthy = healthy;
  budget.expected_pods = expected;
  budget.disruptions_allowed = std::max<std::int64_t>(0, healthy - desired);
  return budget;
}

inline Order given_order() {
  return {kOwner, "patch", "n7-uid", {}};
}

inline Step step_of(const Snapshot& snapshot, const Progress& progress = {}, Time now = kNow,
                    const Order& order = given_order()) {
  return next_step(order, snapshot, progress, now);
}

inline std::vector<std::string> names_of(const std::vector<Eviction>& evictions) {
  std::vector<std::string> names;
  for (const auto& each : evictions) names.push_back(each.name);
  return names;
}

}  // namespace patchwave::drain
