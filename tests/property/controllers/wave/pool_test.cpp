// What becomes of a wave over nodes, whatever happens to machines, Jobs and the operator.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/property/controllers/wave/pool_model.hpp"

namespace patchwave::wave::model {
namespace {

using api::TargetState;
using api::WavePhase;
using std::chrono::hours;

TEST(AWaveOfNodes, PatchesOneNodeAfterTheOtherAndGivesEachBack) {
  Pool pool({}, 1);
  pool.run(hours(2));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::Succeeded) << pool.story();
  for (int node = 0; node < 3; ++node) {
    EXPECT_TRUE(pool.patched(node));
    EXPECT_TRUE(pool.schedulable(node));
    EXPECT_FALSE(pool.held_by_us(node));
  }
  EXPECT_EQ(pool.most_unavailable(), 1);
}

TEST(AWaveOfNodes, TakesTheControlPlaneOneNodeAtATimeHoweverManyMayGo) {
  Pool pool({.nodes = 5, .max_unavailable = 3, .is_control_plane = true}, 1);
  pool.run(hours(3));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::Succeeded) << pool.story();
  EXPECT_EQ(pool.most_unavailable(), 1);
}

TEST(AWaveOfNodes, TakesNoNodeOfAControlPlaneOfWhichAnotherIsCordoned) {
  Pool pool({.max_unavailable = 3, .cordoned_before = 1, .is_control_plane = true}, 1);
  pool.run(hours(1));
  EXPECT_EQ(pool.wave().status.phase, WavePhase::Running) << pool.story();
  EXPECT_FALSE(pool.patched(0));
  EXPECT_THAT(pool.wave().status.hold->message,
              ::testing::HasSubstr("goes one node at a time, and n1 is cordoned"));
}

TEST(AWaveOfNodes, StopsAtTheFirstNodeThatThePatchBreaksAndPutsItBack) {
  Pool pool({.natures = {{0, Nature::FailsToVerify}}}, 1);
  pool.run(hours(2));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::RolledBack) << pool.story();
  EXPECT_EQ(pool.wave().status.harm->message, "the Verify step failed: exit code 2: not what was wanted");
  EXPECT_EQ(pool.wave().status.harm->gate, "node");
  EXPECT_FALSE(pool.patched(0));
  EXPECT_TRUE(pool.schedulable(0));
  EXPECT_EQ(pool.record(1).state, TargetState::Pending);
}

TEST(AWaveOfNodes, PutsBackANodeThatIsLostAfterItsReturnAndThoseBeforeIt) {
  Pool pool({.natures = {{1, Nature::FallsOver}}}, 1);
  pool.run(hours(4));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::RolledBack) << pool.story();
  for (int node = 0; node < 3; ++node) EXPECT_FALSE(pool.patched(node)) << pool.story();
}

TEST(AWaveOfNodes, CallsARebootDoneOnlyWithAnotherBootID) {
  Pool pool({.natures = {{0, Nature::NeverComesBack}}}, 1);
  pool.run(hours(1));
  EXPECT_EQ(pool.wave().status.harm->message, "has not come back from its reboot within 10m") << pool.story();
  EXPECT_EQ(pool.wave().status.phase, WavePhase::RollbackFailed) << pool.story();
  EXPECT_TRUE(pool.held_by_us(0));
  pool.run(hours(5));
  EXPECT_EQ(pool.wave().status.phase, WavePhase::RolledBack) << pool.story();
  EXPECT_FALSE(pool.held_by_us(0));
}

TEST(AWaveOfNodes, TakesANodeThatIsLostWhileItIsPatchedForHarmAndPutsItBackWhenItIsThereAgain) {
  Pool pool({.natures = {{0, Nature::DiesWhilePatched}}}, 1);
  pool.run(hours(1));
  EXPECT_EQ(pool.wave().status.harm->message, "has not been ready for 10m while it was patched")
      << pool.story();
  EXPECT_TRUE(pool.held_by_us(0));
  pool.run(hours(5));
  EXPECT_EQ(pool.wave().status.phase, WavePhase::RolledBack) << pool.story();
  EXPECT_FALSE(pool.held_by_us(0));
}

TEST(AWaveOfNodes, TakesAStepThatDoesNotEndForHarmAlsoWhenItsPodIsGone) {
  Pool pool({.natures = {{0, Nature::HangsInPatch}}}, 1);
  pool.run(hours(2));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::RolledBack) << pool.story();
  EXPECT_EQ(pool.wave().status.harm->message, "the Patch step failed: DeadlineExceeded");
}

TEST(AWaveOfNodes, DoesNotTakeANodeThatWasRepairedAwayForPatched) {
  Pool pool({.natures = {{0, Nature::NeverComesBack}}, .repaired_after = std::chrono::minutes(5)}, 1);
  pool.run(hours(2));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::RolledBack) << pool.story();
  EXPECT_EQ(pool.wave().status.harm->message, "was deleted or replaced while it did not come back");
  EXPECT_EQ(pool.record(1).state, TargetState::Pending) << pool.story();
}

