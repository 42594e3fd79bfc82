// preflight, drain and uncordon against a scripted API server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "controllers/drain/cordon.hpp"
#include "operator/base/time.hpp"
#include "operator/cli/app.hpp"
#include "operator/cli/preflight_view.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

const Time kNow = *parse_time("2026-11-21T02:00:00Z");
constexpr const char* kNode = "/api/v1/nodes/n7";

Json node_json(const std::string& owner = "") {
  Json node = {{"metadata", {{"name", "n7"}, {"uid", "n7-uid"}, {"resourceVersion", "41"}}},
               {"spec", Json::object()},
               {"status",
                {{"allocatable", {{"cpu", "4"}, {"memory", "8Gi"}, {"pods", "10"}}},
                 {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
  if (owner.empty()) return node;
  node["spec"]["unschedulable"] = true;
  node["metadata"]["annotations"][std::string(drain::kCordonAnnotation)] =
      drain::print_record({owner, "CAB-1", kNow, false, 0});
  return node;
}

Json pod_json() {
  return {{"metadata",
           {{"namespace", "shop"},
            {"name", "web-1"},
            {"uid", "web-1-uid"},
            {"labels", {{"app", "web"}}},
            {"ownerReferences", {{{"kind", "ReplicaSet"}, {"controller", true}}}}}},
          {"spec", {{"nodeName", "n7"}, {"nodeSelector", Json::object()}}},
          {"status", {{"phase", "Running"}, {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}};
}

Json budget_json(int desired) {
  return {{"metadata", {{"namespace", "shop"}, {"name", "web"}, {"generation", 1}}},
          {"spec", {{"selector", {{"matchLabels", {{"app", "web"}}}}}}},
          {"status",
           {{"observedGeneration", 1},
            {"disruptionsAllowed", 3 - desired},
            {"currentHealthy", 3},
            {"desiredHealthy", desired},
            {"expectedPods", 3}}}};
}

std::string items(const Json& list) {
  return print_json({{"metadata", Json::object()}, {"items", list}});
}

std::string refusal(int code, const std::string& reason, const Json& details = Json::object()) {
  return print_json({{"kind", "Status"},
                     {"status", "Failure"},
                     {"code", code},
                     {"reason", reason},
                     {"message", reason},
                     {"details", details}});
}

class Nodes : public ::testing::Test {
 protected:
  int run(const std::vector<std::string>& arguments) {
    kube::ClientOptions options;
    options.transport = std::shared_ptr<http::Transport>(&server_, [](auto*) {});
    options.max_retries = 0;
    options.sleep = [](milliseconds) {};
    const auto client = std::make_shared<kube::Client>(options);
    Environment environment{
        .out = out_,
        .err = err_,
        .in = in_,
        .out_is_terminal = false,
        .err_is_terminal = false,
        .in_is_terminal = false,
        .variable = [](const std::string&) { return std::nullopt; },
        .clock = clock_,
        .connect = [&](const ConnectOptions&) -> Result<Session> { return Session{client, "shop"}; },
        .wait =
            [&](milliseconds pause) {
              clock_.advance(pause);
              return true;
            }};
    return cli::run(arguments, environment);
  }
  void serve_cluster(const Json& budgets = Json::array()) {
    server_.on("GET", "/api/v1/nodes?limit=500").reply(200, items(Json::array({node_json()})));
    server_.on("GET", "/api/v1/pods?limit=500").reply(200, items(Json::array({pod_json()})));
    server_.on("GET", "/apis/policy/v1/poddisruptionbudgets?*").reply(200, items(budgets));
  }
  void serve_step(const Json& node, const Json& pods, const Json& budgets = Json::array()) {
    server_.on("GET", kNode).reply(200, print_json(node));
    server_.on("GET", "/api/v1/pods?*").reply(200, items(pods));
    server_.on("GET", "/apis/policy/v1/poddisruptionbudgets?*").reply(200, items(budgets));
  }
  void serve_user() {
    server_.on("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .reply(201, R"({"status": {"userInfo": {"username": "jane"}}})");
  }
  void serve_patch() { server_.on("PATCH", std::string(kNode) + "?*").reply(200, "{}"); }
  auto& on_eviction() { return server_.on("POST", "/api/v1/namespaces/shop/pods/web-1/eviction"); }

  patchwave::testing::FakeTransport server_;
  ManualClock clock_{kNow};
  std::ostringstream out_;
  std::ostringstream err_;
  std::istringstream in_;
};

TEST_F(Nodes, PreflightNamesTheDeadlockAndEndsWithItsOwnCode) {
  serve_cluster(Json::array({budget_json(3)}));
  on_eviction().reply(429, refusal(429, "TooManyRequests", {{"causes", {{{"reason", "DisruptionBudget"}}}}}));
  EXPECT_EQ(run({"preflight", "nodes", "n7"}), exit_code::kBlocked) << err_.str();
  EXPECT_EQ(out_.str(),
            "1 node, 1 pod to evict, 1 node at once\n"
            "\n"
            "This wave will deadlock:\n"
            "  x node n7, pod shop/web-1, PDB shop/web needs 3 and has 3\n"
            "\n"
            "Worth knowing:\n"
            "  ! node n7, pod shop/web-1, no other node has room for cpu 0m, memory 0Mi\n");
}

TEST_F(Nodes, PreflightAsksTheServerWithoutCarryingAnythingOut) {
  serve_cluster(Json::array({budget_json(2)}));
  on_eviction().reply(201, "{}");
  EXPECT_EQ(run({"preflight", "nodes", "-o", "json"}), exit_code::kOk) << err_.str();
  const auto sent = Json::parse(server_.last_request().body);
  EXPECT_EQ(sent["deleteOptions"]["dryRun"], Json{"All"});
  const auto told = Json::parse(out_.str());
  EXPECT_EQ(told["kind"], "NodePreflight");
  EXPECT_EQ(told["blocks"], false);
  EXPECT_EQ(told["findings"][0]["reason"], "NoRoom");
}

TEST_F(Nodes, PreflightGoesOnWithoutTheRightToAskAndSaysSo) {
  serve_cluster(Json::array({budget_json(3)}));
  on_eviction().reply(403, refusal(403, "Forbidden"));
  EXPECT_EQ(run({"preflight", "nodes", "n7"}), exit_code::kBlocked);
  EXPECT_THAT(err_.str(), HasSubstr("the API server was not asked"));
}

TEST_F(Nodes, PreflightLeavesTheSelectorToTheServer) {
  serve_cluster();
  server_.on("GET", "/api/v1/nodes?limit=500&labelSelector=pool%20in%20%28a%29")
      .reply(200, items(Json::array()));
  EXPECT_EQ(run({"preflight", "nodes", "-l", "pool in (a)"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("no node has the labels pool in (a)"));
}

TEST_F(Nodes, PreflightRefusesNamesTogetherWithASelectorAndWrongCounts) {
  serve_cluster();
  EXPECT_EQ(run({"preflight", "nodes", "n7", "-l", "a=b"}), exit_code::kError);
  serve_cluster();
  EXPECT_EQ(run({"preflight", "nodes", "n7", "--max-unavailable", "none"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("--max-unavailable: 'none' must be a count"));
}

TEST_F(Nodes, DrainCordonsEvictsAndEndsWhenThePodsAreGone) {
  serve_user();
  server_.on("GET", kNode).reply(200, print_json(node_json()));
  serve_step(node_json(), Json::array({pod_json()}));
  serve_patch();
  serve_step(node_json("kubectl-patchwave/jane"), Json::array({pod_json()}));
  on_eviction().reply(201, "{}");
  serve_step(node_json("kubectl-patchwave/jane"), Json::array());
  EXPECT_EQ(run({"drain", "n7", "--yes"}), exit_code::kOk) << err_.str();
  EXPECT_EQ(out_.str(), "node/n7 drained\n");
  EXPECT_EQ(server_.unused(), 0U);
}

TEST_F(Nodes, DrainPutsTheNodeBackWhenItsDeadlinePasses) {
  serve_user();
  server_.on("GET", kNode).reply(200, print_json(node_json()));
  clock_.advance(std::chrono::minutes(11));
  serve_step(node_json("kubectl-patchwave/jane"), Json::array({pod_json()}), Json::array({budget_json(3)}));
  server_.on("GET", kNode).reply(200, print_json(node_json("kubectl-patchwave/jane")));
  serve_patch();
  EXPECT_EQ(run({"drain", "n7", "--yes", "--deadline", "10m"}), exit_code::kBlocked);
  EXPECT_THAT(out_.str(), HasSubstr("node/n7 not drained: not drained within 10m"));
  EXPECT_THAT(server_.last_request().body, HasSubstr(R"({"op":"remove","path":"/spec/unschedulable"})"));
}

TEST_F(Nodes, DrainGoesOnAfterTrouble) {
  serve_user();
  server_.on("GET", kNode).reply(200, print_json(node_json()));
  server_.on("GET", kNode).fail(ErrorKind::Unavailable, "no server");
  serve_step(node_json("kubectl-patchwave/jane"), Json::array());
  EXPECT_EQ(run({"drain", "n7", "--yes"}), exit_code::kOk);
  EXPECT_THAT(err_.str(), HasSubstr("no server"));
}

TEST_F(Nodes, DrainAsksFirst) {
  serve_user();
  server_.on("GET", kNode).reply(200, print_json(node_json()));
  EXPECT_EQ(run({"drain", "n7"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("--yes"));
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(Nodes, UncordonTakesBackOnlyWhatDrainDid) {
  server_.always("GET", kNode).reply(200, print_json(node_json("kubectl-patchwave/jane")));
  serve_patch();
  EXPECT_EQ(run({"uncordon", "n7", "--yes"}), exit_code::kOk) << err_.str();
  EXPECT_EQ(out_.str(), "node/n7 uncordoned\n");
}

TEST_F(Nodes, UncordonLeavesNodesOfOthersAlone) {
  server_.on("GET", kNode).reply(200, print_json(node_json("shop/workers/u-1")));
  EXPECT_EQ(run({"uncordon", "n7", "--yes"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("is held by shop/workers/u-1, which will give it back"));
  server_.on("GET", kNode).reply(200, print_json(node_json()));
  EXPECT_EQ(run({"uncordon", "n7", "--yes"}), exit_code::kError);
  EXPECT_THAT(err_.str(), HasSubstr("no record of a drain by Patchwave"));
}

TEST_F(Nodes, CompletesNamesOfNodesAndTreatments) {
  server_.always("GET", "/api/v1/nodes?*").reply(200, items(Json::array({node_json()})));
  for (const auto& words :
       {std::vector<std::string>{"preflight", "nodes", ""}, {"drain", ""}, {"uncordon", ""}}) {
    out_.str("");
    std::vector<std::string> all = {"__complete"};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_EQ(run(all), exit_code::kOk);
    EXPECT_EQ(out_.str(), "n7\n:4\n");
  }
  out_.str("");
  run({"__complete", "drain", "--bare-pods", "r"});
  EXPECT_EQ(out_.str(), "refuse\n:4\n");
}

TEST(PreflightView, SaysWhenNothingKeepsNodesFromBeingDrained) {
  drain::Report report;
  report.nodes = 7;
  report.pods = 212;
  EXPECT_EQ(render_preflight(report, 2, {}),
            "7 nodes, 212 pods to evict, 2 nodes at once\n\nNothing keeps them from being drained.\n");
}

TEST(PreflightView, ShowsTwentyOfEachWeightAndCountsTheRest) {
  drain::Report report;
  for (int i = 0; i < 25; ++i) report.findings.push_back({drain::Weight::Blocks, {}, "", "", "", "m"});
  EXPECT_THAT(render_preflight(report, 1, {}), HasSubstr("  and 5 more; -o json shows all\n"));
  EXPECT_THAT(print_preflight(report, 1)["findings"], SizeIs(25));
}

}  // namespace
}  // namespace patchwave::cli
