#include "operator/kube/decode.hpp"
#include "operator/kube/node_store.hpp"
#include "operator/kube/object_store.hpp"
#include "operator/kube/pod_store.hpp"
#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json full_pod() {
  return Json::parse(R"({
    "apiVersion": "v1", "kind": "Pod",
    "metadata": {"name": "web-1", "namespace": "shop", "uid": "u1", "resourceVersion": "99999999999999999999",
      "creationTimestamp": "2026-11-21T01:00:00Z", "labels": {"app": "web", "tier": "front\nend"},
      "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
      "ownerReferences": [{"kind": "Other", "name": "o", "uid": "ou"},
                          {"kind": "ReplicaSet", "name": "web-abc", "uid": "rs1", "controller": true}]},
    "spec": {"nodeName": "n1", "unknownNewField": {"deep": [1, 2, {"x": null}]},
      "containers": [{"name": "web", "image": "registry.example.com/web:1.4.2"}, {"name": "side", "image": "s"}],
      "initContainers": [{"name": "setup", "image": "i"}]},
    "status": {"phase": "Running",
      "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-21T01:02:03Z"},
                     {"type": "PodScheduled", "status": "True"}],
      "initContainerStatuses": [{"name": "setup", "ready": true, "restartCount": 0,
                                 "state": {"terminated": {"reason": "Completed"}}}],
      "containerStatuses": [
        {"name": "side", "imageID": "sha256:s", "ready": false, "restartCount": 4, "started": false,
         "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
         "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}},
        {"name": "web", "imageID": "registry.example.com/web@sha256:abc", "ready": true, "started": true,
         "restartCount": 0, "state": {"running": {}}}]}})");
}

TEST(DecodePod, ProjectsWhatTheOperatorSees) {
  const auto decoded = decode_pod(print_json(full_pod()));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->ns, "shop");
  EXPECT_EQ(decoded->node, "n1");
  EXPECT_EQ(decoded->owner_uid, "rs1");
  EXPECT_EQ(decoded->labels.at("tier"), "front\nend");
  EXPECT_EQ(decoded->ready_since, kStart - std::chrono::hours(1) + seconds(123));
  EXPECT_TRUE(decoded->ready());
  ASSERT_EQ(decoded->containers.size(), 3U);
}

TEST(DecodePod, JoinsStatusesToTheirContainersByName) {
  const auto decoded = *decode_pod(print_json(full_pod()));
  const ContainerView& web = decoded.containers[0];
  const ContainerView& side = decoded.containers[1];
  const ContainerView& setup = decoded.containers[2];
  EXPECT_EQ(web.image, "registry.example.com/web:1.4.2");
  EXPECT_EQ(web.image_id, "registry.example.com/web@sha256:abc");
  EXPECT_TRUE(web.ready);
  EXPECT_EQ(side.waiting_reason, "CrashLoopBackOff");
  EXPECT_EQ(side.waiting_message, "back-off 40s");
  EXPECT_EQ(side.terminated_reason, "OOMKilled");
  EXPECT_EQ(side.restarts, 4);
  EXPECT_TRUE(setup.init);
  EXPECT_EQ(setup.terminated_reason, "Completed");
}

TEST(DecodePod, TakesNullForMissing) {
  const auto decoded = decode_pod(
      R"({"metadata":{"name":"p","namespace":null,"labels":null,"ownerReferences":null,"deletionTimestamp":null},)"
      R"("spec":null,"status":{"conditions":null,"containerStatuses":null}})");
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_FALSE(decoded->terminating);
}

TEST(DecodePod, IsNotReadyWhileItTerminates) {
  Json json = full_pod();
  json["metadata"]["deletionTimestamp"] = "2026-11-21T02:00:00Z";
  EXPECT_FALSE(decode_pod(print_json(json))->ready());
}

TEST(DecodePod, BoundsForeignMessagesWithoutCuttingACharacter) {
  Json json = full_pod();
  std::string message(kMaxMessage - 1, 'x');
  message += "\u00e9\u00e9";
  json["status"]["containerStatuses"][0]["state"]["waiting"]["message"] = message;
  EXPECT_EQ(decode_pod(print_json(json))->containers[1].waiting_message, std::string(kMaxMessage - 1, 'x'));
}

