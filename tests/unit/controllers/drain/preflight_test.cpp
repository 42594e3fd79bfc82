#include "controllers/drain/preflight.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/drain/given.hpp"

namespace patchwave::drain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ClusterFacts cluster_of(std::vector<Pod> pods, std::vector<Budget> budgets = {}) {
  return {{given_node("n7"), given_node("n8"), given_node("n9")}, std::move(pods), std::move(budgets)};
}

Report report_of(const ClusterFacts& cluster, std::vector<std::string> nodes = {"n7"}, int at_once = 1,
                 const Answers& answers = {}) {
  return preflight(cluster, {std::move(nodes), at_once, {}}, answers);
}

std::vector<std::string> messages_of(const Report& report) {
  std::vector<std::string> messages;
  for (const auto& finding : report.findings) messages.push_back(finding.message);
  return messages;
}

TEST(Preflight, HasNothingToSayOfNodesThatCanBeDrained) {
  const auto report =
      report_of(cluster_of({given_pod("web-1"), given_pod("web-2", "n8")}, {given_budget("web", 1, 2, 2)}),
                {"n7", "n8"});
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.nodes, 2);
  EXPECT_EQ(report.pods, 2);
  EXPECT_FALSE(report.blocks());
}

TEST(Preflight, NamesNodePodAndBudgetOfADeadlock) {
  const auto report = report_of(cluster_of({given_pod("web-1")}, {given_budget("web", 3, 3, 3)}));
  EXPECT_TRUE(report.blocks());
  EXPECT_THAT(messages_of(report), ElementsAre("node n7, pod shop/web-1, PDB shop/web needs 3 and has 3"));
  EXPECT_EQ(report.findings[0].reason, Reason::BudgetNeedsAll);
  EXPECT_EQ(report.findings[0].budget, "shop/web");
}

TEST(Preflight, TellsABudgetThatIsShortNowFromOneThatNeedsAll) {
  const auto report = report_of(cluster_of({given_pod("web-1")}, {given_budget("web", 3, 3, 4)}));
  ASSERT_THAT(report.findings, SizeIs(1));
  EXPECT_EQ(report.findings[0].weight, Weight::Waits);
  EXPECT_EQ(report.findings[0].reason, Reason::BudgetExhausted);
}

TEST(Preflight, CountsWhatPodsThatAreNotAmongTheFactsTakeOnOtherNodes) {
  auto cluster = cluster_of({given_pod("web-1")});
  EXPECT_THAT(report_of(cluster).findings, IsEmpty());
  for (auto& node : cluster.nodes) node.taken = {3950, 0, 10};
  const auto report = report_of(cluster);
  ASSERT_THAT(report.findings, SizeIs(1));
  EXPECT_EQ(report.findings[0].reason, Reason::NoRoom);
}

TEST(Preflight, NamesABudgetThatCantCountItsPods) {
  auto budget = given_budget("web", 0, 0, 0);
  budget.sync_error = "found no controllers for pod \"web-1\"";
  const auto report = report_of(cluster_of({given_pod("web-1")}, {budget}));
  EXPECT_TRUE(report.blocks());
  EXPECT_THAT(messages_of(report),
              ElementsAre("node n7, pod shop/web-1, PDB shop/web allows nothing: found no "
                          "controllers for pod \"web-1\""));
}

TEST(Preflight, NamesABudgetOverPodsWithoutControllers) {
  const auto report = report_of(cluster_of({given_pod("web-1")}, {given_budget("web", 0, 0, 0)}));
  EXPECT_THAT(messages_of(report),
              ElementsAre("node n7, pod shop/web-1, PDB shop/web allows nothing: it counts pods "
                          "by their controllers, and these have none"));
}

TEST(Preflight, NamesPodsThatThePolicyKeeps) {
  Pod bare = given_pod("tool-1");
  bare.owner_kind = "";
  Pod shielded = given_pod("game-1");
  shielded.protected_by = "karpenter.sh/do-not-disrupt=true";
  EXPECT_THAT(
      messages_of(report_of(cluster_of({bare, shielded}))),
      ElementsAre("node n7, pod shop/game-1, asks not to be disturbed: karpenter.sh/do-not-disrupt=true",
                  "node n7, pod shop/tool-1, no controller would make it again"));
}

