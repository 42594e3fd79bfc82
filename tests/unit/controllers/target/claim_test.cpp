#include <gtest/gtest.h>

#include "tests/unit/controllers/target/builders.hpp"

namespace patchwave::target::testing {
namespace {

using api::TargetState;
using enum api::TargetKind;

TEST(Claim, ComesBeforeAnyOtherWriteAndHoldsOnlyForTheObjectThatWasRead) {
  const auto acts = given(Deployment, 3).in(TargetState::Claimed).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(tested(acts[0], "/metadata/uid"), kUid);
  EXPECT_EQ(tested(acts[0], "/metadata/resourceVersion"), "7");
  EXPECT_EQ(tested(acts[0], kImagePointer), kOldImage);
  EXPECT_EQ(
      written(acts[0], "/metadata/annotations"),
      Json({{"patchwave.dev/claimed-by", kClaim}, {"patchwave.dev/images-before", "web=" + kOldImage}}));
}

TEST(Claim, RecordsTheImagesOfEveryContainerInitContainersFirst) {
  auto target = given(Deployment, 3);
  Json& pod = (*target.live.workload)["spec"]["template"]["spec"];
  pod["containers"].push_back({{"name", "proxy"}, {"image", "proxy:1"}});
  pod["initContainers"] = Json::array({{{"name", "migrate"}, {"image", "migrate:2"}}});
  const auto acts = target.in(TargetState::Claimed).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], "/metadata/annotations")["patchwave.dev/images-before"],
            "migrate=migrate:2,web=" + kOldImage + ",proxy=proxy:1");
}

TEST(Claim, SetAgainKeepsTheRecordThatWasMadeBeforeTheFirstChange) {
  auto target = given(DaemonSet, 3).in(TargetState::Canary, 1).image(kNewImage);
  (*target.live.workload)["metadata"]["annotations"]["patchwave.dev/images-before"] = "web=" + kOldImage;
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kClaimPointer), kClaim);
  EXPECT_TRUE(written(acts[0], kRecordPointer).is_null());
}

TEST(Claim, ReplacesARecordThatAnotherWaveLeftBehindWhenATagMayHaveToBePutBack) {
  auto target = given(DaemonSet, 3).image("registry.example.com/shop/web:1.4.2").in(TargetState::Claimed);
  (*target.live.workload)["metadata"]["annotations"]["patchwave.dev/images-before"] = "web=older";
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kRecordPointer), "web=registry.example.com/shop/web:1.4.2");
}

TEST(Claim, KeepsTheRecordOfTheWaveBeforeWhenWhatItChangesHasADigest) {
  auto target = given(DaemonSet, 3).in(TargetState::Claimed);
  (*target.live.workload)["metadata"]["annotations"]["patchwave.dev/images-before"] = "web=older";
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kClaimPointer), kClaim);
  EXPECT_TRUE(written(acts[0], kRecordPointer).is_null()) << "the wave before may have to go back as well";
}

TEST(Claim, IsAddedToTheAnnotationsThatAreThere) {
  auto target = given(Deployment, 3);
  (*target.live.workload)["metadata"]["annotations"]["team"] = "shop";
  const auto acts = target.in(TargetState::Claimed).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kClaimPointer), kClaim);
}

TEST(Claim, OfAnotherWaveIsNeverTakenOver) {
  auto target = given(StatefulSet, 3).in(TargetState::Claimed).claimed("shop/other/uid");
  EXPECT_TRUE(target.acts().empty());
  EXPECT_EQ(target.seen().claimed_by, "shop/other/uid");
  EXPECT_TRUE(target.in(TargetState::Canary, 1).acts().empty());
  EXPECT_TRUE(target.in(TargetState::Promoting).acts().empty());
}

TEST(Claim, WaitsWhenTheWorkloadIsNoLongerWhatIsOnRecord) {
  const auto target = given(StatefulSet, 3).in(TargetState::Claimed).partition(2);
  EXPECT_TRUE(target.acts().empty());
  EXPECT_EQ(target.seen().problem, "StatefulSet shop/web changed after its state was put on record");
}

