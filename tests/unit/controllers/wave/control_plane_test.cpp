#include "controllers/wave/control_plane.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/kube/decode.hpp"

namespace patchwave::wave {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

Json node(const std::string& name, bool ready = true) {
  return {{"metadata",
           {{"name", name}, {"uid", name}, {"labels", {{"node-role.kubernetes.io/control-plane", ""}}}}},
          {"spec", Json::object()},
          {"status",
           {{"conditions",
             {{{"type", "Ready"},
               {"status", ready ? "True" : "False"},
               {"lastTransitionTime", "2026-11-21T02:00:00Z"}}}}}}};
}

Json etcd(const std::string& on, bool ready) {
  return {{"metadata",
           {{"namespace", "kube-system"},
            {"name", "etcd-" + on},
            {"uid", on},
            {"labels", {{"component", "etcd"}}}}},
          {"spec", {{"nodeName", on}}},
          {"status",
           {{"phase", "Running"},
            {"conditions",
             {{{"type", "Ready"},
               {"status", ready ? "True" : "False"},
               {"lastTransitionTime", "2026-11-21T02:00:00Z"}}}}}}};
}

template <class Store>
void put(Store& store, const Json& object) {
  ASSERT_TRUE(store.apply(object));
}

Snapshot of_three(const std::string& lack_of_third = "") {
  Snapshot snapshot;
  snapshot.control_plane = {{"a", ""}, {"b", ""}, {"c", lack_of_third}};
  for (const auto* name : {"a", "b", "c", "worker"}) {
    api::TargetStatus record;
    record.target = {api::TargetKind::Node, "", name, {}};
    snapshot.wave.status.targets.push_back(record);
  }
  return snapshot;
}

TEST(TheControlPlane, IsWholeWhereEachNodeIsReadySchedulableAndHasItsEtcd) {
  inventory::Stores stores;
  put(stores.nodes, node("a"));
  put(stores.nodes, node("b", false));
  auto cordoned = node("c");
  cordoned["spec"]["unschedulable"] = true;
  put(stores.nodes, cordoned);
  put(stores.nodes, node("d"));
  put(stores.pods, etcd("a", true));
  put(stores.pods, etcd("d", false));
  auto worker = node("worker");
  worker["metadata"]["labels"] = Json::object();
  put(stores.nodes, worker);
  EXPECT_THAT(read_control_plane(stores),
              ElementsAre(Pair("a", ""), Pair("b", "is not ready"), Pair("c", "is cordoned"),
                          Pair("d", "has an etcd that is not ready")));
}

TEST(ANodeOfTheControlPlane, MayGoWhileAllOthersAreWhole) {
  EXPECT_FALSE(keeps_control_plane_node(of_three(), "", "a"));
}

TEST(ANodeOfTheControlPlane, StaysWhileAnotherIsNotWhole) {
  EXPECT_EQ(keeps_control_plane_node(of_three("is not ready"), "", "a"),
            "is of the control plane, which goes one node at a time, and c is not ready");
}

TEST(ANodeOfTheControlPlane, StaysWhileTheWaveHasAnotherUnderWayThatDoesNotShowYet) {
  auto snapshot = of_three();
  snapshot.wave.status.targets[1].state = api::TargetState::Claimed;
  EXPECT_EQ(keeps_control_plane_node(snapshot, "", "a"),
            "is of the control plane, which goes one node at a time, and b is being patched");
}

TEST(ANodeOfTheControlPlane, StaysWhenAnotherWasBegunAMomentAgo) {
  EXPECT_TRUE(keeps_control_plane_node(of_three(), "b", "a"));
}

TEST(ANodeOfTheControlPlane, MayGoThoughItIsNotWholeItself) {
  EXPECT_FALSE(keeps_control_plane_node(of_three("is cordoned"), "", "c"));
}

TEST(AnyOtherNode, DoesNotWaitForTheControlPlane) {
  EXPECT_FALSE(keeps_control_plane_node(of_three("is not ready"), "b", "worker"));
}

}  // namespace
}  // namespace patchwave::wave
