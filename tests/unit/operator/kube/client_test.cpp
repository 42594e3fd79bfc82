#include <thread>

#include "operator/kube/status.hpp"
#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using resources::kDeployments;
using resources::kLeases;
using resources::kNodes;
using resources::kPods;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kWeb = "/apis/apps/v1/namespaces/shop/deployments/web";

TEST(Path, NamesGroupNamespaceNameAndSubresource) {
  EXPECT_EQ(path_of(kDeployments, "shop", "web", "status"), std::string(kWeb) + "/status");
  EXPECT_EQ(path_of(kPods, "", ""), "/api/v1/pods");
  EXPECT_EQ(path_of(kNodes, "ignored", "n1"), "/api/v1/nodes/n1");
}

TEST(Path, KeepsAHostileNameInItsSegment) {
  EXPECT_EQ(path_of(kPods, "shop", "a/b?c#d e"), "/api/v1/namespaces/shop/pods/a%2Fb%3Fc%23d%20e");
  EXPECT_EQ(path_of(kPods, "..", "."), "/api/v1/namespaces/%2E%2E/pods/%2E");
}

TEST(Client, SendsTheCredentialAndReturnsTheObject) {
  Scripted t;
  t.server->on("GET", kWeb).reply(200, R"({"metadata":{"name":"web"}})");
  const auto object = t.client.get(kDeployments, "shop", "web");
  ASSERT_TRUE(object) << object.error().message;
  EXPECT_EQ(string_at(*object, {"metadata", "name"}), "web");
  EXPECT_EQ(t.server->last_request().headers.at("authorization"), "Bearer token-0");
}

TEST(Client, TellsWhatItTriedAndTheServersWordsInAnError) {
  Scripted t;
  t.server->on("GET", kWeb).reply(403, status(403, "Forbidden", "user \"x\" cannot get deployments"));
  const auto error = t.client.get(kDeployments, "shop", "web").error();
  EXPECT_EQ(error.kind, ErrorKind::Forbidden);
  EXPECT_EQ(error.reason, "Forbidden");
  EXPECT_EQ(error.message, "get deployments.apps shop/web: user \"x\" cannot get deployments (HTTP 403)");
}

TEST(Client, TellsAMissingKindFromAMissingObject) {
  Scripted t;
  t.server->on("GET", kWeb).reply(404, "404 page not found\n");
  EXPECT_EQ(t.client.get(kDeployments, "shop", "web").error().reason, "KindNotServed");
  t.server->on("GET", kWeb).reply(404, status(404, "NotFound", "deployments.apps \"web\" not found"));
  EXPECT_EQ(t.client.get(kDeployments, "shop", "web").error().reason, "NotFound");
}

TEST(Client, RefusesANamelessCallThatWouldAddressTheCollection) {
  Scripted t;
  EXPECT_EQ(t.client.remove(kPods, "shop", "", {"uid", ""}).error().kind, ErrorKind::Invalid);
  EXPECT_EQ(t.client.get(kPods, "", "web").error().kind, ErrorKind::Invalid);
  EXPECT_THAT(t.server->requests(), IsEmpty());
}

TEST(Client, StoresAnObjectWithoutReadingWhatComesBack) {
  Scripted t;
  const Json web = {{"metadata", {{"namespace", "shop"}, {"name", "web"}, {"resourceVersion", "7"}}}};
  t.server->on("PUT", std::string(kWeb) + "/status?fieldManager=patchwave").reply(200, "not even JSON");
  EXPECT_TRUE(t.client.store(kDeployments, web, "status"));
  t.server->on("PUT", std::string(kWeb) + "/status?fieldManager=patchwave")
      .reply(409, status(409, "Conflict", "the object has been modified"));
  EXPECT_EQ(t.client.store(kDeployments, web, "status").error().kind, ErrorKind::Conflict);
  EXPECT_EQ(t.client.store(kDeployments, {{"metadata", {{"namespace", "shop"}, {"name", "web"}}}}, "status")
                .error()
                .kind,
            ErrorKind::Invalid);
}

