#include "controllers/target/act.hpp"

#include <gtest/gtest.h>

#include "tests/support/fake_transport.hpp"

namespace patchwave::target {
namespace {

using Kind = Outcome::Kind;

const std::string kDeployment = "/apis/apps/v1/namespaces/shop/deployments/web";
const std::string kEviction = "/api/v1/namespaces/shop/pods/web-0/eviction";

std::string status(int code, const std::string& reason, const std::string& message,
                   const Json& causes = Json::array()) {
  return Json{{"kind", "Status"},
              {"apiVersion", "v1"},
              {"status", "Failure"},
              {"code", code},
              {"reason", reason},
              {"message", message},
              {"details", {{"causes", causes}}}}
      .dump();
}

class Perform : public ::testing::Test {
 protected:
  Outcome perform(const Act& act) {
    kube::ClientOptions options;
    options.transport = server_;
    options.max_retries = 0;
    options.sleep = [](milliseconds) {};
    return target::perform(kube::Client(options), act);
  }
  Outcome patch_answered(int code, const std::string& reason, const std::string& message,
                         const Json& causes = Json::array()) {
    server_->on("PATCH", kDeployment + "*").reply(code, status(code, reason, message, causes));
    return perform(
        {PatchWorkload{kube::resources::kDeployments, "shop", "web", Json::array()}, "set image of web"});
  }
  Outcome eviction_answered(int code, const std::string& body) {
    server_->on("POST", kEviction + "*").reply(code, body);
    return perform({EvictPod{"shop", "web-0", "pod-uid"}, "replace pod web-0"});
  }

  std::shared_ptr<testing::FakeTransport> server_ = std::make_shared<testing::FakeTransport>();
};

TEST_F(Perform, SendsAWorkloadsPatchAsOperations) {
  server_->on("PATCH", kDeployment + "*").reply(200, "{}");
  const Json operations = Json::array({Json{{"op", "remove"}, {"path", "/x"}}});
  EXPECT_EQ(perform({PatchWorkload{kube::resources::kDeployments, "shop", "web", operations}, "why"}).kind,
            Kind::Done);
  EXPECT_EQ(server_->last_request().headers.at("Content-Type"), "application/json-patch+json");
  EXPECT_EQ(Json::parse(server_->last_request().body), operations);
}

TEST_F(Perform, AppliesTheCanaryCopyWithoutForce) {
  server_->on("PATCH", kDeployment + "-patchwave-canary?*").reply(201, "{}");
  const Json canary = {{"metadata", {{"name", "web-patchwave-canary"}, {"namespace", "shop"}}}};
  EXPECT_EQ(perform({ApplyCanary{canary}, "why"}).kind, Kind::Done);
  EXPECT_NE(server_->last_request().target.find("fieldManager=patchwave"), std::string::npos);
  EXPECT_EQ(server_->last_request().target.find("force=true"), std::string::npos);
}

TEST_F(Perform, DeletesTheCanaryCopyOnlyUnderItsUid) {
  server_->on("DELETE", kDeployment + "-patchwave-canary*").reply(200, "{}");
  const Act act{DeleteCanary{"shop", "web-patchwave-canary", {.uid = "canary-uid", .resource_version = ""}},
                "why"};
  EXPECT_EQ(perform(act).kind, Kind::Done);
  EXPECT_EQ(string_at(Json::parse(server_->last_request().body), {"preconditions", "uid"}), "canary-uid");
}

TEST_F(Perform, ReportsAChangedObjectAsAConflictAndSaysWhatWasTried) {
  const Outcome outcome = patch_answered(409, "Conflict", "the object has been modified");
  EXPECT_EQ(outcome.kind, Kind::Conflict);
  EXPECT_NE(outcome.message.find("set image of web"), std::string::npos);
  EXPECT_NE(outcome.message.find("the object has been modified"), std::string::npos);
}

TEST_F(Perform, ReportsATestThatDidNotHoldAsAConflict) {
  EXPECT_EQ(patch_answered(422, "Invalid", "the server rejected our request").kind, Kind::Conflict);
}

TEST_F(Perform, ReadsAgainWhenTheObjectIsGone) {
  EXPECT_EQ(patch_answered(404, "NotFound", "deployments.apps \"web\" not found").kind, Kind::Conflict);
}

TEST_F(Perform, IsRefusedByAnotherManagersFieldAndNamesIt) {
  const Outcome outcome =
      patch_answered(409, "Conflict", "Apply failed with 1 conflict: conflict with \"helm\"",
                     Json::array({Json{{"reason", "FieldManagerConflict"},
                                       {"message", "conflict with \"helm\""},
                                       {"field", ".spec.replicas"}}}));
  EXPECT_EQ(outcome.kind, Kind::Refused);
  EXPECT_NE(outcome.message.find("helm"), std::string::npos);
}

TEST_F(Perform, IsRefusedByAdmissionAccessAndValidation) {
  EXPECT_EQ(patch_answered(403, "Forbidden", "denied by policy").kind, Kind::Refused);
  const Json causes = Json::array({Json{{"reason", "FieldValueInvalid"}, {"field", "spec.x"}}});
  EXPECT_EQ(patch_answered(422, "Invalid", "spec.x: Invalid value", causes).kind, Kind::Refused);
}

TEST_F(Perform, FailsOnTroubleThatMayPass) {
  EXPECT_EQ(patch_answered(503, "ServiceUnavailable", "no").kind, Kind::Failed);
  server_->on("PATCH", kDeployment + "*").fail(ErrorKind::Timeout, "no answer");
  EXPECT_EQ(perform({PatchWorkload{kube::resources::kDeployments, "shop", "web", Json::array()}, "why"}).kind,
            Kind::Failed);
}

TEST_F(Perform, WaitsForADisruptionBudgetAndNamesIt) {
  const Json budget = Json::array({Json{{"reason", "DisruptionBudget"},
                                        {"message", "The disruption budget web-pdb needs 2 healthy pods"}}});
  const Outcome outcome = eviction_answered(429, status(429, "TooManyRequests", "Cannot evict pod", budget));
  EXPECT_EQ(outcome.kind, Kind::Waiting);
  EXPECT_NE(outcome.message.find("web-pdb"), std::string::npos);
}

TEST_F(Perform, IsRefusedByTwoBudgetsForOnePod) {
  const Outcome outcome = eviction_answered(500, status(500, "InternalError",
                                                        "This pod has more than one PodDisruptionBudget, "
                                                        "which the eviction subresource does not support."));
  EXPECT_EQ(outcome.kind, Kind::Refused);
}

TEST_F(Perform, IsDoneWhenThePodIsGoneAlready) {
  EXPECT_EQ(eviction_answered(404, status(404, "NotFound", "pods \"web-0\" not found")).kind, Kind::Done);
}

}  // namespace
}  // namespace patchwave::target