TEST(DecodePod, RefusesWhatIsNoPod) {
  for (const std::string_view text :
       {"", "{", "[]", "null", R"({"metadata":{}})", R"({"metadata":{"name":"x")"}) {
    EXPECT_FALSE(decode_pod(text)) << text;
  }
}

TEST(DecodeNode, ProjectsWhatTheOperatorSees) {
  const auto node = decode_node(R"({"metadata":{"name":"n1","uid":"u","labels":{"pool":"workers"},
    "annotations":{"patchwave.dev/lock":"w1","noise":"x"}},
    "spec":{"unschedulable":true,"providerID":"p://1","taints":[{"key":"k","value":"v","effect":"NoSchedule"}]},
    "status":{"conditions":[{"type":"Ready","status":"True","lastHeartbeatTime":"2026-11-21T02:00:09Z",
    "lastTransitionTime":"2026-11-21T02:00:00Z"}],"nodeInfo":{"bootID":"b1","kernelVersion":"6.1"}}})");
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_THAT(node->annotations, ElementsAre(std::pair("patchwave.dev/lock", "w1")));
  EXPECT_THAT(node->taints, ElementsAre(Taint{"k", "v", "NoSchedule"}));
  EXPECT_EQ(node->ready_since, kStart);
  EXPECT_EQ(node->boot_id, "b1");
  EXPECT_TRUE(node->unschedulable);
}

/// A store of pods and what its handler heard, as "before>after" of node names ("-": no pod).
struct Heard {
  PodStore store;
  std::vector<std::string> changes;
  Heard() {
    store.on_change([this](const PodView* before, const PodView* after) {
      const auto shown = [](const PodView* view) {
        return view == nullptr ? "-" : view->name + "@" + view->node;
      };
      changes.push_back(shown(before) + ">" + shown(after));
    });
  }
};

Json pod_on(const std::string& name, const std::string& node, const std::string& version = "1") {
  Json made = pod("shop", name, version);
  made["spec"] = {{"nodeName", node}};
  return made;
}

TEST(PodStore, GivesBackWhatItWasGiven) {
  PodStore store;
  ASSERT_TRUE(store.apply(full_pod()));
  const auto kept = store.get("shop", "web-1");
  const auto decoded = *decode_pod(print_json(full_pod()));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->labels, decoded.labels);
  EXPECT_EQ(kept->uid, decoded.uid);
  EXPECT_EQ(kept->owner_name, decoded.owner_name);
  EXPECT_EQ(kept->ready_since, decoded.ready_since);
  ASSERT_EQ(kept->containers.size(), decoded.containers.size());
  EXPECT_EQ(kept->containers[1].waiting_reason, decoded.containers[1].waiting_reason);
  EXPECT_EQ(kept->containers[0].image, decoded.containers[0].image);
}

TEST(PodStore, TellsOldAndNewOfAChange) {
  Heard t;
  ASSERT_TRUE(t.store.apply(pod_on("a", "n1")));
  ASSERT_TRUE(t.store.apply(pod_on("a", "n2")));
  t.store.remove(NamespacedName{"shop", "a"});
  EXPECT_THAT(t.changes, ElementsAre("->a@n1", "a@n1>a@n2", "a@n2>-"));
}

TEST(PodStore, IsSilentWhenNothingItKeepsHasChanged) {
  Heard t;
  ASSERT_TRUE(t.store.apply(pod_on("a", "n1", "1")));
  Json noise = pod_on("a", "n1", "2");
  noise["status"] = {{"qosClass", "Burstable"}};
  ASSERT_TRUE(t.store.apply(noise));
  EXPECT_THAT(t.changes, ElementsAre("->a@n1"));
}

TEST(PodStore, LetsItsHandlersQueryIt) {
  PodStore store;
  std::size_t seen = 0;
  store.on_change([&](const PodView*, const PodView*) { seen = store.list().size(); });
  ASSERT_TRUE(store.apply(pod_on("a", "n1")));
  EXPECT_EQ(seen, 1U);
}

