#include "controllers/node/drainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/node/facts.hpp"
#include "operator/base/time.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::node {
namespace {

using ::testing::SizeIs;

constexpr const char* kNode = "/api/v1/nodes/n7";
constexpr const char* kPods = "/api/v1/pods?limit=500&fieldSelector=spec.nodeName%3Dn7";
constexpr const char* kBudgets = "/apis/policy/v1/poddisruptionbudgets?limit=500";
const Time kNow = *parse_time("2026-11-21T02:00:00Z");
const std::string kOwner = "shop/workers/u-1";

Json node_json() {
  return {{"metadata", {{"name", "n7"}, {"uid", "n7-uid"}, {"resourceVersion", "41"}}},
          {"spec", Json::object()}};
}

Json cordoned_json() {
  Json node = node_json();
  const drain::CordonRecord record{kOwner, "patch", kNow, false, 0};
  node["metadata"]["annotations"][std::string(drain::kCordonAnnotation)] = drain::print_record(record);
  node["spec"]["unschedulable"] = true;
  return node;
}

Json pod_json(const std::string& name) {
  return {{"metadata",
           {{"namespace", "shop"},
            {"name", name},
            {"uid", name + "-uid"},
            {"ownerReferences", {{{"kind", "ReplicaSet"}, {"controller", true}}}}}},
          {"spec", {{"nodeName", "n7"}}},
          {"status", {{"phase", "Running"}}}};
}

std::string list_of(const Json& items, const std::string& next = "") {
  return print_json({{"metadata", {{"continue", next}}}, {"items", items}});
}

std::string failure(int code, const std::string& reason, const Json& details = Json::object()) {
  return print_json({{"kind", "Status"},
                     {"status", "Failure"},
                     {"code", code},
                     {"reason", reason},
                     {"message", reason},
                     {"details", details}});
}

class Drainer : public ::testing::Test {
 protected:
  Drainer() : client_(options()) {}

  void serve(const Json& node, const Json& pods = Json::array()) {
    server_.on("GET", kNode).reply(200, print_json(node));
    server_.on("GET", kPods).reply(200, list_of(pods));
    server_.on("GET", kBudgets).reply(200, list_of(Json::array()));
  }
  Result<drain::Step> step() {
    return drain_step(client_, "n7", {kOwner, "patch", "n7-uid", {}}, progress_, kNow);
  }
  Json last_body() { return Json::parse(server_.last_request().body); }

  kube::ClientOptions options() {
    kube::ClientOptions options;
    options.transport = std::shared_ptr<http::Transport>(&server_, [](auto*) {});
    options.max_retries = 0;
    options.sleep = [](milliseconds) {};
    return options;
  }

  patchwave::testing::FakeTransport server_;
  kube::Client client_;
  drain::Progress progress_;
};

TEST_F(Drainer, CordonsExactlyTheNodeThatItReadWithTheRecordInTheSameWrite) {
  serve(node_json());
  server_.on("PATCH", std::string(kNode) + "?fieldManager=patchwave").reply(200, "{}");
  const auto taken = step();
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->state, drain::State::Cordon);
  const drain::CordonRecord record{kOwner, "patch", kNow, false, 0};
  EXPECT_EQ(last_body(), (Json{{{"op", "test"}, {"path", "/metadata/uid"}, {"value", "n7-uid"}},
                               {{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", "41"}},
                               {{"op", "add"},
                                {"path", "/metadata/annotations"},
                                {"value", {{"patchwave.dev/cordoned-by", drain::print_record(record)}}}},
                               {{"op", "add"}, {"path", "/spec/unschedulable"}, {"value", true}}}));
}

TEST_F(Drainer, TakesAChangeInBetweenForNoError) {
  serve(node_json());
  server_.on("PATCH", std::string(kNode) + "?*").reply(409, failure(409, "Conflict"));
  EXPECT_TRUE(step());
}

TEST_F(Drainer, SaysWhenItMayNotCordon) {
  serve(node_json());
  server_.on("PATCH", std::string(kNode) + "?*").reply(403, failure(403, "Forbidden"));
  const auto taken = step();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, ErrorKind::Forbidden);
}

TEST_F(Drainer, EvictsWithThePodsUidAndLearnsTheAnswer) {
  serve(cordoned_json(), Json::array({pod_json("web-1")}));
  server_.on("POST", "/api/v1/namespaces/shop/pods/web-1/eviction")
      .reply(429, failure(429, "TooManyRequests",
                          {{"causes", {{{"reason", "DisruptionBudget"}, {"message", "no"}}}}}));
  ASSERT_TRUE(step());
  EXPECT_EQ(last_body()["deleteOptions"]["preconditions"]["uid"], "web-1-uid");
  EXPECT_EQ(progress_.attempts.at("web-1-uid").answer, drain::Answer::Blocked);
  EXPECT_EQ(progress_.attempts.at("web-1-uid").message, "no");
}

TEST_F(Drainer, StopsAskingOnceItIsThrottled) {
  serve(cordoned_json(), Json::array({pod_json("web-1"), pod_json("web-2")}));
  server_.on("POST", "/api/v1/namespaces/shop/pods/web-1/eviction")
      .reply(429, failure(429, "TooManyRequests"), {{"Retry-After", "7"}});
  ASSERT_TRUE(step());
  EXPECT_THAT(server_.requests(), SizeIs(4));
  EXPECT_EQ(progress_.quiet_until, kNow + seconds(7));
}

TEST_F(Drainer, FindsANodeThatIsGone) {
  server_.on("GET", kNode).reply(404, failure(404, "NotFound"));
  EXPECT_EQ(step()->state, drain::State::NodeGone);
}

TEST_F(Drainer, ReleasesWhatItCordonedAndNothingElse) {
  Json node = cordoned_json();
  node["metadata"]["annotations"]["other"] = "kept";
  server_.on("GET", kNode).reply(200, print_json(node));
  server_.on("PATCH", std::string(kNode) + "?fieldManager=patchwave").reply(200, "{}");
  EXPECT_EQ(release(client_, "n7", kOwner), drain::Release::Uncordon);
  const Json body = last_body();
  ASSERT_THAT(body, SizeIs(4));
  EXPECT_EQ(body[2], (Json{{"op", "remove"}, {"path", "/metadata/annotations/patchwave.dev~1cordoned-by"}}));
  EXPECT_EQ(body[3], (Json{{"op", "remove"}, {"path", "/spec/unschedulable"}}));
}

TEST_F(Drainer, ReleasesAfterCollisionsAndGivesUpAfterMany) {
  for (int i = 0; i < 5; ++i) {
    server_.on("GET", kNode).reply(200, print_json(cordoned_json()));
    server_.on("PATCH", std::string(kNode) + "?*").reply(409, failure(409, "Conflict"));
  }
  const auto released = release(client_, "n7", kOwner);
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().kind, ErrorKind::Conflict);
  server_.on("GET", kNode).reply(200, print_json(cordoned_json()));
  server_.on("PATCH", std::string(kNode) + "?*").reply(200, "{}");
  EXPECT_EQ(release(client_, "n7", kOwner), drain::Release::Uncordon);
}

