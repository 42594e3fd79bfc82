// A cluster with a few nodes and a plain client, for tests of the simulator itself.
#pragma once

#include <gtest/gtest.h>

#include <chrono>

#include "tests/simulation/cluster.hpp"
#include "tests/simulation/objects.hpp"

namespace patchwave::simulation {

class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest() {
    for (const auto* node : {"node-a", "node-b", "node-c"}) cluster.kubelets.add_node(node);
  }

  http::Response send(const std::string& method, const std::string& target, const Json& body = nullptr,
                      const std::string& type = "application/json") {
    http::Request request{method, target, {{"Content-Type", type}}, body.is_null() ? "" : body.dump()};
    return cluster.api.handle(request, {Actor::Person, "kubectl"});
  }
  Json body_of(const http::Response& response) { return Json::parse(response.body); }
  Json get(const std::string& target) { return body_of(send("GET", target)); }
  http::Response json_patch(const std::string& target, const Json& operations) {
    return send("PATCH", target, operations, "application/json-patch+json");
  }
  http::Response merge_patch(const std::string& target, const Json& patch) {
    return send("PATCH", target, patch, "application/merge-patch+json");
  }
  http::Response apply(const std::string& target, const std::string& manager, Json configuration) {
    return send("PATCH", target + "?fieldManager=" + manager, configuration, "application/apply-patch+yaml");
  }
  void run(std::chrono::seconds span) { cluster.agenda.run_for(span); }

  std::vector<Json> pods(const std::string& app) {
    return get("/api/v1/namespaces/shop/pods?labelSelector=app%3D" + app)["items"].get<std::vector<Json>>();
  }
  int ready_pods(const std::string& app, const std::string& image) {
    int ready = 0;
    for (const auto& pod : pods(app))
      ready += pod_is_ready(pod) && pod["spec"]["containers"][0]["image"] == image;
    return ready;
  }

  Random random{7};
  Cluster cluster{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)), random};
};

inline const std::string kDeployments = "/apis/apps/v1/namespaces/shop/deployments";
inline const std::string kStatefulSets = "/apis/apps/v1/namespaces/shop/statefulsets";
inline const std::string kDaemonSets = "/apis/apps/v1/namespaces/shop/daemonsets";
inline const std::string kPods = "/api/v1/namespaces/shop/pods";
inline const std::string kBudgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets";
inline const std::string kWaves = "/apis/patchwave.dev/v1alpha1/namespaces/shop/patchwaves";

}  // namespace patchwave::simulation