TEST(PodStore, TellsADeletionForWhatACompleteListingNoLongerNames) {
  Heard t;
  ASSERT_TRUE(t.store.replace_all({pod_on("a", "n1"), pod_on("b", "n1")}, "5"));
  ASSERT_TRUE(t.store.replace_all({pod_on("b", "n1"), pod_on("c", "n1")}, "9"));
  EXPECT_THAT(t.changes, ElementsAre("->a@n1", "->b@n1", "->c@n1", "a@n1>-"));
  EXPECT_EQ(t.store.resource_version(), "9");
}

TEST(PodStore, KeepsEverythingWhenAListingBreaksOff) {
  PodStore store;
  ASSERT_TRUE(store.replace_all({pod_on("a", "n1"), pod_on("b", "n1")}));
  store.begin();
  EXPECT_EQ(store.size(), 2U);
  store.begin();
  ASSERT_TRUE(store.upsert(print_json(pod_on("a", "n1"))));
  EXPECT_EQ(store.size(), 2U);
}

TEST(PodStore, DoesNotTakeAnUndecodableObjectForADeletedOne) {
  PodStore store;
  ASSERT_TRUE(store.replace_all({pod_on("a", "n1"), pod_on("b", "n1")}));
  store.begin();
  ASSERT_TRUE(store.upsert(print_json(pod_on("a", "n1"))));
  EXPECT_FALSE(store.upsert(R"({"metadata":{"name":"b","labels":7}})"));
  store.done("2");
  EXPECT_EQ(store.size(), 2U);
  EXPECT_EQ(store.undecodable(), 1U);
}

TEST(PodStore, IsSyncedOnceAListingIsComplete) {
  PodStore store;
  store.begin();
  ASSERT_TRUE(store.upsert(print_json(pod_on("a", "n1"))));
  EXPECT_FALSE(store.synced());
  store.done("1");
  EXPECT_TRUE(store.synced());
}

TEST(PodStore, TellsAPodOfTheSameNameAsAChangeBetweenUids) {
  PodStore store;
  std::string heard;
  store.on_change([&](const PodView* before, const PodView* after) {
    if (before != nullptr && after != nullptr) heard = before->uid + ">" + after->uid;
  });
  Json again = pod_on("a", "n1");
  ASSERT_TRUE(store.apply(again));
  again["metadata"]["uid"] = "u2";
  ASSERT_TRUE(store.apply(again));
  EXPECT_EQ(heard, "uid-a>u2");
}

TEST(PodStore, FindsByNamespaceLabelsOwnerAndNode) {
  PodStore store;
  ASSERT_TRUE(store.apply(full_pod()));
  ASSERT_TRUE(store.apply(pod_on("other", "n2")));
  Json elsewhere = full_pod();
  elsewhere["metadata"]["namespace"] = "shop-2";
  ASSERT_TRUE(store.apply(elsewhere));
  const auto names = [](const std::vector<PodView>& pods) {
    std::vector<std::string> found;
    for (const PodView& view : pods) found.push_back(view.ns + "/" + view.name);
    return found;
  };
  const auto is_web = [](const PodStore::Labels& labels) { return labels.contains("app"); };
  EXPECT_THAT(names(store.select("shop", is_web)), ElementsAre("shop/web-1"));
  EXPECT_THAT(names(store.select("", is_web)), ElementsAre("shop-2/web-1", "shop/web-1"));
  EXPECT_THAT(names(store.owned_by("shop", "rs1")), ElementsAre("shop/web-1"));
  EXPECT_THAT(names(store.on_node("n2")), ElementsAre("shop/other"));
  EXPECT_THAT(names(store.list("shop")), ElementsAre("shop/other", "shop/web-1"));
}

TEST(PodStore, FollowsTheLinesOfAWatch) {
  Heard t;
  ASSERT_TRUE(t.store.apply_line(event_line("ADDED", pod_on("a", "n1", "3"))));
  ASSERT_TRUE(t.store.apply_line(event_line("DELETED", pod_on("a", "n1", "4"))));
  ASSERT_TRUE(t.store.apply_line(bookmark_line("8")));
  EXPECT_THAT(t.changes, ElementsAre("->a@n1", "a@n1>-"));
  EXPECT_EQ(t.store.resource_version(), "8");
}

