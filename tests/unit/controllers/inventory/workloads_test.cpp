#include "controllers/inventory/workloads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::inventory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Json object(const std::string& ns, const std::string& name) {
  Json metadata = {{"name", name}, {"resourceVersion", "1"}, {"uid", ns + "/" + name}};
  if (!ns.empty()) metadata["namespace"] = ns;
  return {{"metadata", metadata}};
}

Json workload_object(const std::string& ns, const std::string& name) {
  auto workload = object(ns, name);
  workload["spec"]["template"]["spec"]["containers"] = {
      {{"name", "web"}, {"image", "r.example.com/web:1.4.2"}}};
  return workload;
}

class Workloads : public testing::Test {
 protected:
  void SetUp() override {
    auto shop = object("", "shop");
    shop["metadata"]["labels"] = {{"team", "storefront"}};
    add(stores.namespaces, shop);
  }
  static void add(kube::ObjectStore& store, const Json& json) { ASSERT_TRUE(store.apply(json)); }
  std::vector<std::string> names(std::string_view ns = "") {
    std::vector<std::string> found;
    for (const auto& workload : workloads(stores, ns)) found.push_back(workload.ns + "/" + workload.name);
    return found;
  }

  Stores stores;
};

TEST_F(Workloads, ReadsWhatPlanningNeedsOfADeployment) {
  auto deployment = workload_object("shop", "web");
  deployment["metadata"]["labels"] = {{"tier", "web"}};
  deployment["spec"]["replicas"] = 4;
  deployment["spec"]["template"]["spec"]["initContainers"] = {
      {{"name", "migrate"}, {"image", "r.example.com/migrate:2"}}};
  add(stores.deployments, deployment);
  const auto found = workloads(stores, "");
  ASSERT_EQ(found.size(), 1U);
  api::Workload expected;
  expected.kind = api::TargetKind::Deployment;
  expected.ns = "shop";
  expected.name = "web";
  expected.labels = {{"tier", "web"}};
  expected.namespace_labels = {{"team", "storefront"}};
  expected.containers = {{"migrate", "r.example.com/migrate:2"}, {"web", "r.example.com/web:1.4.2"}};
  expected.replicas = 4;
  EXPECT_EQ(found.front(), expected);
}

TEST_F(Workloads, TakesOneCopyForTheDefault) {
  add(stores.stateful_sets, workload_object("shop", "db"));
  EXPECT_EQ(workloads(stores, "").at(0).replicas, 1);
}

TEST_F(Workloads, CountsTheNodesOfADaemonSet) {
  auto agent = workload_object("shop", "agent");
  agent["status"]["desiredNumberScheduled"] = 7;
  add(stores.daemon_sets, agent);
  const auto found = workloads(stores, "");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, api::TargetKind::DaemonSet);
  EXPECT_EQ(found.front().replicas, 7);
}

TEST_F(Workloads, ComeInOrderOfKindAndName) {
  add(stores.daemon_sets, workload_object("shop", "agent"));
  add(stores.stateful_sets, workload_object("shop", "db"));
  add(stores.deployments, workload_object("shop", "web"));
  add(stores.deployments, workload_object("shop", "cart"));
  EXPECT_THAT(names(), ElementsAre("shop/cart", "shop/web", "shop/db", "shop/agent"));
}

TEST_F(Workloads, AreThoseOfOneNamespaceWhenOneIsNamed) {
  add(stores.namespaces, object("", "bank"));
  add(stores.deployments, workload_object("shop", "web"));
  add(stores.deployments, workload_object("bank", "ledger"));
  EXPECT_THAT(names("bank"), ElementsAre("bank/ledger"));
  EXPECT_THAT(names(), ElementsAre("bank/ledger", "shop/web"));
}

TEST_F(Workloads, LeaveOutCanaryCopies) {
  auto canary = workload_object("shop", "web-patchwave-canary");
  canary["metadata"]["labels"] = {{std::string(api::kTrackLabel), "canary"}};
  add(stores.deployments, canary);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Workloads, LeaveOutWhatIsBeingDeleted) {
  auto going = workload_object("shop", "web");
  going["metadata"]["deletionTimestamp"] = "2026-11-21T00:00:00Z";
  add(stores.deployments, going);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Workloads, LeaveOutNamespacesWhoseLabelsAreNotKnown) {
  add(stores.deployments, workload_object("elsewhere", "web"));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Workloads, LeaveOutNamespacesThatAreBeingDeleted) {
  auto going = object("", "going");
  going["metadata"]["deletionTimestamp"] = "2026-11-21T00:00:00Z";
  add(stores.namespaces, going);
  add(stores.deployments, workload_object("going", "web"));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(Workloads, SurviveObjectsOfAnUnexpectedShape) {
  auto odd = object("shop", "odd");
  odd["metadata"]["labels"] = {{"number", 7}};
  odd["spec"] = {{"replicas", "many"},
                 {"template", {{"spec", {{"containers", {1, "text", Json::object()}}}}}}};
  add(stores.deployments, odd);
  const auto found = workloads(stores, "");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.front().containers, IsEmpty());
  EXPECT_EQ(found.front().replicas, 1);
}

}  // namespace
}  // namespace patchwave::inventory
