#include <gtest/gtest.h>

#include "controllers/target/canary.hpp"
#include "tests/unit/controllers/target/builders.hpp"

namespace patchwave::target::testing {
namespace {

using api::TargetKind;
using api::TargetState;

Given deployment(int copies) {
  return given(TargetKind::Deployment, copies);
}

TEST(DeploymentCanary, IsAppliedBesideAPrimaryThatIsNotTouched) {
  const auto acts = deployment(3).in(TargetState::Canary, 1).claimed().acts();
  ASSERT_EQ(acts.size(), 1U);
  const auto* apply = as<ApplyCanary>(acts[0]);
  ASSERT_NE(apply, nullptr);
  EXPECT_EQ(string_at(apply->deployment, {"metadata", "name"}), "web-patchwave-canary");
  EXPECT_EQ(integer_at(apply->deployment, {"spec", "replicas"}), 1);
}

TEST(DeploymentCanary, IsLeftAloneOnceItIsAsWanted) {
  const auto target = deployment(3).in(TargetState::Canary, 2).claimed().canary(2);
  EXPECT_TRUE(target.acts().empty());
  EXPECT_TRUE(target.seen().step_complete);
}

TEST(DeploymentCanary, GrowsWithTheStepAndOnlyAsTheObjectThatWasRead) {
  const auto acts = deployment(8).in(TargetState::Canary, 2).claimed().canary(1).acts();
  ASSERT_EQ(acts.size(), 1U);
  const auto& wanted = as<ApplyCanary>(acts[0])->deployment;
  EXPECT_EQ(integer_at(wanted, {"spec", "replicas"}), 2);
  EXPECT_EQ(string_at(wanted, {"metadata", "uid"}), "canary-uid");
}

TEST(DeploymentCanary, IsScaledBackWhenSomebodyScaledIt) {
  auto target = deployment(8).in(TargetState::Canary, 1).claimed().canary(1);
  (*target.live.canary)["spec"]["replicas"] = 5;
  EXPECT_EQ(integer_at(as<ApplyCanary>(target.acts().at(0))->deployment, {"spec", "replicas"}), 1);
}

TEST(DeploymentCanary, FollowsATemplateThatChanged) {
  auto target = deployment(3).in(TargetState::Canary, 1).claimed().canary(1);
  (*target.live.workload)["spec"]["template"]["spec"]["containers"][0]["args"] = {"--verbose"};
  EXPECT_EQ(target.acts().size(), 1U);
}

TEST(DeploymentCanary, OfSomebodyElseIsNamedAndNeverWritten) {
  auto target = deployment(3).in(TargetState::Canary, 1).claimed();
  target.live.canary = Json{{"metadata", {{"name", "web-patchwave-canary"}, {"uid", "x"}}}};
  EXPECT_TRUE(target.acts().empty());
  EXPECT_EQ(target.seen().problem,
            "the name of the canary copy is taken: Deployment shop/web-patchwave-canary is not this wave's");
  target.record.state = TargetState::RollingBack;
  EXPECT_TRUE(target.acts().empty());
}

TEST(DeploymentCanary, OnItsWayOutIsWaitedFor) {
  auto target = deployment(3).in(TargetState::Canary, 2).claimed().canary(1);
  (*target.live.canary)["metadata"]["deletionTimestamp"] = "2026-11-21T02:14:07Z";
  EXPECT_TRUE(target.acts().empty());
}

TEST(DeploymentPromotion, ChangesTheImageOnlyWhereItIsStillTheOldOne) {
  const auto acts = deployment(3).in(TargetState::Promoting).claimed().canary(1).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(tested(acts[0], "/metadata/resourceVersion"), "7");
  EXPECT_EQ(tested(acts[0], kClaimPointer), kClaim);
  EXPECT_EQ(tested(acts[0], kImagePointer), kOldImage);
  EXPECT_EQ(written(acts[0], kImagePointer), kNewImage);
}

TEST(DeploymentPromotion, NeverWritesReplicas) {
  for (const auto state : {TargetState::Promoting, TargetState::RollingBack}) {
    auto target = deployment(3).in(state).claimed().canary(1);
    if (state == TargetState::RollingBack) target.image(kNewImage);
    for (const auto& act : target.acts()) EXPECT_TRUE(written(act, "/spec/replicas").is_null());
  }
}

TEST(DeploymentPromotion, ChangesInitContainersToo) {
  auto target = deployment(3);
  (*target.live.workload)["spec"]["template"]["spec"]["initContainers"] = Json::array(
      {Json{{"name", "wait"}, {"image", "busybox"}}, Json{{"name", "migrate"}, {"image", kOldImage}}});
  target.record.target.containers = {"web", "migrate"};
  const auto acts = target.in(TargetState::Promoting).claimed().acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kImagePointer), kNewImage);
  EXPECT_EQ(written(acts[0], "/spec/template/spec/initContainers/1/image"), kNewImage);
  EXPECT_TRUE(written(acts[0], "/spec/template/spec/initContainers/0/image").is_null());
}