TEST(AWaveOfNodes, RunsAStepAgainThatAPowerCutEndedAndBlamesNobody) {
  Pool pool({.nodes = 1}, 1);
  while (!pool.ended() && pool.wave().status.targets.empty()) pool.step();
  while (!pool.ended() && pool.record(0).node.value_or(api::NodeProgress{}).step != api::NodeStep::Patch)
    pool.step();
  for (int i = 0; i < 3; ++i) pool.step();
  pool.power_cut(0);
  pool.run(hours(2));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::Succeeded) << pool.story();
  EXPECT_FALSE(pool.wave().status.harm);
}

TEST(AWaveOfNodes, LeavesACordonThatAPersonMadeBefore) {
  Pool pool({.cordoned_before = 1}, 1);
  pool.run(hours(2));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::Succeeded) << pool.story();
  EXPECT_FALSE(pool.schedulable(1));
  EXPECT_FALSE(pool.held_by_us(1));
}

TEST(AWaveOfNodes, GivesANodeBackThatCanNotBeDrainedAndNamesThePod) {
  Pool pool({.nodes = 1, .never_drained = 0}, 1);
  pool.run(hours(1));
  EXPECT_EQ(pool.wave().status.phase, WavePhase::Running) << pool.story();
  EXPECT_FALSE(pool.patched(0));
  EXPECT_THAT(pool.wave().status.hold->message, ::testing::HasSubstr("shop/web-n0-99"));
  int cordoned = 0;
  for (int i = 0; i < 2000; ++i) {
    pool.step();
    if (!pool.schedulable(0)) ++cordoned;
  }
  EXPECT_LT(cordoned, 1900);
}

TEST(AWaveOfNodes, ThatIsCancelledGivesTheNodeInWorkBackAsItWas) {
  Pool pool({}, 1);
  while (!pool.ended() &&
         (pool.wave().status.targets.empty() || pool.record(0).state != TargetState::Patching))
    pool.step();
  for (int i = 0; i < 30; ++i) pool.step();
  pool.cancel();
  pool.run(hours(2));
  ASSERT_EQ(pool.wave().status.phase, WavePhase::Cancelled) << pool.story();
  for (int node = 0; node < 3; ++node) {
    EXPECT_FALSE(pool.patched(node)) << pool.story();
    EXPECT_FALSE(pool.held_by_us(node));
  }
}

TEST(AWaveOfNodes, WithoutAWayBackWaitsForAnApproval) {
  Pool pool({.has_undo = false}, 1);
  pool.run(hours(1));
  EXPECT_EQ(pool.wave().status.phase, WavePhase::Waiting);
  EXPECT_EQ(pool.wave().status.hold->reason, "ApprovalRequired");
  EXPECT_THAT(pool.wave().status.hold->message, ::testing::StartsWith("the recipe has no undo"));
}

Nature any_nature() {
  return *rc::gen::weightedElement<Nature>({{8, Nature::Good},
                                            {1, Nature::FailsToPatch},
                                            {1, Nature::DiesWhilePatched},
                                            {1, Nature::FailsToVerify},
                                            {1, Nature::HangsInPatch},
                                            {1, Nature::NeverComesBack},
                                            {1, Nature::FallsOver}});
}

RC_GTEST_PROP(AnyWaveOfNodes, EndsWithEveryNodeGivenBackAndNeverTakesMoreThanItsBudget, ()) {
  Settings settings;
  settings.nodes = *rc::gen::inRange(1, 6);
  settings.max_unavailable = *rc::gen::inRange(1, 4);
  settings.reboot = *rc::gen::element(api::Reboot::Always, api::Reboot::IfNeeded, api::Reboot::Never);
  for (int node = 0; node < settings.nodes; ++node) settings.natures[node] = any_nature();
  if (*rc::gen::inRange(0, 3) == 0) settings.cordoned_before = *rc::gen::inRange(0, settings.nodes);
  Pool pool(settings, *rc::gen::arbitrary<unsigned>());
  const Weather rough{.power_cut = 0.0005, .crash = 0.05, .replaced = 0.0001};
  pool.run(hours(2), rough);
  pool.run(hours(48));

  RC_ASSERT(pool.broken_rule() == "");
  RC_ASSERT(pool.most_unavailable() <= settings.max_unavailable);
  if (!pool.ended()) RC_LOG() << pool.story();
  // Where every node that was changed went, nothing is left that could prove anything: that is for a person.
  const auto& hold = pool.wave().status.hold;
  const bool unprovable =
      hold && hold->message.find("every node that was changed is gone") != std::string::npos;
  RC_ASSERT(pool.ended() || unprovable);
  for (int node = 0; node < settings.nodes; ++node) {
    RC_ASSERT(!pool.held_by_us(node));
    const bool person = settings.cordoned_before == node;
    if (!person) RC_ASSERT(pool.schedulable(node));
  }
}

}  // namespace
}  // namespace patchwave::wave::model