TEST(ClientList, WalksAllPagesIntoOneList) {
  Scripted t;
  t.server->on("GET", "/api/v1/pods?limit=2&labelSelector=app%3Dweb")
      .reply(200, list_text({pod("a", "1"), pod("a", "2")}, "10", "next&page"));
  t.server->on("GET", "/api/v1/pods?limit=2&labelSelector=app%3Dweb&continue=next%26page")
      .reply(200, list_text({pod("a", "3")}, "10"));
  const auto all = t.client.list(kPods, "", {"app=web", "", 2});
  ASSERT_TRUE(all) << all.error().message;
  EXPECT_EQ(array_at(*all, {"items"}).size(), 3U);
  EXPECT_EQ(string_at(*all, {"metadata", "resourceVersion"}), "10");
}

TEST(ClientList, StartsAgainWithoutTheOldPagesWhenTheTokenExpires) {
  Scripted t;
  t.server->on("GET", "/api/v1/pods?limit=500").reply(200, list_text({pod("a", "old")}, "10", "t"));
  t.server->on("GET", "/api/v1/pods?limit=500&continue=t").reply(410, status(410, "Expired", "too old"));
  t.server->on("GET", "/api/v1/pods?limit=500").reply(200, list_text({pod("a", "new")}, "20"));
  const auto all = t.client.list(kPods, "");
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(array_at(*all, {"items"}).size(), 1U);
  EXPECT_EQ(string_at(array_at(*all, {"items"})[0], {"metadata", "name"}), "new");
}

TEST(ClientList, GivesUpAfterTwoRestarts) {
  Scripted t;
  t.server->always("GET", "/api/v1/pods*").reply(410, status(410, "Expired", "too old"));
  EXPECT_EQ(t.client.list(kPods, "").error().kind, ErrorKind::Gone);
  EXPECT_EQ(t.server->requests().size(), 3U);
}

TEST(ClientWrite, RefusesAReplaceThatIsNotBoundToAVersion) {
  Scripted t;
  Json lease{{"metadata", {{"name", "l"}, {"namespace", "shop"}}}};
  EXPECT_EQ(t.client.replace(kLeases, lease).error().kind, ErrorKind::Invalid);
  EXPECT_THAT(t.server->requests(), IsEmpty());
}

TEST(ClientWrite, RefusesADeleteWithoutAUid) {
  Scripted t;
  EXPECT_EQ(t.client.remove(kPods, "shop", "web", {}).error().kind, ErrorKind::Invalid);
  EXPECT_THAT(t.server->requests(), IsEmpty());
}

TEST(ClientWrite, SendsUidAndVersionAsPreconditionsOfADelete) {
  Scripted t;
  t.server->on("DELETE", "/api/v1/namespaces/shop/pods/web").reply(200, "{}");
  ASSERT_TRUE(t.client.remove(kPods, "shop", "web", {"u1", "7"}, "Foreground"));
  const auto body = Json::parse(t.server->last_request().body);
  EXPECT_EQ(body["preconditions"], (Json{{"uid", "u1"}, {"resourceVersion", "7"}}));
  EXPECT_EQ(body["propagationPolicy"], "Foreground");
}

TEST(ClientWrite, TakesADeleteOfWhatIsGoneForDone) {
  Scripted t;
  t.server->on("DELETE", "/api/v1/namespaces/shop/pods/web")
      .reply(404, status(404, "NotFound", "pods \"web\" not found"));
  EXPECT_TRUE(t.client.remove(kPods, "shop", "web", {"u1", ""}));
}

TEST(ClientWrite, TellsAFailedPreconditionOfADeleteAsConflict) {
  Scripted t;
  t.server->on("DELETE", "/api/v1/namespaces/shop/pods/web")
      .reply(409, status(409, "Conflict", "UID in precondition"));
  EXPECT_EQ(t.client.remove(kPods, "shop", "web", {"u1", ""}).error().kind, ErrorKind::Conflict);
}

TEST(ClientPatch, UsesTheContentTypeOfEachKind) {
  for (const auto& [type, content] : {std::pair(PatchType::Json, "application/json-patch+json"),
                                      std::pair(PatchType::Merge, "application/merge-patch+json"),
                                      std::pair(PatchType::Apply, "application/apply-patch+yaml")}) {
    Scripted t;
    t.server->on("PATCH", std::string(kWeb) + "/status?fieldManager=patchwave&dryRun=All").reply(200, "{}");
    ASSERT_TRUE(
        t.client.patch(kDeployments, "shop", "web", type, Json::object(), {"patchwave", "status", true}));
    EXPECT_EQ(t.server->last_request().headers.at("Content-Type"), content);
  }
}

