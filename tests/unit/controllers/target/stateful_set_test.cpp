#include <gtest/gtest.h>

#include "tests/unit/controllers/target/builders.hpp"

namespace patchwave::target::testing {
namespace {

using api::TargetKind;
using api::TargetState;

const std::string kPartition = "/spec/updateStrategy/rollingUpdate/partition";

Given stateful_set(int copies) {
  return given(TargetKind::StatefulSet, copies);
}

TEST(StatefulSetCanary, SetsImageAndPartitionInOneWrite) {
  const auto acts = stateful_set(5).in(TargetState::Canary, 2).claimed().acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kImagePointer), kNewImage);
  EXPECT_EQ(written(acts[0], kPartition), 3);
}

TEST(StatefulSetCanary, LowersThePartitionWithEachStep) {
  const auto acts = stateful_set(5).in(TargetState::Canary, 4).claimed().image(kNewImage).partition(3).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kPartition), 1);
  EXPECT_TRUE(written(acts[0], kImagePointer).is_null());
}

TEST(StatefulSetCanary, FollowsAScaleThatChanged) {
  auto target = stateful_set(5).in(TargetState::Canary, 1).claimed().image(kNewImage).partition(4);
  EXPECT_TRUE(target.acts().empty());
  (*target.live.workload)["spec"]["replicas"] = 8;
  EXPECT_EQ(written(target.acts().at(0), kPartition), 7);
}

TEST(StatefulSetCanary, NeverPatchesWhatThePartitionBeforeUsHeldBack) {
  auto target = stateful_set(5).partition(3).in(TargetState::Canary, 4).claimed();
  EXPECT_EQ(target.seen().wanted_patched, 2);
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kImagePointer), kNewImage);
  EXPECT_TRUE(written(acts[0], kPartition).is_null()) << "3 is as low as it may go";
}

TEST(StatefulSetCanary, MakesTheStrategyItNeeds) {
  auto target = stateful_set(3);
  (*target.live.workload)["spec"].erase("updateStrategy");
  const auto acts = target.in(TargetState::Canary, 1).claimed().acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], "/spec/updateStrategy"),
            Json({{"type", "RollingUpdate"}, {"rollingUpdate", {{"partition", 2}}}}));
}

TEST(StatefulSetPromotion, GivesUpThePartition) {
  const auto acts = stateful_set(5).in(TargetState::Promoting).claimed().image(kNewImage).partition(4).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kPartition), 0);
}

TEST(StatefulSetPromotion, IsCompleteOnceAllThatMayBePatchedIs) {
  auto target = stateful_set(2).partition(1).in(TargetState::Promoting).claimed().image(kNewImage);
  EXPECT_FALSE(target.seen().complete);
  target.pods({pod("web-0"), pod("web-1", {.image = kNewImage})});
  EXPECT_TRUE(target.seen().complete);
  EXPECT_TRUE(target.acts().empty());
}

TEST(StatefulSetOnDelete, EvictsTheHighestOrdinalFirst) {
  auto target = stateful_set(12).strategy("OnDelete").in(TargetState::Canary, 1).claimed();
  const auto write = target.acts();
  ASSERT_EQ(write.size(), 1U);
  EXPECT_EQ(written(write[0], kImagePointer), kNewImage);
  EXPECT_EQ(evicted(target.image(kNewImage).acts()), std::vector<std::string>{"web-11"});
}

TEST(StatefulSetOnDelete, WaitsForTheLastReplacedPodToBeAvailable) {
  auto target = stateful_set(2).strategy("OnDelete").in(TargetState::Promoting).claimed().image(kNewImage);
  (*target.live.workload)["spec"]["minReadySeconds"] = 30;
  target.pods({pod("web-0"), pod("web-1", {.image = kNewImage, .ready_since = kNow - seconds(10)})});
  EXPECT_TRUE(target.acts().empty());
  target.pods({pod("web-0"), pod("web-1", {.image = kNewImage, .ready_since = kNow - seconds(30)})});
  EXPECT_EQ(evicted(target.acts()), std::vector<std::string>{"web-0"});
}

TEST(StatefulSetOnDelete, EvictsNothingBeforeTheControllerHasSeenTheImage) {
  auto target = stateful_set(2).strategy("OnDelete").in(TargetState::Canary, 1).claimed().image(kNewImage);
  EXPECT_TRUE(target.controller_is_behind().acts().empty());
}

TEST(StatefulSetRollback, PutsImageAndPartitionBackInOneWrite) {
  const auto acts = stateful_set(5)
                        .partition(2)
                        .in(TargetState::RollingBack)
                        .claimed()
                        .image(kNewImage)
                        .partition(4)
                        .acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kImagePointer), kOldImage);
  EXPECT_EQ(written(acts[0], kPartition), 2);
}

Given stuck(const std::vector<kube::PodView>& pods) {
  auto target = stateful_set(3).in(TargetState::RollingBack).claimed().pods(pods);
  (*target.live.workload)["status"]["updateRevision"] = "old";
  return target;
}

TEST(StatefulSetRollback, ReplacesStuckPodsHighestOrdinalFirstOneAtATime) {
  const PodOptions broken{.image = kNewImage, .ready = false, .revision = "new"};
  PodOptions leaving = broken;
  leaving.terminating = true;
  EXPECT_EQ(evicted(stuck({pod("web-0"), pod("web-1", broken), pod("web-2", broken)}).acts()),
            std::vector<std::string>{"web-2"});
  EXPECT_TRUE(stuck({pod("web-0"), pod("web-1", broken), pod("web-2", leaving)}).acts().empty());
}

TEST(StatefulSetRollback, ReplacesAStuckPodThatTheMissingOneWaitsFor) {
  const PodOptions broken{.image = kNewImage, .ready = false, .revision = "new"};
  EXPECT_EQ(evicted(stuck({pod("web-0"), pod("web-1", broken)}).acts()), std::vector<std::string>{"web-1"});
}

TEST(StatefulSetRollback, LeavesReadyPodsToTheController) {
  EXPECT_TRUE(stuck({pod("web-0"), pod("web-1"), pod("web-2", {.image = kNewImage, .revision = "new"})})
                  .acts()
                  .empty());
}

TEST(StatefulSetRollback, LeavesPodsThatAreRestoredAlone) {
  EXPECT_TRUE(
      stuck({pod("web-0"), pod("web-1"), pod("web-2", {.ready = false, .revision = "old"})}).acts().empty());
}

TEST(StatefulSetRollback, EvictsNothingBeforeTheControllerHasSeenTheOldTemplate) {
  auto target = stuck({pod("web-0", {.image = kNewImage, .ready = false, .revision = "new"})});
  EXPECT_TRUE(target.controller_is_behind().acts().empty());
}

TEST(StatefulSetRollback, NeverEvictsAPodOfAnotherOwner) {
  auto other = pod("web-2", {.image = kNewImage, .ready = false, .revision = "new"});
  other.owner_uid = "somebody-else";
  EXPECT_TRUE(stuck({pod("web-0"), pod("web-1"), other}).acts().empty());
}

}  // namespace
}  // namespace patchwave::target::testing
