#include "controllers/drain/facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/time.hpp"

namespace patchwave::drain {
namespace {

using ::testing::Optional;

TEST(Quantity, ReadsEachSuffixInThousandths) {
  EXPECT_THAT(parse_quantity_millis("1500m"), Optional(1500));
  EXPECT_THAT(parse_quantity_millis("0.1"), Optional(100));
  EXPECT_THAT(parse_quantity_millis("2"), Optional(2000));
  EXPECT_THAT(parse_quantity_millis("2Gi"), Optional((2LL << 30) * 1000));
  EXPECT_THAT(parse_quantity_millis("3Mi"), Optional((3LL << 20) * 1000));
  EXPECT_THAT(parse_quantity_millis("1k"), Optional(1'000'000));
  EXPECT_THAT(parse_quantity_millis("1e3"), Optional(1'000'000));
  EXPECT_THAT(parse_quantity_millis("129M"), Optional(129'000'000'000));
}

TEST(Quantity, RoundsUpAndStopsAtTheLargestNumber) {
  EXPECT_THAT(parse_quantity_millis("1n"), Optional(1));
  EXPECT_THAT(parse_quantity_millis("1500001u"), Optional(1501));
  EXPECT_THAT(parse_quantity_millis("900E"), Optional(std::numeric_limits<std::int64_t>::max()));
}

TEST(Quantity, RefusesWhatIsNone) {
  for (const auto* text : {"", "m", "-1", "1Ki2", "1x", "nan", "inf", "1 Gi"}) {
    EXPECT_FALSE(parse_quantity_millis(text)) << text;
  }
}

TEST(ReadPod, TakesWhatADrainMustKnow) {
  const auto json = parse_json(R"({
    "metadata": {"namespace": "shop", "name": "web-1", "uid": "u1", "labels": {"app": "web"},
      "annotations": {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"},
      "deletionTimestamp": "2026-11-21T02:00:30Z",
      "ownerReferences": [{"kind": "Thing"}, {"kind": "ReplicaSet", "controller": true}]},
    "spec": {"nodeName": "n7", "priority": 1000, "terminationGracePeriodSeconds": 45,
      "nodeSelector": {"disk": "ssd"},
      "volumes": [{"name": "code", "configMap": {}}, {"name": "cache", "emptyDir": {}}],
      "tolerations": [{"operator": "Exists", "effect": "NoExecute"}, {"key": "gpu", "value": "yes"}]},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}})",
                               "a pod");
  ASSERT_TRUE(json);
  const Pod pod = read_pod(*json);
  EXPECT_EQ(pod.text(), "shop/web-1");
  EXPECT_EQ(pod.owner_kind, "ReplicaSet");
  EXPECT_EQ(pod.node, "n7");
  EXPECT_EQ(pod.priority, 1000);
  EXPECT_EQ(pod.grace, seconds(45));
  EXPECT_EQ(pod.local_volume, "cache");
  EXPECT_EQ(pod.protected_by, "cluster-autoscaler.kubernetes.io/safe-to-evict=false");
  EXPECT_EQ(pod.deletion_time, *parse_time("2026-11-21T02:00:30Z"));
  EXPECT_TRUE(pod.ready);
  EXPECT_TRUE(pod.tolerates({"anything", "", "NoExecute"}));
  EXPECT_FALSE(pod.tolerates({"anything", "", "NoSchedule"}));
  EXPECT_TRUE(pod.tolerates({"gpu", "yes", "NoSchedule"}));
  EXPECT_FALSE(pod.tolerates({"gpu", "no", "NoSchedule"}));
}

TEST(ReadPod, CountsRequestsAsTheSchedulerDoes) {
  const auto json = parse_json(R"({"spec": {
    "containers": [{"resources": {"requests": {"cpu": "100m", "memory": "1Gi"}}},
                   {"resources": {"requests": {"cpu": "200m"}}}],
    "initContainers": [{"resources": {"requests": {"cpu": "150m"}}, "restartPolicy": "Always"},
                       {"resources": {"requests": {"cpu": "1", "memory": "10Mi"}}}],
    "overhead": {"cpu": "10m"}}})",
                               "a pod");
  ASSERT_TRUE(json);
  EXPECT_EQ(read_pod(*json).requests, (Resources{1160, 1LL << 30, 1}));
}

TEST(ReadBudget, KnowsAStaleStatusAndAnEmptySelector) {
  const auto stale = parse_json(R"({"metadata": {"namespace": "shop", "name": "web", "generation": 2},
    "spec": {"selector": {}}, "status": {"observedGeneration": 1, "disruptionsAllowed": 1}})",
                                "a budget");
  ASSERT_TRUE(stale);
  const Budget budget = read_budget(*stale);
  EXPECT_FALSE(budget.current);
  ASSERT_TRUE(budget.selector);
  EXPECT_TRUE(budget.selector->matches({{"any", "label"}}));
  EXPECT_FALSE(read_budget(Json::object()).selector);
}

TEST(ReadBudget, KnowsWhyItsPodsCantBeCounted) {
  const auto json = parse_json(R"({"status": {"conditions": [
    {"type": "DisruptionAllowed", "status": "False", "reason": "SyncFailed", "message": "found no controllers"}]}})",
                               "a budget");
  ASSERT_TRUE(json);
  EXPECT_EQ(read_budget(*json).sync_error, "found no controllers");
  EXPECT_EQ(read_budget(Json::object()).sync_error, "");
}

TEST(ReadNode, TakesTaintsRoomAndReadiness) {
  const auto json = parse_json(R"({"metadata": {"name": "n7", "uid": "u7", "labels": {"pool": "workers"}},
    "spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]},
    "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": 110}, "nodeInfo": {"bootID": "b1"},
      "conditions": [{"type": "Ready", "status": "Unknown"}]}})",
                               "a node");
  ASSERT_TRUE(json);
  const Node node = read_node(*json);
  EXPECT_EQ(node.allocatable, (Resources{4000, 8LL << 30, 110}));
  EXPECT_EQ(node.taints, (std::vector<Taint>{{"gpu", "", "NoSchedule"}}));
  EXPECT_EQ(node.boot_id, "b1");
  EXPECT_FALSE(node.ready);
  EXPECT_FALSE(node.cordon.unschedulable);
}

}  // namespace
}  // namespace patchwave::drain