TEST(ClientPatch, NeverForcesAnApply) {
  Scripted t;
  t.server->on("PATCH", std::string(kWeb) + "?fieldManager=patchwave").reply(200, "{}");
  ASSERT_TRUE(t.client.patch(kDeployments, "shop", "web", PatchType::Apply, Json::object()));
  EXPECT_EQ(t.server->last_request().target.find("force"), std::string::npos);
}

TEST(ClientPatch, TellsAFailedTestOfAJsonPatchAsConflict) {
  Scripted t;
  t.server->on("PATCH", std::string(kWeb) + "*")
      .reply(422, status(422, "Invalid", "the server rejected our request due to an error in our request"));
  EXPECT_EQ(t.client.patch(kDeployments, "shop", "web", PatchType::Json, Json::array()).error().kind,
            ErrorKind::Conflict);
}

TEST(ClientPatch, TellsAFailedValidationAsInvalid) {
  Scripted t;
  const Json details{
      {"name", "web"},
      {"causes", {{{"reason", "FieldValueInvalid"}, {"message", "bad"}, {"field", "spec.x"}}}}};
  t.server->on("PATCH", std::string(kWeb) + "*")
      .reply(422, status(422, "Invalid", "web is invalid", details));
  const auto error = t.client.patch(kDeployments, "shop", "web", PatchType::Json, Json::array()).error();
  EXPECT_EQ(error.kind, ErrorKind::Invalid);
  EXPECT_THAT(error.message, HasSubstr("spec.x: bad"));
}

TEST(ClientPatch, NamesTheManagersOfAnApplyConflict) {
  Scripted t;
  const Json details{{"causes",
                      {{{"reason", "FieldManagerConflict"},
                        {"message", "conflict with \"argocd-controller\" using apps/v1"},
                        {"field", ".spec.replicas"}}}}};
  t.server->on("PATCH", std::string(kWeb) + "*")
      .reply(409, status(409, "Conflict", "Apply failed with 1 conflict", details));
  const auto error = t.client.patch(kDeployments, "shop", "web", PatchType::Apply, Json::object()).error();
  EXPECT_EQ(error.kind, ErrorKind::Conflict);
  EXPECT_EQ(error.reason, "FieldManagerConflict");
  EXPECT_THAT(error.message, HasSubstr("argocd-controller"));
}

TEST(ClientRepeat, RepeatsAReadThatFailedOnItsWay) {
  Scripted t;
  t.server->on("GET", kWeb).fail(ErrorKind::Transport);
  t.server->on("GET", kWeb).reply(503, "busy");
  t.server->on("GET", kWeb).reply(200, "{}");
  EXPECT_TRUE(t.client.get(kDeployments, "shop", "web"));
  EXPECT_THAT(t.sleeps, ElementsAre(milliseconds(200), milliseconds(400)));
}

TEST(ClientRepeat, NeverRepeatsAWriteWhoseEffectIsUnknown) {
  for (const ErrorKind kind : {ErrorKind::Timeout, ErrorKind::Transport}) {
    Scripted t;
    t.server->on("PATCH", std::string(kWeb) + "*").fail(kind);
    EXPECT_EQ(t.client.patch(kDeployments, "shop", "web", PatchType::Merge, Json::object()).error().kind,
              kind);
    EXPECT_EQ(t.server->requests().size(), 1U);
  }
}

TEST(ClientRepeat, NeverRepeatsAWriteThatTheServerAnsweredWithATroubleOfItsOwn) {
  Scripted t;
  t.server->on("PATCH", std::string(kWeb) + "*").reply(500, status(500, "InternalError", "boom"));
  EXPECT_EQ(t.client.patch(kDeployments, "shop", "web", PatchType::Merge, Json::object()).error().kind,
            ErrorKind::Unavailable);
  EXPECT_EQ(t.server->requests().size(), 1U);
}

TEST(ClientRepeat, RepeatsAWriteThatNeverReachedTheServer) {
  Scripted t;
  t.server->on("PATCH", std::string(kWeb) + "*").fail(ErrorKind::Unavailable);
  t.server->on("PATCH", std::string(kWeb) + "*").reply(200, "{}");
  EXPECT_TRUE(t.client.patch(kDeployments, "shop", "web", PatchType::Merge, Json::object()));
}

