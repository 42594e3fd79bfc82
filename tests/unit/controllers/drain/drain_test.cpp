#include "controllers/drain/drain.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/drain/given.hpp"

namespace patchwave::drain {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Snapshot with(std::vector<Pod> pods, std::vector<Budget> budgets = {}, Node node = given_cordoned()) {
  return {std::move(node), std::move(pods), std::move(budgets)};
}

TEST(Drain, CordonsWithItsOwnerOnRecordBeforeItEvicts) {
  const auto step = step_of(with({given_pod("web-1")}, {}, given_node()));
  EXPECT_EQ(step.state, State::Cordon);
  ASSERT_TRUE(step.cordon);
  EXPECT_EQ(*step.cordon, (CordonRecord{kOwner, "patch", kNow, false, 0}));
  EXPECT_THAT(step.evictions, IsEmpty());
}

TEST(Drain, RemembersThatAnotherCordonedBefore) {
  Node node = given_node();
  node.cordon.unschedulable = true;
  EXPECT_TRUE(step_of(with({}, {}, node)).cordon->was_unschedulable);
}

TEST(Drain, LeavesANodeAloneThatAnotherWaveDrains) {
  Node node = given_cordoned();
  node.cordon.record->owner = "shop/other/u-2";
  const auto step = step_of(with({given_pod("web-1")}, {}, node));
  EXPECT_EQ(step.state, State::HeldByAnother);
  EXPECT_THAT(step.message, HasSubstr("shop/other/u-2"));
  EXPECT_THAT(step.evictions, IsEmpty());
}

TEST(Drain, IsDoneOnlyWhenEveryPodIsGone) {
  Pod leaving = given_pod("web-1");
  leaving.deletion_time = kNow + 5s;
  const auto waiting = step_of(with({leaving}));
  EXPECT_EQ(waiting.state, State::Evicting);
  EXPECT_EQ(waiting.leaving, 1);
  EXPECT_THAT(waiting.evictions, IsEmpty());
  EXPECT_EQ(step_of(with({})).state, State::Drained);
}

TEST(Drain, TakesANodeOfTheSameNameForAnother) {
  Node node = given_cordoned();
  node.uid = "another";
  EXPECT_EQ(step_of(with({given_pod("web-1")}, {}, node)).state, State::NodeGone);
  EXPECT_EQ(step_of({}).state, State::NodeGone);
}

TEST(Drain, PassesOverWhatStaysWithTheNode) {
  Pod daemon = given_pod("agent-1");
  daemon.owner_kind = "DaemonSet";
  Pod mirror = given_pod("etcd-1");
  mirror.mirror = true;
  Pod finished = given_pod("job-1");
  finished.phase = "Succeeded";
  Pod tolerant = given_pod("proxy-1");
  tolerant.tolerations = {{"", "", "", true}};
  Pod skipped = given_pod("skip-1");
  skipped.drain_label = DrainLabel::Skip;
  EXPECT_EQ(step_of(with({daemon, mirror, finished, tolerant, skipped})).state, State::Drained);
}

TEST(Drain, RefusesBarePodsBeforeItTouchesTheNode) {
  Pod bare = given_pod("tool-1");
  bare.owner_kind = "";
  const auto step = step_of(with({bare}, {}, given_node()));
  EXPECT_EQ(step.state, State::Refused);
  EXPECT_FALSE(step.cordon);
  EXPECT_THAT(step.message, HasSubstr("shop/tool-1: no controller would make it again"));
}

TEST(Drain, TreatsBareLocalAndProtectedPodsAsThePolicySays) {
  Pod bare = given_pod("tool-1");
  bare.owner_kind = "";
  Pod local = given_pod("cache-1");
  local.local_volume = "data";
  Pod shielded = given_pod("game-1");
  shielded.protected_by = "karpenter.sh/do-not-disrupt=true";
  auto order = given_order();
  order.policy.bare_pods = Treatment::Evict;
  order.policy.local_storage = Treatment::Leave;
  order.policy.protected_pods = Treatment::Evict;
  const auto step = step_of(with({bare, local, shielded}), {}, kNow, order);
  EXPECT_THAT(names_of(step.evictions), ElementsAre("game-1", "tool-1"));
}

TEST(Drain, WaitsForAPodThatIsToEndByItself) {
  Pod job = given_pod("job-1");
  job.drain_label = DrainLabel::WaitCompleted;
  const auto step = step_of(with({job}));
  EXPECT_EQ(step.state, State::Evicting);
  EXPECT_THAT(step.evictions, IsEmpty());
  EXPECT_THAT(step.message, HasSubstr("wait-completed"));
}

TEST(Drain, EvictsTiersOfHigherPriorityLast) {
  Pod driver = given_pod("csi-1");
  driver.priority = 2'000'000'000;
  Pod leaving = given_pod("web-1");
  leaving.deletion_time = kNow + 5s;
  EXPECT_THAT(names_of(step_of(with({driver, given_pod("web-1")})).evictions), ElementsAre("web-1"));
  EXPECT_THAT(step_of(with({driver, leaving})).evictions, IsEmpty());
  EXPECT_THAT(names_of(step_of(with({driver})).evictions), ElementsAre("csi-1"));
}

TEST(Drain, ActsOnABoundedNumberOfPodsInOneStep) {
  std::vector<Pod> pods;
  for (int i = 0; i < 40; ++i) pods.push_back(given_pod("web-" + std::to_string(i)));
  EXPECT_THAT(step_of(with(pods)).evictions, SizeIs(10));
}

TEST(Drain, TakesNoMoreFromABudgetThanItHas) {
  const auto step = step_of(
      with({given_pod("web-1"), given_pod("web-2"), given_pod("web-3")}, {given_budget("web", 3, 4, 4)}));
  EXPECT_THAT(names_of(step.evictions), ElementsAre("web-1"));
  EXPECT_THAT(step.message, HasSubstr("PDB shop/web needs 3 and has 4"));
}

TEST(Drain, BlockedPodsDoNotKeepOthersFromGoing) {
  std::vector<Pod> pods;
  for (int i = 10; i < 40; ++i) pods.push_back(given_pod("app-" + std::to_string(i)));
  pods.push_back(given_pod("web-1"));
  const auto step = step_of(with(pods, {given_budget("app", 30, 30, 31)}));
  EXPECT_THAT(names_of(step.evictions), ElementsAre("web-1", "app-10"));
}

TEST(Drain, AnUnreadyPodGoesWhileItsBudgetIsMet) {
  Pod unready = given_pod("web-1");
  unready.ready = false;
  EXPECT_THAT(step_of(with({unready}, {given_budget("web", 3, 3, 4)})).blockers, IsEmpty());
  EXPECT_THAT(step_of(with({unready}, {given_budget("web", 3, 2, 4)})).blockers, SizeIs(1));
  auto generous = given_budget("web", 3, 2, 4);
  generous.always_allow_unhealthy = true;
  EXPECT_THAT(step_of(with({unready}, {generous})).blockers, IsEmpty());
}

struct Told {
  Answer answer;
  Reason reason;
  bool forever;
};

TEST(Drain, TellsTheAnswersOfTheEvictionApiApart) {
  const std::vector<Told> all = {{Answer::Blocked, Reason::BudgetExhausted, false},
                                 {Answer::BudgetNotCurrent, Reason::BudgetNotCurrent, false},
                                 {Answer::SeveralBudgets, Reason::SeveralBudgets, true},
                                 {Answer::NamespaceTerminating, Reason::NamespaceTerminating, false},
                                 {Answer::Throttled, Reason::Throttled, false},
                                 {Answer::Failed, Reason::EvictionFailed, false}};
  for (const auto& told : all) {
    Progress progress;
    progress.learn("web-1-uid", told.answer, "the server's words", std::nullopt, kNow);
    const auto step = step_of(with({given_pod("web-1")}), progress);
    ASSERT_THAT(step.blockers, SizeIs(1));
    EXPECT_EQ(step.blockers[0].reason, told.reason);
    EXPECT_EQ(step.blockers[0].forever, told.forever);
    EXPECT_EQ(step.blockers[0].message, "the server's words");
    EXPECT_THAT(step.evictions, IsEmpty()) << "asked again at once";
    EXPECT_THAT(step_of(with({given_pod("web-1")}), progress, kNow + 61s).evictions, SizeIs(1));
  }
}

TEST(Drain, AThrottledServerIsLeftInPeaceByAllPods) {
  Progress progress;
  progress.learn("web-1-uid", Answer::Throttled, "too many requests", 7s, kNow);
  const auto pods = with({given_pod("web-1"), given_pod("app-1")});
  EXPECT_THAT(step_of(pods, progress, kNow + 6s).evictions, IsEmpty());
  EXPECT_THAT(step_of(pods, progress, kNow + 7s).evictions, SizeIs(2));
}

TEST(Drain, AStaleBudgetIsAskedAgainWhenTheServerSays) {
  Progress progress;
  progress.learn("web-1-uid", Answer::BudgetNotCurrent, "still being processed", 10s, kNow);
  EXPECT_THAT(step_of(with({given_pod("web-1")}), progress, kNow + 9s).evictions, IsEmpty());
  EXPECT_THAT(step_of(with({given_pod("web-1")}), progress, kNow + 10s).evictions, SizeIs(1));
}

TEST(Drain, APodOfTheSameNameWithAnotherUidIsAskedAfresh) {
  Progress progress;
  progress.learn("web-1-uid", Answer::Started, "", std::nullopt, kNow);
  Pod next = given_pod("web-1");
  next.uid = "web-1-next";
  EXPECT_THAT(step_of(with({next}), progress).evictions,
              ElementsAre(Eviction{"shop", "web-1", "web-1-next", std::nullopt}));
  progress.forget_all_but({next});
  EXPECT_THAT(progress.attempts, IsEmpty());
}

TEST(Drain, ShortensGraceToWhatIsLeftAndNeverToNothing) {
  Pod slow = given_pod("db-0");
  slow.grace = 10min;
  const auto at = [&](Time now) { return step_of(with({slow}), {}, now).evictions.at(0).grace_seconds; };
  EXPECT_EQ(at(kNow), std::nullopt);
  EXPECT_EQ(at(kNow + 25min), 300);
  EXPECT_EQ(at(kNow + 30min - 500ms), 1);
  auto order = given_order();
  order.policy.grace = seconds(0);
  EXPECT_EQ(step_of(with({slow}), {}, kNow, order).evictions.at(0).grace_seconds, 1);
}

TEST(Drain, APodThatIsLeavingTooSlowlyIsToldToHurry) {
  Pod slow = given_pod("db-0");
  slow.deletion_time = kNow + 2h;
  EXPECT_THAT(step_of(with({slow}), {}, kNow + 20min).evictions,
              ElementsAre(Eviction{"shop", "db-0", "db-0-uid", 600}));
}

TEST(Drain, APodThatOutlivesItsGracePeriodIsNamed) {
  Pod stuck = given_pod("db-0");
  stuck.deletion_time = kNow;
  EXPECT_THAT(step_of(with({stuck}), {}, kNow + 29s).blockers, IsEmpty());
  EXPECT_THAT(step_of(with({stuck}), {}, kNow + 31s).message, HasSubstr("shop/db-0: its grace period ended"));
}

// brupop: an eviction that fails is repeated for ever, and its errors are reported as success.
TEST(Drain, BrupopEvictedForEverAndCalledFailureSuccess) {
  const auto step = step_of(with({given_pod("web-1")}, {given_budget("web", 3, 3, 4)}), {}, kNow + 30min);
  EXPECT_EQ(step.state, State::Expired);
  EXPECT_THAT(step.evictions, IsEmpty());
  EXPECT_THAT(step.message,
              HasSubstr("not drained within 30m: 1 pod to go, 0 of them leaving; pod shop/web-1"));
}

// kured: a drain that can't succeed leaves the node cordoned and says nothing of the budget.
TEST(Drain, KuredBegunDrainsThatABudgetCanNeverAllow) {
  const auto step = step_of(with({given_pod("web-1")}, {given_budget("web", 3, 3, 3)}, given_node()));
  EXPECT_EQ(step.state, State::Refused);
  EXPECT_EQ(step.message, "not drained: pod shop/web-1: PDB shop/web needs 3 and has 3");
  EXPECT_TRUE(step.blockers[0].forever);
}

TEST(Drain, ABudgetThatCantCountItsPodsIsNamedBeforeTheStart) {
  auto budget = given_budget("web", 0, 0, 0);
  budget.sync_error = "found no controllers";
  const auto step = step_of(with({given_pod("web-1")}, {budget}, given_node()));
  EXPECT_EQ(step.state, State::Refused);
  EXPECT_THAT(step.message, HasSubstr("PDB shop/web allows nothing: found no controllers"));
}

TEST(Drain, TwoBudgetsOverOnePodAreNamedBeforeTheStart) {
  auto other = given_budget("web", 0, 3, 3);
  other.name = "web-too";
  const auto step = step_of(with({given_pod("web-1")}, {given_budget("web", 1, 3, 3), other}, given_node()));
  EXPECT_EQ(step.state, State::Refused);
  EXPECT_THAT(step.message, HasSubstr("more than one PDB: shop/web, shop/web-too"));
}

// kured: after a crash between drain and reboot the start-up takes its lock for proof that it rebooted.
TEST(Drain, KuredTookARestartForTheEndOfTheDrain) {
  EXPECT_EQ(step_of(with({given_pod("web-1")}), {}, kNow + 1min).state, State::Evicting);
}

// kured and system-upgrade-controller keep a lock or a slot without end.
TEST(Drain, TheDeadlineCountsFromTheRecordAndNotFromARestart) {
  Node node = given_cordoned(kNow - 40min);
  EXPECT_EQ(step_of(with({given_pod("web-1")}, {}, node)).state, State::Expired);
}

// nodewright evicted before the cordon was written.
TEST(Drain, NodewrightEvictedBeforeTheCordonWasWritten) {
  Node node = given_node();
  node.cordon.unschedulable = true;
  const auto step = step_of(with({given_pod("web-1")}, {}, node));
  EXPECT_EQ(step.state, State::Cordon);
  EXPECT_THAT(step.evictions, IsEmpty());
}

TEST(Drain, PutsALostCordonBackOnceAndThenGivesWay) {
  Node node = given_cordoned();
  node.cordon.unschedulable = false;
  node.cordon.record->was_unschedulable = true;
  node.cordon.set_by = "kubectl-uncordon";
  const auto again = step_of(with({given_pod("web-1")}, {}, node), {}, kNow + 1min);
  EXPECT_EQ(again.state, State::Cordon);
  EXPECT_EQ(*again.cordon, (CordonRecord{kOwner, "patch", kNow, false, 1}));
  node.cordon.record = again.cordon;
  const auto lost = step_of(with({given_pod("web-1")}, {}, node), {}, kNow + 2min);
  EXPECT_EQ(lost.state, State::CordonLost);
  EXPECT_THAT(lost.message, HasSubstr("'kubectl-uncordon' made the node schedulable again, twice"));
}

TEST(Drain, ANodeThatIsSchedulableIsNeverCalledDrained) {
  Node node = given_cordoned();
  node.cordon.unschedulable = false;
  EXPECT_EQ(step_of(with({}, {}, node)).state, State::Cordon);
  EXPECT_EQ(step_of(with({}, {}, node), {}, kNow + 31min).state, State::Expired);
}

TEST(Drain, TellsAtMostThreePodsOfAReason) {
  std::vector<Blocker> blockers;
  for (int i = 1; i <= 5; ++i)
    blockers.push_back({Reason::BudgetExhausted, fmt::format("shop/web-{}", i), "full"});
  blockers.push_back({Reason::BarePod, "shop/tool-1", "bare"});
  EXPECT_EQ(words_of(blockers),
            "pod shop/web-1, shop/web-2, shop/web-3 and 2 more: full; pod shop/tool-1: bare");
}

}  // namespace
}  // namespace patchwave::drain
