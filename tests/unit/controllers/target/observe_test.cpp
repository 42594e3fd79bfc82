#include <gtest/gtest.h>

#include "tests/unit/controllers/target/builders.hpp"

namespace patchwave::target::testing {
namespace {

using api::TargetState;
using enum api::TargetKind;

TEST(Observe, RecordsWhatIsThereBeforeTheFirstWrite) {
  const auto seen = given(StatefulSet, 3).partition(1).seen();
  EXPECT_TRUE(seen.exists);
  EXPECT_EQ(seen.uid, kUid);
  EXPECT_EQ(seen.current.images.at("web"), kOldImage);
  EXPECT_EQ(seen.current.partition, 1);
  EXPECT_EQ(seen.current.update_strategy, "RollingUpdate");
  EXPECT_EQ(seen.desired, 3);
  EXPECT_EQ(seen.ready, 3);
  EXPECT_EQ(seen.wanted_patched, 0);
}

TEST(Observe, TakesImagesOfOneDigestForTheSame) {
  const std::string mirrored = "mirror.example.net/shop/web@sha256:" + std::string(64, 'b');
  EXPECT_TRUE(given(Deployment, 1).image(mirrored).seen().already_patched);
  EXPECT_FALSE(given(Deployment, 1).image("registry.example.com/shop/web:1.4.3").seen().already_patched);
}

TEST(Observe, CountsOnlyLiveCopies) {
  auto finished = pod("web-d", {.image = kNewImage, .ready = false});
  finished.phase = "Failed";
  const auto seen =
      given(Deployment, 3)
          .in(TargetState::Promoting)
          .pods({pod("web-a", {.image = kNewImage}), pod("web-b", {.image = kNewImage, .ready = false}),
                 pod("web-c", {.image = kNewImage, .terminating = true}), finished, pod("web-e")})
          .seen();
  EXPECT_EQ(seen.patched, 2);
  EXPECT_EQ(seen.patched_ready, 1);
  EXPECT_EQ(seen.ready, 2);
}

TEST(Observe, CountsCopiesThatNoEvictionHasMadeRoomForAsAwaitingUs) {
  auto target =
      given(DaemonSet, 3).in(TargetState::Promoting).claimed().image(kNewImage).strategy("OnDelete");
  target.pods({pod("web-a", {.image = kNewImage, .node = "a"}), pod("web-b", {.node = "b"}),
               pod("web-c", {.node = "c"})});
  EXPECT_EQ(target.seen().awaiting_us, 2);
  target.pods({pod("web-a", {.image = kNewImage, .node = "a"}), pod("web-c", {.node = "c"})});
  EXPECT_EQ(target.seen().awaiting_us, 1) << "one was evicted, and that it is not back is not for us to mend";
  target.pods({pod("web-a", {.image = kNewImage, .node = "a"}),
               pod("web-b", {.image = kNewImage, .ready = false, .node = "b"}),
               pod("web-c", {.image = kNewImage, .node = "c"})});
  EXPECT_EQ(target.seen().awaiting_us, 0);
}

TEST(Observe, CountsEveryCopyAsAwaitingUsWhileTheImageIsNotWritten) {
  EXPECT_EQ(given(StatefulSet, 3).in(TargetState::Promoting).claimed().seen().awaiting_us, 3);
  EXPECT_EQ(given(Deployment, 4).in(TargetState::Canary, 1).claimed().seen().awaiting_us, 1);
}

TEST(Observe, CountsAPodAsPatchedOnlyWhenEveryTargetedContainerIs) {
  auto target = given(Deployment, 1);
  target.record.target.containers = {"web", "migrate"};
  auto half = pod("web-a", {.image = kNewImage});
  half.containers.push_back(half.containers[0]);
  half.containers[1].name = "migrate";
  half.containers[1].image = kOldImage;
  target.pods({half});
  EXPECT_EQ(target.seen().patched, 0);
  target.live.pods[0].containers[1].image = kNewImage;
  EXPECT_EQ(target.seen().patched, 1);
}

TEST(Observe, NamesTheContainerImageAndManagerOfAForeignWrite) {
  const auto seen = given(StatefulSet, 3)
                        .in(TargetState::Canary, 1)
                        .claimed()
                        .image(kForeignImage)
                        .written_by("kubectl-set")
                        .seen();
  ASSERT_TRUE(seen.foreign_write);
  EXPECT_EQ(seen.foreign_write->container, "web");
  EXPECT_EQ(seen.foreign_write->image, kForeignImage);
  EXPECT_EQ(seen.foreign_write->manager, "kubectl-set");
}

TEST(Observe, SeesNoForeignWriteInTheOldOrTheNewImage) {
  auto target =
      given(StatefulSet, 3).in(TargetState::Canary, 1).claimed().written_by("kubectl-client-side-apply");
  EXPECT_FALSE(target.seen().foreign_write);
  EXPECT_FALSE(target.image(kNewImage).seen().foreign_write);
}

TEST(Observe, TakesTheOldImageWrittenAgainDuringPromotionForAForeignWrite) {
  const auto target = given(Deployment, 3)
                          .in(TargetState::Promoting)
                          .claimed()
                          .written_by("kubectl-rollout", kNow - seconds(5));
  ASSERT_TRUE(target.seen().foreign_write);
  EXPECT_EQ(target.seen().foreign_write->manager, "kubectl-rollout");
  EXPECT_TRUE(target.acts().empty());
}

TEST(Observe, SeesNoForeignWriteInARepeatedApplyWhileTheCanaryCopyIsJudged) {
  const auto target =
      given(Deployment, 3).in(TargetState::Canary, 1).claimed().written_by("kubectl", kNow - seconds(5));
  EXPECT_FALSE(target.seen().foreign_write);
}

TEST(Observe, WritesNothingForwardOverAForeignImage) {
  for (const auto kind : {Deployment, StatefulSet, DaemonSet}) {
    for (const auto state : {TargetState::Canary, TargetState::Promoting}) {
      EXPECT_TRUE(given(kind, 3).in(state, 1).claimed().image(kForeignImage).acts().empty());
    }
  }
}

TEST(Observe, NamesAContinuousManagerOfTheImageAndLeavesTheImageToIt) {
  const auto target = given(Deployment, 3).in(TargetState::Claimed).written_by("kustomize-controller");
  EXPECT_EQ(target.seen().gitops_manager, "kustomize-controller");
  EXPECT_TRUE(target.acts().empty());
}

TEST(Observe, TakesOverFromWritersThatWriteOnce) {
  for (const char* manager :
       {"kubectl-client-side-apply", "helm", "terraform", "before-first-apply", "unknown"}) {
    const auto target = given(Deployment, 3).in(TargetState::Claimed).written_by(manager);
    EXPECT_EQ(target.seen().gitops_manager, "") << manager;
    EXPECT_EQ(target.acts().size(), 1U) << manager;
  }
}

TEST(Observe, AsksForTheOwnersOfWhatHoldsTheRolloutBackToo) {
  auto target = given(DaemonSet, 3);
  (*target.live.workload)["metadata"]["managedFields"] =
      Json::array({Json{{"manager", "argocd-controller"},
                        {"fieldsV1", {{"f:spec", {{"f:updateStrategy", {{"f:type", Json::object()}}}}}}}}});
  EXPECT_EQ(target.seen().gitops_manager, "argocd-controller");
}

TEST(Observe, CountsTheContinuousManagersItIsToldOf) {
  const auto target = given(Deployment, 3).written_by("our-deployer-7");
  EXPECT_EQ(observe(target.record, target.live, kNewImage, kNow, {"our-*"}).gitops_manager, "our-deployer-7");
}

TEST(Observe, SaysWhyAWorkloadCanNotBeATarget) {
  auto missing = given(Deployment, 3);
  missing.record.target.containers = {"web", "sidecar"};
  EXPECT_EQ(missing.seen().problem, "Deployment shop/web has no container \"sidecar\"");

  auto paused = given(Deployment, 3);
  (*paused.live.workload)["spec"]["paused"] = true;
  EXPECT_EQ(paused.seen().problem, "Deployment shop/web is paused: it would not roll out a change");

  auto owned = given(StatefulSet, 3);
  (*owned.live.workload)["metadata"]["ownerReferences"] =
      Json::array({Json{{"kind", "Prometheus"}, {"name", "main"}, {"controller", true}}});
  EXPECT_EQ(owned.seen().problem,
            "StatefulSet shop/web is controlled by Prometheus main, which writes its image");

  auto leaving = given(DaemonSet, 3);
  (*leaving.live.workload)["metadata"]["deletionTimestamp"] = "2026-11-21T02:14:07Z";
  EXPECT_EQ(leaving.seen().problem, "DaemonSet shop/web is being deleted");
}

TEST(Observe, WritesNothingForwardToAPausedDeploymentButPutsItBack) {
  auto target = given(Deployment, 3).in(TargetState::Promoting).claimed();
  (*target.live.workload)["spec"]["paused"] = true;
  EXPECT_TRUE(target.acts().empty());
  target.record.state = TargetState::RollingBack;
  EXPECT_EQ(written(target.image(kNewImage).acts().at(0), kImagePointer), kOldImage);
}

TEST(Observe, HoldsARollbackOfWhatIsGoneForComplete) {
  auto target = given(Deployment, 3).in(TargetState::RollingBack).claimed();
  target.live.workload.reset();
  EXPECT_FALSE(target.seen().exists);
  EXPECT_TRUE(target.seen().restored);
  EXPECT_TRUE(target.acts().empty());
}

TEST(Observe, HoldsARollbackOfWhatWasReplacedForComplete) {
  auto target = given(StatefulSet, 3).in(TargetState::RollingBack).image(kNewImage);
  (*target.live.workload)["metadata"]["uid"] = "another-uid";
  EXPECT_TRUE(target.seen().replaced);
  EXPECT_TRUE(target.seen().restored);
  EXPECT_TRUE(target.acts().empty());
}

TEST(Observe, CompletesAStepOfNoCopiesAtOnce) {
  for (const auto kind : {Deployment, StatefulSet, DaemonSet}) {
    const auto target = given(kind, 0).in(TargetState::Canary, 0).claimed();
    EXPECT_TRUE(target.seen().step_complete);
    EXPECT_TRUE(target.acts().empty());
  }
}

TEST(Observe, CompletesNoStepBeforeTheControllerHasSeenTheLastWrite) {
  auto target = given(DaemonSet, 1)
                    .in(TargetState::Canary, 1)
                    .claimed()
                    .image(kNewImage)
                    .strategy("OnDelete")
                    .pods({pod("web-a", {.image = kNewImage})});
  EXPECT_TRUE(target.seen().step_complete);
  EXPECT_FALSE(target.controller_is_behind().seen().step_complete);
}

TEST(CopiesFor, NeverAsksForMoreThanThereAre) {
  EXPECT_EQ(copies_for({1, false}, 4), 1);
  EXPECT_EQ(copies_for({25, true}, 9), 3);
  EXPECT_EQ(copies_for({10, false}, 4), 4);
  EXPECT_EQ(copies_for({1, false}, 0), 0);
}

}  // namespace
}  // namespace patchwave::target::testing