TEST(ClientRepeat, WaitsAsLongAsAThrottlingServerAsksAndSilencesEverybody) {
  Scripted t;
  t.server->on("POST", "*").reply(429, status(429, "TooManyRequests", "slow down"), {{"Retry-After", "3"}});
  t.server->on("POST", "*").reply(201, "{}");
  EXPECT_TRUE(t.client.create(kPods, "shop", pod("shop", "web")));
  EXPECT_THAT(t.sleeps, ElementsAre(seconds(3)));
  EXPECT_THAT(t.gate->pauses, ElementsAre(seconds(3)));
}

TEST(ClientRepeat, LeavesALongSilenceToTheCaller) {
  Scripted t;
  t.server->on("GET", kWeb).reply(503, "down", {{"Retry-After", "120"}});
  const auto error = t.client.get(kDeployments, "shop", "web").error();
  EXPECT_EQ(error.retry_after, seconds(120));
  EXPECT_EQ(t.server->requests().size(), 1U);
}

TEST(ClientRepeat, RenewsARefusedCredentialOnce) {
  Scripted t;
  t.server->on("GET", kWeb).reply(401, status(401, "Unauthorized", "Unauthorized"));
  t.server->on("GET", kWeb).reply(401, status(401, "Unauthorized", "Unauthorized"));
  EXPECT_EQ(t.client.get(kDeployments, "shop", "web").error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(t.credentials->renewals, 1);
  EXPECT_EQ(t.server->last_request().headers.at("Authorization"), "Bearer token-1");
}

TEST(ClientRepeat, DoesNotAskAgainWithTheSameCredential) {
  Scripted t;
  t.credentials->renewable = false;
  t.server->on("GET", kWeb).reply(401, "");
  EXPECT_EQ(t.client.get(kDeployments, "shop", "web").error().kind, ErrorKind::Unauthorized);
  EXPECT_EQ(t.server->requests().size(), 1U);
}

TEST(ClientStream, TurnsARefusalIntoAnErrorWithItsKind) {
  Scripted t;
  t.server->on("GET", "/api/v1/pods?watch=true")
      .reply(410, status(410, "Expired", "too old resource version"));
  const auto ended =
      t.client.stream("/api/v1/pods?watch=true", {}, [](std::string_view) { return true; }, {});
  EXPECT_EQ(ended.error().kind, ErrorKind::Gone);
}

TEST(ClientStream, EndsWithTheCallersStopToken) {
  Scripted t;
  t.server->on("GET", "/watch").stream({"line\n"}).then_hold();
  std::stop_source stop;
  std::jthread stopper([&] {
    t.server->wait_for_requests(1);
    stop.request_stop();
  });
  const auto ended = t.client.stream("/watch", {}, [](std::string_view) { return true; }, stop.get_token());
  EXPECT_EQ(ended.error().kind, ErrorKind::Cancelled);
}

TEST(Status, TakesABodyThatIsNoStatusAsText) {
  Scripted t;
  t.server->on("GET", kWeb).reply(400, "<html>bad gateway of somebody</html>");
  const auto error = t.client.get(kDeployments, "shop", "web").error();
  EXPECT_EQ(error.kind, ErrorKind::Invalid);
  EXPECT_THAT(error.message, HasSubstr("bad gateway of somebody"));
}

TEST(Status, TakesACodeThatHttpCannotHaveForNone) {
  EXPECT_EQ(status_of(Json{{"kind", "Status"}, {"code", 410}}).code, 410);
  EXPECT_EQ(status_of(Json{{"kind", "Status"}, {"code", 4'294'967'700}}).code, 0);
  EXPECT_EQ(status_of(Json{{"kind", "Status"}, {"code", -1}}).code, 0);
}

TEST(Client, TellsAnAnswerThatIsNotJsonAsProtocol) {
  Scripted t;
  t.server->on("GET", kWeb).reply(200, "{\"metadata\":");
  EXPECT_EQ(t.client.get(kDeployments, "shop", "web").error().kind, ErrorKind::Protocol);
}

}  // namespace
}  // namespace patchwave::kube
