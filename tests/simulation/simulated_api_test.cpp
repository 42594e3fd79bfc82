// The simulated API server against what a real one does: a difference here would hide a fault of the
// operator.
#include <gmock/gmock.h>

#include "tests/simulation/cluster_fixture.hpp"

namespace patchwave::simulation {
namespace {

using ::testing::HasSubstr;

class SimulatedApiTest : public ClusterTest {
 protected:
  Json created_deployment(const std::string& image = "shop/web:1") {
    return body_of(send("POST", kDeployments, deployment("shop", "web", image, 3)));
  }
  Json image_patch(const std::string& image) {
    return {
        {"spec",
         {{"template", {{"spec", {{"containers", Json::array({{{"name", "web"}, {"image", image}}})}}}}}}}};
  }
  Json configuration(const std::string& image, int replicas) {
    Json object = deployment("shop", "web", image, replicas);
    object["apiVersion"] = "apps/v1";
    object["kind"] = "Deployment";
    return object;
  }
  /// The managers that own a container's image, as a decision about foreign writes reads them.
  std::vector<std::string> image_owners() {
    std::vector<std::string> owners;
    const Json object = get(kDeployments + "/web");
    for (const auto& entry : array_at(object, {"metadata", "managedFields"})) {
      if (find(entry, {"fieldsV1", "f:spec", "f:template", "f:spec", "f:containers", R"(k:{"name":"web"})",
                       "f:image"})) {
        owners.push_back(entry["manager"]);
      }
    }
    return owners;
  }
};

TEST_F(SimulatedApiTest, CreationFillsIdentityGenerationAndDefaults) {
  const Json object = created_deployment();
  EXPECT_EQ(object["metadata"]["generation"], 1);
  EXPECT_FALSE(object["metadata"]["uid"].get<std::string>().empty());
  EXPECT_EQ(object["spec"]["strategy"]["rollingUpdate"]["maxSurge"], "25%");
}

TEST_F(SimulatedApiTest, CreationOfATakenNameIsRefused) {
  created_deployment();
  const auto response = send("POST", kDeployments, deployment("shop", "web", "shop/web:2", 1));
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(body_of(response)["reason"], "AlreadyExists");
  EXPECT_EQ(body_of(response)["message"], "deployments.apps \"web\" already exists");
}

TEST_F(SimulatedApiTest, AMissingObjectAndAnUnservedKindAreToldApart) {
  EXPECT_EQ(body_of(send("GET", kDeployments + "/none"))["message"], "deployments.apps \"none\" not found");
  EXPECT_EQ(send("GET", "/apis/apps/v1/namespaces/shop/widgets/none").body, "404 page not found\n");
}

TEST_F(SimulatedApiTest, AReplaceWithAnOldResourceVersionConflicts) {
  Json object = created_deployment();
  merge_patch(kDeployments + "/web", {{"spec", {{"replicas", 4}}}});
  object["spec"]["replicas"] = 9;
  const auto response = send("PUT", kDeployments + "/web", object);
  EXPECT_EQ(response.status, 409);
  EXPECT_THAT(body_of(response)["message"], HasSubstr("the object has been modified"));
  EXPECT_EQ(get(kDeployments + "/web")["spec"]["replicas"], 4);
}

TEST_F(SimulatedApiTest, ACustomResourceIsNotReplacedWithoutAResourceVersion) {
  const Json wave{{"metadata", {{"name", "canary"}}}, {"spec", {{"order", 1}}}};
  EXPECT_EQ(send("POST", kWaves, wave).status, 201);
  EXPECT_EQ(send("PUT", kWaves + "/canary", wave).status, 422);
}

TEST_F(SimulatedApiTest, GenerationMovesWithTheSpecAndNotWithStatusOrLabels) {
  created_deployment();
  merge_patch(kDeployments + "/web", {{"metadata", {{"labels", {{"team", "a"}}}}}});
  merge_patch(kDeployments + "/web/status", {{"status", {{"replicas", 1}}}});
  EXPECT_EQ(get(kDeployments + "/web")["metadata"]["generation"], 1);
  merge_patch(kDeployments + "/web", {{"spec", {{"replicas", 4}}}});
  EXPECT_EQ(get(kDeployments + "/web")["metadata"]["generation"], 2);
}

TEST_F(SimulatedApiTest, AWriteThatChangesNothingKeepsTheResourceVersion) {
  const Json before = created_deployment();
  const Json after = body_of(merge_patch(kDeployments + "/web", {{"spec", {{"replicas", 3}}}}));
  EXPECT_EQ(before["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
}

TEST_F(SimulatedApiTest, TheStatusSubresourceTakesNothingButStatus) {
  created_deployment();
  merge_patch(kDeployments + "/web/status", {{"spec", {{"replicas", 9}}}, {"status", {{"replicas", 2}}}});
  Json object = get(kDeployments + "/web");
  EXPECT_EQ(object["spec"]["replicas"], 3);
  EXPECT_EQ(object["status"]["replicas"], 2);
  merge_patch(kDeployments + "/web", {{"status", {{"replicas", 7}}}});
  EXPECT_EQ(get(kDeployments + "/web")["status"]["replicas"], 2);
}

TEST_F(SimulatedApiTest, AJsonPatchWhoseTestFailsChangesNothing) {
  created_deployment();
  const auto response = json_patch(
      kDeployments + "/web", Json::array({{{"op", "test"}, {"path", "/spec/replicas"}, {"value", 5}},
                                          {{"op", "replace"}, {"path", "/spec/replicas"}, {"value", 6}}}));
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(body_of(response)["message"], "the server rejected our request due to an error in our request");
  EXPECT_EQ(get(kDeployments + "/web")["spec"]["replicas"], 3);
}

TEST_F(SimulatedApiTest, AJsonPatchReachesKeysWithSlashes) {
  created_deployment();
  const auto response = json_patch(
      kDeployments + "/web",
      Json::array(
          {{{"op", "add"}, {"path", "/metadata/annotations"}, {"value", Json::object()}},
           {{"op", "add"}, {"path", "/metadata/annotations/patchwave.dev~1claimed-by"}, {"value", "a"}}}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(get(kDeployments + "/web")["metadata"]["annotations"]["patchwave.dev/claimed-by"], "a");
}

TEST_F(SimulatedApiTest, TheOperatorSetsNoImageWithoutADigestButTheOneFromBeforeItsClaim) {
  created_deployment();
  const std::string pinned = "shop/web:2@sha256:" + std::string(64, 'a');
  const auto by_operator = [&](const Json& patch) {
    const http::Request request{
        "PATCH", kDeployments + "/web", {{"Content-Type", "application/merge-patch+json"}}, patch.dump()};
    return cluster.api.handle(request, {Actor::Operator, "patchwave"}).status;
  };
  const auto annotations = [](const Json& claim, const Json& record) {
    return Json{
        {"metadata",
         {{"annotations", {{"patchwave.dev/claimed-by", claim}, {"patchwave.dev/images-before", record}}}}}};
  };
  EXPECT_EQ(by_operator(image_patch("shop/web:2")), 422);
  EXPECT_EQ(by_operator(annotations("a", nullptr)), 422);
  EXPECT_EQ(by_operator(annotations("a", "web=shop/web:2")), 422);
  EXPECT_EQ(by_operator(annotations("a", "web=shop/web:1")), 200);
  EXPECT_EQ(by_operator(annotations("a", "web=shop/web:2")), 422);
  EXPECT_EQ(by_operator(image_patch(pinned)), 200);
  EXPECT_EQ(by_operator(image_patch("shop/web:2")), 422);
  EXPECT_EQ(by_operator(image_patch("shop/web:1")), 200);
}

TEST_F(SimulatedApiTest, AJsonPatchTestsTheResourceVersion) {
  const Json object = created_deployment();
  merge_patch(kDeployments + "/web", {{"metadata", {{"labels", {{"team", "a"}}}}}});
  const auto response = json_patch(
      kDeployments + "/web", Json::array({{{"op", "test"},
                                           {"path", "/metadata/resourceVersion"},
                                           {"value", object["metadata"]["resourceVersion"]}},
                                          {{"op", "replace"}, {"path", "/spec/replicas"}, {"value", 6}}}));
  EXPECT_EQ(response.status, 422);
}

TEST_F(SimulatedApiTest, ADeleteWithAnotherUidConflicts) {
  created_deployment();
  const auto response = send("DELETE", kDeployments + "/web", {{"preconditions", {{"uid", "other"}}}});
  EXPECT_EQ(response.status, 409);
  EXPECT_THAT(body_of(response)["message"],
              HasSubstr("the UID in the precondition (other) does not match the UID in record"));
  EXPECT_EQ(send("GET", kDeployments + "/web").status, 200);
}

TEST_F(SimulatedApiTest, AFinalizerKeepsADeletedObjectUntilItIsRemoved) {
  Json object = deployment("shop", "web", "shop/web:1", 1);
  object["metadata"]["finalizers"] = {"example.com/wait"};
  send("POST", kDeployments, object);
  send("DELETE", kDeployments + "/web");
  EXPECT_TRUE(get(kDeployments + "/web")["metadata"].contains("deletionTimestamp"));
  merge_patch(kDeployments + "/web", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_EQ(send("GET", kDeployments + "/web").status, 404);
}

TEST_F(SimulatedApiTest, WhatIsOwnedGoesWithItsOwner) {
  const Json owner = created_deployment();
  run(std::chrono::seconds(30));
  ASSERT_EQ(pods("web").size(), 3U);
  send("DELETE", kDeployments + "/web", {{"preconditions", {{"uid", owner["metadata"]["uid"]}}}});
  run(std::chrono::seconds(30));
  EXPECT_TRUE(pods("web").empty());
}

TEST_F(SimulatedApiTest, PagesContinueWhereTheLastOneEnded) {
  for (const auto* name : {"a", "b", "c"})
    send("POST", kDeployments, deployment("shop", name, "shop/web:1", 1));
  const Json first = get(kDeployments + "?limit=2");
  ASSERT_EQ(first["items"].size(), 2U);
  const Json rest =
      get(kDeployments + "?limit=2&continue=" + first["metadata"]["continue"].get<std::string>());
  ASSERT_EQ(rest["items"].size(), 1U);
  EXPECT_EQ(rest["items"][0]["metadata"]["name"], "c");
  EXPECT_FALSE(rest["metadata"].contains("continue"));
}

TEST_F(SimulatedApiTest, AWaveSpecIsImmutableButForSuspendAndCancel) {
  send("POST", kWaves, {{"metadata", {{"name", "canary"}}}, {"spec", {{"order", 1}}}});
  EXPECT_EQ(merge_patch(kWaves + "/canary", {{"spec", {{"order", 2}}}}).status, 422);
  EXPECT_EQ(merge_patch(kWaves + "/canary", {{"spec", {{"cancel", true}}}}).status, 200);
  EXPECT_EQ(merge_patch(kWaves + "/canary", {{"spec", {{"cancel", false}}}}).status, 422);
}

TEST_F(SimulatedApiTest, AStatefulSetOnDeleteHasNoRollingUpdate) {
  send("POST", kStatefulSets, stateful_set("shop", "db", "shop/db:1", 1));
  const auto refused =
      merge_patch(kStatefulSets + "/db", {{"spec", {{"updateStrategy", {{"type", "OnDelete"}}}}}});
  EXPECT_EQ(refused.status, 422);
  const auto accepted =
      merge_patch(kStatefulSets + "/db",
                  {{"spec", {{"updateStrategy", {{"type", "OnDelete"}, {"rollingUpdate", nullptr}}}}}});
  EXPECT_EQ(accepted.status, 200);
}

TEST_F(SimulatedApiTest, ApplyCreatesAndThenChangesNothingTheSecondTime) {
  EXPECT_EQ(apply(kDeployments + "/web", "patchwave", configuration("shop/web:1", 2)).status, 201);
  const Json first = get(kDeployments + "/web");
  EXPECT_EQ(apply(kDeployments + "/web", "patchwave", configuration("shop/web:1", 2)).status, 200);
  EXPECT_EQ(get(kDeployments + "/web")["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

TEST_F(SimulatedApiTest, ApplyConflictsWithTheManagerOfAFieldAndNamesIt) {
  apply(kDeployments + "/web", "argocd-controller", configuration("shop/web:1", 2));
  const auto response = apply(kDeployments + "/web", "patchwave", configuration("shop/web:2", 2));
  EXPECT_EQ(response.status, 409);
  const Json status = body_of(response);
  EXPECT_EQ(status["reason"], "Conflict");
  EXPECT_EQ(status["details"]["causes"][0]["reason"], "FieldManagerConflict");
  EXPECT_EQ(status["details"]["causes"][0]["field"], R"(.spec.template.spec.containers[name="web"].image)");
  EXPECT_THAT(status["message"], HasSubstr("conflict with \"argocd-controller\" using apps/v1"));
  EXPECT_EQ(image_of(get(kDeployments + "/web")), "shop/web:1");
}

TEST_F(SimulatedApiTest, ApplySharesAFieldOnWhoseValueAllAgree) {
  apply(kDeployments + "/web", "argocd-controller", configuration("shop/web:1", 2));
  EXPECT_EQ(apply(kDeployments + "/web", "patchwave", configuration("shop/web:1", 2)).status, 200);
  EXPECT_THAT(image_owners(), ::testing::UnorderedElementsAre("argocd-controller", "patchwave"));
}

TEST_F(SimulatedApiTest, ApplyRemovesWhatItOwnedAndNoLongerSays) {
  Json labelled = configuration("shop/web:1", 2);
  labelled["metadata"]["labels"]["track"] = "canary";
  apply(kDeployments + "/web", "patchwave", labelled);
  apply(kDeployments + "/web", "patchwave", configuration("shop/web:1", 2));
  EXPECT_FALSE(get(kDeployments + "/web")["metadata"]["labels"].contains("track"));
}

TEST_F(SimulatedApiTest, TheLastWriterOfAnImageOwnsIt) {
  created_deployment();
  EXPECT_THAT(image_owners(), ::testing::ElementsAre("kubectl"));
  json_patch(kDeployments + "/web?fieldManager=patchwave",
             Json::array({{{"op", "replace"},
                           {"path", "/spec/template/spec/containers/0/image"},
                           {"value", "shop/web:2"}}}));
  EXPECT_THAT(image_owners(), ::testing::ElementsAre("patchwave"));
}

class EvictionTest : public ClusterTest {
 protected:
  void given(const char* field, const Json& value) {
    send("POST", kDeployments, deployment("shop", "web", "shop/web:1", 3));
    send("POST", kBudgets, disruption_budget("shop", "web", field, value));
    run(std::chrono::seconds(60));
    ASSERT_EQ(ready_pods("web", "shop/web:1"), 3);
  }
  http::Response evict(const Json& pod, const std::string& uid, bool dry_run = false) {
    Json body{{"apiVersion", "policy/v1"},
              {"kind", "Eviction"},
              {"metadata", {{"name", pod["metadata"]["name"]}, {"namespace", "shop"}}},
              {"deleteOptions", {{"preconditions", {{"uid", uid}}}}}};
    if (dry_run) body["deleteOptions"]["dryRun"] = {"All"};
    return send("POST", kPods + "/" + pod["metadata"]["name"].get<std::string>() + "/eviction", body);
  }
  http::Response evict(const Json& pod) { return evict(pod, pod["metadata"]["uid"]); }
};

TEST_F(EvictionTest, TakesFromTheBudgetAndThenIsBlockedByIt) {
  given("maxUnavailable", 1);
  const auto running = pods("web");
  EXPECT_EQ(evict(running[0]).status, 201);
  const auto blocked = evict(running[1]);
  EXPECT_EQ(blocked.status, 429);
  const Json cause = body_of(blocked)["details"]["causes"][0];
  EXPECT_EQ(cause["reason"], "DisruptionBudget");
  EXPECT_EQ(cause["message"], "The disruption budget web needs 2 healthy pods and has 3 currently");
}

TEST_F(EvictionTest, GivesTheBudgetBackOnceAReplacementIsReady) {
  given("maxUnavailable", 1);
  EXPECT_EQ(evict(pods("web")[0]).status, 201);
  run(std::chrono::seconds(60));
  EXPECT_EQ(evict(pods("web")[0]).status, 201);
}

TEST_F(EvictionTest, ADryRunAsksAndTakesNothing) {
  given("minAvailable", 2);
  const Json pod = pods("web")[0];
  EXPECT_EQ(evict(pod, pod["metadata"]["uid"], true).status, 201);
  EXPECT_EQ(get(kBudgets + "/web")["status"]["disruptionsAllowed"], 1);
  EXPECT_FALSE(get(kPods + "/" + pod["metadata"]["name"].get<std::string>())["metadata"].contains(
      "deletionTimestamp"));
}

TEST_F(EvictionTest, AStaleBudgetAsksForPatience) {
  given("maxUnavailable", 1);
  merge_patch(kBudgets + "/web", {{"spec", {{"maxUnavailable", 2}}}});
  const auto response = evict(pods("web")[0]);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.headers.at("Retry-After"), "10");
  EXPECT_THAT(body_of(response)["details"]["causes"][0]["message"], HasSubstr("still being processed"));
}

TEST_F(EvictionTest, AnotherPodUnderTheNameIsLeftAlone) {
  given("maxUnavailable", 1);
  EXPECT_EQ(evict(pods("web")[0], "another-uid").status, 409);
}

TEST_F(EvictionTest, TwoBudgetsOverOnePodNeverLetItGo) {
  given("maxUnavailable", 1);
  Json second = disruption_budget("shop", "web", "minAvailable", 1);
  second["metadata"]["name"] = "second";
  send("POST", kBudgets, second);
  run(std::chrono::seconds(1));
  EXPECT_EQ(evict(pods("web")[0]).status, 500);
}

}  // namespace
}  // namespace patchwave::simulation