TEST(Claim, ThatSomebodyTookAwayIsSetAgainBeforeTheNextWrite) {
  const auto acts = given(DaemonSet, 3).in(TargetState::Canary, 1).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], "/metadata/annotations")["patchwave.dev/claimed-by"], kClaim);
}

TEST(Claim, IsReleasedWithTheAnnotationsThatCameWithIt) {
  const auto target = given(Deployment, 3).in(TargetState::RolledBack).claimed();
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(tested(acts[0], kClaimPointer), kClaim);
  EXPECT_TRUE(removes(acts[0], "/metadata/annotations"));
  EXPECT_FALSE(is_released(target.record, target.live, kClaim));
}

TEST(Claim, OfAPromotedTargetIsReleasedAndLeavesTheRecordForALaterRollback) {
  const auto acts = given(Deployment, 3).claimed().in(TargetState::Promoted).image(kNewImage).acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_TRUE(removes(acts[0], kClaimPointer));
  EXPECT_FALSE(removes(acts[0], kRecordPointer));
  EXPECT_FALSE(removes(acts[0], "/metadata/annotations"));
}

TEST(Claim, OfARollbackIsReleasedAndLeavesTheRecordOfTheWaveBefore) {
  auto target = given(Deployment, 3).claimed().in(TargetState::RolledBack);
  (*target.live.workload)["metadata"]["annotations"]["patchwave.dev/images-before"] = "web=older";
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_TRUE(removes(acts[0], kClaimPointer));
  EXPECT_FALSE(removes(acts[0], kRecordPointer));
}

TEST(Claim, ForTheRollbackOfAPromotedTargetKeepsTheRecordFromBeforeItsFirstChange) {
  auto target = given(Deployment, 3).in(TargetState::RollingBack).image(kNewImage);
  (*target.live.workload)["metadata"]["annotations"]["patchwave.dev/images-before"] = "web=" + kOldImage;
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], kClaimPointer), kClaim);
  EXPECT_TRUE(written(acts[0], kRecordPointer).is_null());
}

TEST(Claim, IsReleasedAloneWhereOtherAnnotationsStay) {
  auto target = given(Deployment, 3).in(TargetState::Skipped).claimed();
  (*target.live.workload)["metadata"]["annotations"]["team"] = "shop";
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_TRUE(removes(acts[0], kClaimPointer));
  EXPECT_TRUE(removes(acts[0], kRecordPointer));
}

TEST(Claim, OfAnotherWaveIsNotReleased) {
  const auto target =
      given(Deployment, 3).in(TargetState::RolledBack).image(kNewImage).claimed("shop/other/uid");
  EXPECT_TRUE(target.acts().empty());
  EXPECT_TRUE(is_released(target.record, target.live, kClaim));
}

TEST(Claim, ThatWasCopiedToANewObjectOfTheNameIsReleasedToo) {
  auto target = given(Deployment, 3).in(TargetState::RolledBack).claimed();
  (*target.live.workload)["metadata"]["uid"] = "another-uid";
  const auto acts = target.acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(tested(acts[0], "/metadata/uid"), "another-uid");
}

TEST(Claim, StaysUntilARolledBackTargetIsWholeAgain) {
  const auto acts = given(DaemonSet, 1)
                        .in(TargetState::RolledBack)
                        .claimed()
                        .strategy("OnDelete")
                        .pods({pod("web-a", {.node = "a"})})
                        .acts();
  ASSERT_EQ(acts.size(), 1U);
  EXPECT_EQ(written(acts[0], "/spec/updateStrategy/type"), "RollingUpdate");
}

TEST(Acts, AreNoneBeforeTheRecordAllowsAnyAndAfterARollbackThatFailed) {
  EXPECT_TRUE(given(Deployment, 3).acts().empty());
  EXPECT_TRUE(given(Deployment, 3)
                  .in(TargetState::RollbackFailed)
                  .image(kNewImage)
                  .claimed()
                  .canary(1)
                  .acts()
                  .empty());
}

}  // namespace
}  // namespace patchwave::target::testing