TEST_F(Drainer, WritesNothingToANodeThatIsNotItsOwn) {
  server_.on("GET", kNode).reply(200, print_json(cordoned_json()));
  EXPECT_EQ(release(client_, "n7", "shop/other/u-2"), drain::Release::Nothing);
}

TEST_F(Drainer, ReadsAClusterPageByPageAndFromTheBeginningWhenTheListExpires) {
  server_.on("GET", "/api/v1/nodes?limit=500").reply(200, list_of(Json::array({node_json()})));
  server_.on("GET", "/api/v1/pods?limit=500").reply(200, list_of(Json::array({pod_json("web-1")}), "next"));
  server_.on("GET", "/api/v1/pods?limit=500&continue=next").reply(410, failure(410, "Expired"));
  server_.on("GET", "/api/v1/pods?limit=500").reply(200, list_of(Json::array({pod_json("web-1")}), "again"));
  server_.on("GET", "/api/v1/pods?limit=500&continue=again")
      .reply(200, list_of(Json::array({pod_json("web-2")})));
  server_.on("GET", kBudgets).reply(200, list_of(Json::array()));
  const auto cluster = read_cluster(client_);
  ASSERT_TRUE(cluster) << cluster.error().message;
  EXPECT_THAT(cluster->pods, SizeIs(2));
  EXPECT_THAT(cluster->nodes, SizeIs(1));
}

TEST_F(Drainer, KeepsOfPodsOnOtherNodesOnlyWhatTheyTake) {
  const auto elsewhere = [](const std::string& name, const std::string& phase) {
    Json pod = pod_json(name);
    pod["spec"]["nodeName"] = "n8";
    pod["spec"]["containers"] = {{{"resources", {{"requests", {{"cpu", "250m"}}}}}}};
    pod["status"]["phase"] = phase;
    return pod;
  };
  Json other = node_json();
  other["metadata"]["name"] = "n8";
  server_.on("GET", "/api/v1/nodes?limit=500").reply(200, list_of(Json::array({node_json(), other})));
  server_.on("GET", "/api/v1/pods?limit=500")
      .reply(200, list_of(Json::array({pod_json("web-1"), elsewhere("web-2", "Running"),
                                       elsewhere("web-3", "Running"), elsewhere("job-1", "Succeeded")})));
  server_.on("GET", kBudgets).reply(200, list_of(Json::array()));
  const auto cluster = read_cluster_around(client_, {"n7"});
  ASSERT_TRUE(cluster) << cluster.error().message;
  ASSERT_THAT(cluster->pods, SizeIs(1));
  EXPECT_EQ(cluster->pods[0].name, "web-1");
  EXPECT_EQ(cluster->nodes[0].taken, drain::Resources{});
  EXPECT_EQ(cluster->nodes[1].taken, (drain::Resources{500, 0, 2}));
}

TEST(Hear, TellsEveryAnswerApart) {
  const auto heard = [](kube::Eviction outcome) {
    return hear(kube::EvictionAnswer{outcome, "w", seconds(3)});
  };
  EXPECT_EQ(heard(kube::Eviction::Started).answer, drain::Answer::Started);
  EXPECT_EQ(heard(kube::Eviction::Gone).answer, drain::Answer::Gone);
  EXPECT_EQ(heard(kube::Eviction::Blocked).answer, drain::Answer::Blocked);
  EXPECT_EQ(heard(kube::Eviction::BudgetNotCurrent).answer, drain::Answer::BudgetNotCurrent);
  EXPECT_EQ(heard(kube::Eviction::Misconfigured).answer, drain::Answer::SeveralBudgets);
  EXPECT_EQ(heard(kube::Eviction::NamespaceTerminating).answer, drain::Answer::NamespaceTerminating);
  EXPECT_EQ(heard(kube::Eviction::Blocked).retry_after, seconds(3));
  EXPECT_EQ(hear(fail(ErrorKind::TooManyRequests, "slow down")).answer, drain::Answer::Throttled);
  EXPECT_EQ(hear(fail(ErrorKind::Forbidden, "no")).answer, drain::Answer::Failed);
}

}  // namespace
}  // namespace patchwave::node