TEST(DeploymentPromotion, KeepsTheCanaryCopyAsCapacityUntilThePrimaryIsComplete) {
  auto target = deployment(3).in(TargetState::Promoting).claimed().image(kNewImage).canary(1);
  (*target.live.workload)["status"]["updatedReplicas"] = 2;
  EXPECT_TRUE(target.acts().empty());
  (*target.live.workload)["status"]["updatedReplicas"] = 3;
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(as<DeleteCanary>(acts[0])->preconditions.uid, "canary-uid");
}

TEST(DeploymentPromotion, IsCompleteWhenEveryCopyIsPatchedAndTheCanaryCopyIsGone) {
  auto target = deployment(2).in(TargetState::Promoting).claimed().image(kNewImage);
  target.pods({pod("web-a", {.image = kNewImage}), pod("web-b", {.image = kNewImage})});
  EXPECT_TRUE(target.seen().complete);
  EXPECT_FALSE(target.canary(1).seen().complete);
}

TEST(DeploymentRollback, OfAnUntouchedPrimaryOnlyRemovesTheCanaryCopy) {
  const auto target = deployment(3).in(TargetState::RollingBack).claimed().canary(1);
  EXPECT_FALSE(target.seen().restored);
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(as<DeleteCanary>(acts[0])->name, "web-patchwave-canary");
}

TEST(DeploymentRollback, PutsTheImageBackFirstAndRemovesTheCanaryCopyAtOnce) {
  const auto acts = deployment(3).in(TargetState::RollingBack).claimed().image(kNewImage).canary(1).acts();
  ASSERT_EQ(acts.size(), 2U);
  EXPECT_EQ(written(acts[0], kImagePointer), kOldImage);
  EXPECT_NE(as<DeleteCanary>(acts[1]), nullptr);
}

TEST(DeploymentRollback, ClaimsAReleasedWorkloadAgainBeforeItPutsAnythingBack) {
  const auto acts = deployment(3).in(TargetState::RollingBack).image(kNewImage).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], "/metadata/annotations")["patchwave.dev/claimed-by"], kClaim);
  EXPECT_TRUE(written(acts[0], kImagePointer).is_null());
}

TEST(DeploymentRollback, LeavesAForeignImageAsItIs) {
  const auto target = deployment(3).in(TargetState::RollingBack).claimed().image(kForeignImage);
  EXPECT_TRUE(target.acts().empty());
  EXPECT_TRUE(target.seen().restored);
}

TEST(DeploymentRollback, IsNotCompleteWhileAPatchedPodLives) {
  auto target = deployment(1).in(TargetState::RollingBack).claimed();
  target.pods({pod("web-a"), pod("web-b", {.image = kNewImage})});
  EXPECT_FALSE(target.seen().restored);
}

TEST(DeploymentRollback, RemovesTheCanaryCopyOfAWorkloadThatIsGone) {
  auto target = deployment(3).in(TargetState::RollingBack).canary(1);
  target.live.workload.reset();
  EXPECT_FALSE(target.seen().restored);
  EXPECT_EQ(target.acts().size(), 1U);
}

}  // namespace
}  // namespace patchwave::target::testing
