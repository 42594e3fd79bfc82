// The simulated controllers and kubelets against what the real ones do to pods.
#include "tests/simulation/cluster_fixture.hpp"

namespace patchwave::simulation {
namespace {

using std::chrono::seconds;

class SimulatedWorkloadsTest : public ClusterTest {
 protected:
  void set_image(const std::string& target, const std::string& image) {
    json_patch(
        target,
        Json::array(
            {{{"op", "replace"}, {"path", "/spec/template/spec/containers/0/image"}, {"value", image}}}));
  }
  /// The least number of ready pods of `app` seen while `span` passes.
  int fewest_ready(const std::string& app, seconds span) {
    int fewest = 1000;
    for (seconds at{0}; at < span; at += seconds(1)) {
      int ready = 0;
      for (const auto& pod : pods(app)) ready += pod_is_available(pod);
      fewest = std::min(fewest, ready);
      run(seconds(1));
    }
    return fewest;
  }
  std::string waiting_reason(const std::string& app) {
    for (const auto& pod : pods(app)) {
      for (const auto& status : array_at(pod, {"status", "containerStatuses"})) {
        const auto reason = string_at(status, {"state", "waiting", "reason"});
        if (!reason.empty()) return reason;
      }
    }
    return "";
  }
};

TEST_F(SimulatedWorkloadsTest, ADeploymentRollsWithinItsBoundsAndFinishes) {
  send("POST", kDeployments, deployment("shop", "web", "shop/web:1", 8));
  run(seconds(60));
  ASSERT_EQ(ready_pods("web", "shop/web:1"), 8);
  set_image(kDeployments + "/web", "shop/web:2");
  EXPECT_GE(fewest_ready("web", seconds(120)), 6);
  EXPECT_EQ(ready_pods("web", "shop/web:2"), 8);
  const Json status = get(kDeployments + "/web")["status"];
  EXPECT_EQ(status["updatedReplicas"], 8);
  EXPECT_EQ(status["observedGeneration"], 2);
}

TEST_F(SimulatedWorkloadsTest, ADeploymentKeepsItsCapacityWhenAnImageCannotBePulled) {
  send("POST", kDeployments, deployment("shop", "web", "shop/web:1", 4));
  run(seconds(60));
  set_image(kDeployments + "/web", "shop/web:2-unpullable");
  EXPECT_GE(fewest_ready("web", seconds(300)), 3);
  EXPECT_EQ(waiting_reason("web"), "ImagePullBackOff");
  set_image(kDeployments + "/web", "shop/web:1");
  run(seconds(60));
  EXPECT_EQ(ready_pods("web", "shop/web:1"), 4);
  EXPECT_EQ(pods("web").size(), 4U);
}

TEST_F(SimulatedWorkloadsTest, ADeploymentFollowsItsScale) {
  send("POST", kDeployments, deployment("shop", "web", "shop/web:1", 2));
  run(seconds(60));
  merge_patch(kDeployments + "/web", {{"spec", {{"replicas", 5}}}});
  run(seconds(60));
  EXPECT_EQ(ready_pods("web", "shop/web:1"), 5);
  merge_patch(kDeployments + "/web", {{"spec", {{"replicas", 1}}}});
  run(seconds(60));
  EXPECT_EQ(pods("web").size(), 1U);
}

TEST_F(SimulatedWorkloadsTest, ACrashingContainerIsRestartedLessAndLessOften) {
  send("POST", kDeployments, deployment("shop", "web", "shop/web:1-crash", 1));
  run(seconds(40));
  const Json pod = pods("web")[0];
  EXPECT_EQ(pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"], "Error");
  EXPECT_GE(pod["status"]["containerStatuses"][0]["restartCount"], 1);
  EXPECT_FALSE(pod_is_ready(pod));
}

TEST_F(SimulatedWorkloadsTest, AStatefulSetReplacesItsPodsFromTheHighestOrdinalDown) {
  send("POST", kStatefulSets, stateful_set("shop", "db", "shop/db:1", 3));
  run(seconds(90));
  ASSERT_EQ(ready_pods("db", "shop/db:1"), 3);
  set_image(kStatefulSets + "/db", "shop/db:2");
  EXPECT_GE(fewest_ready("db", seconds(120)), 2);
  EXPECT_EQ(ready_pods("db", "shop/db:2"), 3);
  const Json status = get(kStatefulSets + "/db")["status"];
  EXPECT_EQ(status["currentRevision"], status["updateRevision"]);
}

TEST_F(SimulatedWorkloadsTest, AStatefulSetUpdatesNoOrdinalBelowItsPartition) {
  send("POST", kStatefulSets, stateful_set("shop", "db", "shop/db:1", 3));
  merge_patch(kStatefulSets + "/db",
              {{"spec", {{"updateStrategy", {{"rollingUpdate", {{"partition", 2}}}}}}}});
  run(seconds(90));
  set_image(kStatefulSets + "/db", "shop/db:2");
  run(seconds(90));
  EXPECT_EQ(ready_pods("db", "shop/db:2"), 1);
  EXPECT_EQ(get(kPods + "/db-2")["spec"]["containers"][0]["image"], "shop/db:2");
  send("DELETE", kPods + "/db-0");
  run(seconds(60));
  EXPECT_EQ(get(kPods + "/db-0")["spec"]["containers"][0]["image"], "shop/db:1");
}

TEST_F(SimulatedWorkloadsTest, AStatefulSetOnABadImageStaysStuckThoughTheTemplateIsPutBack) {
  send("POST", kStatefulSets, stateful_set("shop", "db", "shop/db:1", 3));
  run(seconds(90));
  set_image(kStatefulSets + "/db", "shop/db:2-crash");
  run(seconds(60));
  set_image(kStatefulSets + "/db", "shop/db:1");
  run(seconds(600));
  EXPECT_EQ(get(kPods + "/db-2")["spec"]["containers"][0]["image"], "shop/db:2-crash");
  send("DELETE", kPods + "/db-2");
  run(seconds(60));
  EXPECT_EQ(ready_pods("db", "shop/db:1"), 3);
}

TEST_F(SimulatedWorkloadsTest, AStatefulSetOnDeleteWaitsForSomebodyToDelete) {
  Json set = stateful_set("shop", "db", "shop/db:1", 2);
  set["spec"]["updateStrategy"]["type"] = "OnDelete";
  send("POST", kStatefulSets, set);
  run(seconds(90));
  set_image(kStatefulSets + "/db", "shop/db:2");
  run(seconds(90));
  EXPECT_EQ(ready_pods("db", "shop/db:1"), 2);
  send("DELETE", kPods + "/db-1");
  run(seconds(60));
  EXPECT_EQ(ready_pods("db", "shop/db:2"), 1);
}

TEST_F(SimulatedWorkloadsTest, ADaemonSetRunsOnEveryNodeAndReplacesOneAtATime) {
  send("POST", kDaemonSets, daemon_set("shop", "agent", "shop/agent:1"));
  run(seconds(60));
  ASSERT_EQ(ready_pods("agent", "shop/agent:1"), 3);
  set_image(kDaemonSets + "/agent", "shop/agent:2");
  EXPECT_GE(fewest_ready("agent", seconds(120)), 2);
  EXPECT_EQ(ready_pods("agent", "shop/agent:2"), 3);
  EXPECT_EQ(get(kDaemonSets + "/agent")["status"]["updatedNumberScheduled"], 3);
}

TEST_F(SimulatedWorkloadsTest, ADaemonSetOnDeleteWaitsForSomebodyToDelete) {
  Json set = daemon_set("shop", "agent", "shop/agent:1");
  set["spec"]["updateStrategy"]["type"] = "OnDelete";
  send("POST", kDaemonSets, set);
  run(seconds(60));
  set_image(kDaemonSets + "/agent", "shop/agent:2");
  run(seconds(60));
  EXPECT_EQ(ready_pods("agent", "shop/agent:1"), 3);
}

TEST_F(SimulatedWorkloadsTest, ADaemonSetControllerThatIsBehindMakesPodsOfTheTemplateItHasSeen) {
  Json set = daemon_set("shop", "agent", "shop/agent:1");
  set["spec"]["updateStrategy"]["type"] = "OnDelete";
  send("POST", kDaemonSets, set);
  run(seconds(60));
  cluster.daemon_sets_lag(std::chrono::hours(24));
  set_image(kDaemonSets + "/agent", "shop/agent:2");
  cluster.state.remove(resources::kPods, name_of(pods("agent").front()), {});
  run(seconds(60));
  EXPECT_EQ(ready_pods("agent", "shop/agent:1"), 3);
  const Json behind = get(kDaemonSets + "/agent");
  EXPECT_LT(behind["status"]["observedGeneration"], behind["metadata"]["generation"]);
  run(std::chrono::hours(24));
  const Json caught_up = get(kDaemonSets + "/agent");
  EXPECT_EQ(caught_up["status"]["observedGeneration"], caught_up["metadata"]["generation"]);
  EXPECT_EQ(caught_up["status"]["updatedNumberScheduled"], 0);
}

TEST_F(SimulatedWorkloadsTest, PodsOfANodeThatIsAwayAreUnreadyUntilItIsBack) {
  send("POST", kDaemonSets, daemon_set("shop", "agent", "shop/agent:1"));
  run(seconds(60));
  cluster.kubelets.set_node_ready("node-b", false);
  EXPECT_EQ(ready_pods("agent", "shop/agent:1"), 2);
  cluster.kubelets.set_node_ready("node-b", true);
  EXPECT_EQ(ready_pods("agent", "shop/agent:1"), 3);
}

TEST_F(SimulatedWorkloadsTest, OneSeedGivesOneHistory) {
  const auto history = [] {
    Random chance(11);
    Cluster other(Time(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)), chance);
    other.kubelets.add_node("node-a");
    other.state.create(resources::kDeployments, deployment("shop", "web", "shop/web:1-crash", 4), {});
    std::string text;
    other.state.listen(
        [&](const Change& change) { text += change.after ? change.after->json.dump() : "gone"; });
    other.agenda.run_for(seconds(300));
    return text;
  };
  EXPECT_EQ(history(), history());
}

}  // namespace
}  // namespace patchwave::simulation