TEST(PodStore, DoesNotTakeAnErrorEventForAPod) {
  PodStore store;
  const auto told =
      store.apply_line(R"({"type":"ERROR","object":)" + status(410, "Expired", "too old") + "}");
  EXPECT_EQ(told.error().kind, ErrorKind::Gone);
  EXPECT_EQ(store.size(), 0U);
}

TEST(InternPool, ForgetsATextWithItsLastUser) {
  InternPool pool;
  {
    const Interned first = pool.intern("image");
    Interned second = pool.intern("image");
    EXPECT_EQ(first, second);
    EXPECT_EQ(pool.size(), 1U);
    second = pool.intern("other");
    EXPECT_EQ(pool.size(), 2U);
  }
  EXPECT_EQ(pool.size(), 0U);
}

Json policy(const std::string& version, const std::string& mode) {
  Json made = pod("shop", "p", version);
  made["metadata"]["managedFields"] = {{{"manager", "kubectl"}, {"time", version}}};
  made["spec"] = {{"mode", mode}};
  return made;
}

class ObjectStores : public ::testing::TestWithParam<Keep> {};
INSTANTIATE_TEST_SUITE_P(Both, ObjectStores, ::testing::Values(Keep::Documents, Keep::Texts));

TEST_P(ObjectStores, KeepTheObjectWithoutManagedFieldsAndWithItsKind) {
  ObjectStore store(resources::kPatchPolicies, GetParam());
  ASSERT_TRUE(store.apply(policy("1", "Observe")));
  const Object kept = store.get("shop", "p");
  ASSERT_NE(kept, nullptr);
  EXPECT_FALSE((*kept)["metadata"].contains("managedFields"));
  EXPECT_EQ((*kept)["kind"], "PatchPolicy");
  EXPECT_EQ((*kept)["apiVersion"], "patchwave.dev/v1alpha1");
  EXPECT_EQ(store.get("shop", "nobody"), nullptr);
}

TEST_P(ObjectStores, KeepButDoNotTellAWriteThatChangedNothing) {
  ObjectStore store(resources::kPatchPolicies, GetParam());
  int told = 0;
  store.on_change([&told](const Object*, const Object*) { ++told; });
  ASSERT_TRUE(store.apply(policy("1", "Observe")));
  ASSERT_TRUE(store.apply(policy("2", "Observe")));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(string_at(*store.get("shop", "p"), {"metadata", "resourceVersion"}), "2");
  ASSERT_TRUE(store.apply(policy("3", "Automatic")));
  EXPECT_EQ(told, 2);
}

TEST_P(ObjectStores, ListANamespaceInOrder) {
  ObjectStore store(resources::kPatchPolicies, GetParam());
  ASSERT_TRUE(store.apply(pod("b", "2")));
  ASSERT_TRUE(store.apply(pod("b", "1")));
  ASSERT_TRUE(store.apply(pod("a", "9")));
  ASSERT_EQ(store.list().size(), 3U);
  ASSERT_EQ(store.list("b").size(), 2U);
  EXPECT_EQ(string_at(*store.list("b")[0], {"metadata", "name"}), "1");
}

TEST(NodeStore, IsSilentAboutHeartbeats) {
  NodeStore store;
  int told = 0;
  store.on_change([&told](const NodeView*, const NodeView*) { ++told; });
  Json node{
      {"metadata", {{"name", "n1"}, {"resourceVersion", "1"}}},
      {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}, {"lastHeartbeatTime", "1"}}}}}}};
  ASSERT_TRUE(store.apply(node));
  node["status"]["conditions"][0]["lastHeartbeatTime"] = "2";
  ASSERT_TRUE(store.apply(node));
  EXPECT_EQ(told, 1);
  node["spec"]["unschedulable"] = true;
  ASSERT_TRUE(store.apply(node));
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(store.get("n1")->unschedulable);
}

}  // namespace
}  // namespace patchwave::kube