TEST(Preflight, SaysHowABudgetMakesPodsGoInSteps) {
  const auto report = report_of(cluster_of({given_pod("web-1"), given_pod("web-2"), given_pod("web-3")},
                                           {given_budget("web", 3, 4, 4)}));
  EXPECT_THAT(messages_of(report),
              ElementsAre("node n7, 3 pods are under PDB shop/web, which allows 1 at a time"));
  EXPECT_FALSE(report.blocks());
}

TEST(Preflight, AddsUpWhatNodesAtOnceTakeFromABudget) {
  const auto cluster =
      cluster_of({given_pod("web-1"), given_pod("web-2", "n8")}, {given_budget("web", 3, 4, 4)});
  EXPECT_THAT(report_of(cluster, {"n7", "n8"}, 1).findings, IsEmpty());
  EXPECT_THAT(messages_of(report_of(cluster, {"n7", "n8"}, 2)),
              ElementsAre("2 nodes at once have up to 2 pods under PDB shop/web, which allows 1 at a time"));
}

TEST(Preflight, WarnsOfPodsThatFitNowhereElse) {
  Pod large = given_pod("db-0");
  large.requests = {3950, 1LL << 30, 1};
  auto cluster = cluster_of({large, given_pod("web-1", "n8"), given_pod("web-2", "n9")});
  EXPECT_THAT(messages_of(report_of(cluster)),
              ElementsAre("node n7, pod shop/db-0, no other node has room for cpu 3950m, memory 1024Mi"));
  EXPECT_FALSE(report_of(cluster).blocks());
  cluster.pods.pop_back();
  EXPECT_THAT(report_of(cluster).findings, IsEmpty());
}

TEST(Preflight, CallsItADeadlockWhenTheBudgetRunsDryForWantOfRoom) {
  Pod one = given_pod("db-0");
  one.requests = {3950, 1LL << 30, 1};
  Pod two = given_pod("db-1");
  two.requests = {3950, 1LL << 30, 1};
  auto cluster = cluster_of({one, two, given_pod("web-1", "n8"), given_pod("web-2", "n9")},
                            {given_budget("db", 1, 2, 2)});
  cluster.nodes[0].allocatable.cpu_millis = 8000;
  const auto report = report_of(cluster);
  EXPECT_TRUE(report.blocks());
  EXPECT_THAT(report.findings[0].message, HasSubstr("no other node has room for cpu 3950m, memory 1024Mi; "
                                                    "PDB shop/db needs 1 and has 2"));
}

TEST(Preflight, LooksForRoomOnlyWhereAPodMayGo) {
  Pod picky = given_pod("gpu-1");
  picky.node_selector = {{"gpu", "yes"}};
  auto cluster = cluster_of({picky});
  EXPECT_THAT(report_of(cluster).findings, SizeIs(1));
  cluster.nodes[1].labels = {{"gpu", "yes"}};
  EXPECT_THAT(report_of(cluster).findings, IsEmpty());
  cluster.nodes[1].taints = {{"gpu", "", "NoSchedule"}};
  EXPECT_THAT(report_of(cluster).findings, SizeIs(1));
  cluster.pods[0].tolerations = {{"gpu", "", "", true}};
  EXPECT_THAT(report_of(cluster).findings, IsEmpty());
  cluster.nodes[1].cordon.unschedulable = true;
  EXPECT_THAT(report_of(cluster).findings, SizeIs(1));
}

TEST(Preflight, HonoursRequiredNodeAffinity) {
  Pod picky = given_pod("db-0");
  picky.node_terms = {{{}, {{"zone", "In", {"a"}}}}, {{}, {{"zone", "In", {"b"}}}}};
  auto cluster = cluster_of({picky});
  EXPECT_THAT(report_of(cluster).findings, SizeIs(1));
  cluster.nodes[2].labels = {{"zone", "b"}};
  EXPECT_THAT(report_of(cluster).findings, IsEmpty());
}

