#include <gtest/gtest.h>

#include "tests/unit/controllers/target/builders.hpp"

namespace patchwave::target::testing {
namespace {

using api::TargetKind;
using api::TargetState;

const std::string kStrategyType = "/spec/updateStrategy/type";

Given daemon_set(int nodes) {
  return given(TargetKind::DaemonSet, nodes);
}

/// Image and OnDelete are set, and the controller has seen it.
Given under_way(int nodes, TargetState state, int canary_replicas = 0) {
  return daemon_set(nodes).in(state, canary_replicas).claimed().strategy("OnDelete").image(kNewImage);
}

TEST(DaemonSetCanary, SetsImageAndOnDeleteInOneWrite) {
  const auto acts = daemon_set(3).in(TargetState::Canary, 1).claimed().acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kImagePointer), kNewImage);
  EXPECT_EQ(written(acts[0], kStrategyType), "OnDelete");
}

TEST(DaemonSetCanary, ReplacesPodsInTheOrderOfTheirNodes) {
  const auto target = under_way(3, TargetState::Canary, 1)
                          .pods({pod("x", {.node = "c"}), pod("y", {.node = "a"}), pod("z", {.node = "b"})});
  const auto acts = target.acts();
  EXPECT_EQ(evicted(acts), std::vector<std::string>{"y"});
  EXPECT_EQ(as<EvictPod>(acts[0])->uid, "uid-of-y");
}

TEST(DaemonSetCanary, StopsAtTheCopiesOfTheStep) {
  const auto target = under_way(2, TargetState::Canary, 1)
                          .pods({pod("x", {.image = kNewImage, .node = "a"}), pod("y", {.node = "b"})});
  EXPECT_TRUE(target.acts().empty());
  EXPECT_TRUE(target.seen().step_complete);
}

TEST(DaemonSetCanary, HasOneCopyInTransitionAtMost) {
  const auto waiting = [](const PodOptions& first) {
    return under_way(3, TargetState::Canary, 3)
        .pods({pod("x", first), pod("y", {.node = "b"}), pod("z", {.node = "c"})})
        .acts()
        .empty();
  };
  EXPECT_TRUE(waiting({.terminating = true, .node = "a"}));
  EXPECT_TRUE(waiting({.image = kNewImage, .ready = false, .node = "a"}));
  EXPECT_FALSE(waiting({.image = kNewImage, .node = "a"}));
  const auto missing =
      under_way(3, TargetState::Canary, 3).pods({pod("y", {.node = "b"}), pod("z", {.node = "c"})});
  EXPECT_TRUE(missing.acts().empty());
}

TEST(DaemonSetCanary, ComesToBrokenNodesLast) {
  const auto target = under_way(2, TargetState::Canary, 1)
                          .pods({pod("x", {.ready = false, .node = "a"}), pod("y", {.node = "b"})});
  EXPECT_EQ(evicted(target.acts()), std::vector<std::string>{"y"});
}

TEST(DaemonSetPromotion, GoesOnToEveryNodeAndThenRestoresTheStrategy) {
  auto target = under_way(2, TargetState::Promoting)
                    .pods({pod("x", {.image = kNewImage, .node = "a"}), pod("y", {.node = "b"})});
  EXPECT_EQ(evicted(target.acts()), std::vector<std::string>{"y"});
  target.pods({pod("x", {.image = kNewImage, .node = "a"}), pod("y", {.image = kNewImage, .node = "b"})});
  EXPECT_FALSE(target.seen().complete);
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(tested(acts[0], kStrategyType), "OnDelete");
  EXPECT_EQ(written(acts[0], kStrategyType), "RollingUpdate");
  EXPECT_TRUE(target.strategy("RollingUpdate").seen().complete);
  EXPECT_TRUE(target.acts().empty());
}

TEST(DaemonSetPromotion, LeavesAStrategyThatWasOnDeleteBefore) {
  const auto target = daemon_set(1)
                          .strategy("OnDelete")
                          .in(TargetState::Promoting)
                          .claimed()
                          .image(kNewImage)
                          .pods({pod("x", {.image = kNewImage})});
  EXPECT_TRUE(target.acts().empty());
  EXPECT_TRUE(target.seen().complete);
}

TEST(DaemonSetRollback, PutsTheImageBackBeforeItReplacesAPod) {
  const auto acts = under_way(2, TargetState::RollingBack).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kImagePointer), kOldImage);
  EXPECT_TRUE(written(acts[0], kStrategyType).is_null());
}

TEST(DaemonSetRollback, ReplacesTheWorstFirstEvenWhileAnotherComesUp) {
  const auto target = under_way(3, TargetState::RollingBack)
                          .image(kOldImage)
                          .pods({pod("x", {.image = kNewImage, .node = "a"}),
                                 pod("y", {.image = kNewImage, .ready = false, .node = "b"}),
                                 pod("z", {.ready = false, .node = "c"})});
  EXPECT_EQ(evicted(target.acts()), std::vector<std::string>{"y"});
}

TEST(DaemonSetRollback, GivesUpAReadyPodOnlyWhenAllOthersAreThere) {
  auto target =
      under_way(2, TargetState::RollingBack)
          .image(kOldImage)
          .pods({pod("x", {.image = kNewImage, .node = "a"}), pod("y", {.ready = false, .node = "b"})});
  EXPECT_TRUE(target.acts().empty());
  target.pods({pod("x", {.image = kNewImage, .node = "a"}), pod("y", {.node = "b"})});
  EXPECT_EQ(evicted(target.acts()), std::vector<std::string>{"x"});
}

TEST(DaemonSetRollback, RestoresTheStrategyWhenNoPatchedPodIsLeft) {
  auto target = under_way(1, TargetState::RollingBack).image(kOldImage).pods({pod("x")});
  EXPECT_FALSE(target.seen().restored);
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kStrategyType), "RollingUpdate");
  EXPECT_TRUE(target.strategy("RollingUpdate").seen().restored);
}

TEST(DaemonSetRollback, RestoresTheStrategyWhileTheLastPatchedPodIsOnItsWayOut) {
  const auto target =
      under_way(2, TargetState::RollingBack)
          .image(kOldImage)
          .pods({pod("x", {.image = kNewImage, .terminating = true, .node = "a"}), pod("y", {.node = "b"})});
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kStrategyType), "RollingUpdate");
}

TEST(DaemonSetRollback, TouchesNoPodAndNoStrategyBeforeTheControllerHasSeenTheOldTemplate) {
  auto target = under_way(2, TargetState::RollingBack)
                    .image(kOldImage)
                    .controller_is_behind()
                    .pods({pod("x", {.image = kNewImage, .node = "a"}), pod("y", {.node = "b"})});
  EXPECT_TRUE(target.acts().empty());
  target.pods({pod("x", {.node = "a"}), pod("y", {.node = "b"})});
  EXPECT_TRUE(target.acts().empty());
}

}  // namespace
}  // namespace patchwave::target::testing