TEST(Preflight, SaysWhetherTheOthersCanTakeSeveralNodesAtOnce) {
  auto cluster = cluster_of({});
  for (const auto* node : {"n7", "n8"}) {
    for (int i = 0; i < 3; ++i) {
      cluster.pods.push_back(given_pod(std::string(node) + "-web-" + std::to_string(i), node));
      cluster.pods.back().requests = {1000, 1LL << 30, 1};
    }
  }
  EXPECT_THAT(report_of(cluster, {"n7", "n8"}, 1).findings, IsEmpty());
  EXPECT_THAT(
      messages_of(report_of(cluster, {"n7", "n8"}, 2)),
      ElementsAre("2 nodes at once have pods of up to cpu 6000m, memory 6144Mi to move, and the others "
                  "have cpu 4000m, memory 8192Mi free"));
}

TEST(Preflight, NamesNodesThatAreHeldCordonedOrNotReady) {
  auto cluster = cluster_of({});
  cluster.nodes[0] = given_cordoned();
  cluster.nodes[1].cordon.unschedulable = true;
  cluster.nodes[1].cordon.set_by = "kubectl-cordon";
  cluster.nodes[2].ready = false;
  EXPECT_THAT(messages_of(report_of(cluster, {"n7", "n8", "n9", "n10"})),
              ElementsAre("node n10, does not exist", "node n7, is held by shop/workers-canary/u-1: patch",
                          "node n9, is not Ready: pods can't be seen to end there",
                          "node n8, was cordoned by 'kubectl-cordon' and will stay so"));
}

TEST(Preflight, AsksOncePerBudgetAndOncePerNamespaceWithout) {
  const auto cluster = cluster_of({given_pod("web-1"), given_pod("web-2"), given_pod("app-1"),
                                   given_pod("app-2"), given_pod("db-0"), given_pod("web-3", "n8")},
                                  {given_budget("web", 1, 3, 3), given_budget("db", 1, 1, 1)});
  std::vector<std::string> asked;
  for (const Pod* pod : worth_asking(cluster, {{"n7"}, 1, {}}, 10)) asked.push_back(pod->name);
  EXPECT_THAT(asked, ElementsAre("web-1", "app-1", "db-0"));
  EXPECT_THAT(worth_asking(cluster, {{"n7"}, 1, {}}, 2), SizeIs(2));
}

TEST(Preflight, BelievesTheApiServerMoreThanItsOwnSum) {
  const auto needs_all = cluster_of({given_pod("web-1")}, {given_budget("web", 3, 3, 3)});
  EXPECT_THAT(report_of(needs_all, {"n7"}, 1, {{"web-1-uid", {Answer::Started, ""}}}).findings, IsEmpty());
  const auto allowed = cluster_of({given_pod("web-1")}, {given_budget("web", 2, 3, 3)});
  const auto blocked = report_of(allowed, {"n7"}, 1, {{"web-1-uid", {Answer::Blocked, "needs 3 has 3"}}});
  ASSERT_THAT(blocked.findings, SizeIs(1));
  EXPECT_EQ(blocked.findings[0].weight, Weight::Waits);
  const auto several = report_of(allowed, {"n7"}, 1, {{"web-1-uid", {Answer::SeveralBudgets, "two PDBs"}}});
  EXPECT_TRUE(several.blocks());
}

TEST(Preflight, SaysWhenTheApiServerCouldNotBeAsked) {
  const auto cluster = cluster_of({given_pod("web-1")}, {given_budget("web", 3, 3, 3)});
  const auto report = report_of(cluster, {"n7"}, 1, {{"web-1-uid", {Answer::Failed, "forbidden"}}});
  EXPECT_THAT(messages_of(report),
              ElementsAre("node n7, pod shop/web-1, PDB shop/web needs 3 and has 3",
                          "node n7, pod shop/web-1, the API server could not be asked: forbidden"));
}

}  // namespace
}  // namespace patchwave::drain
