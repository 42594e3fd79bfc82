#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

constexpr Time kStart{std::chrono::hours(24 * 365 * 56)};
const PodLimits kLimits;

PodEvidence patched(std::string name, std::optional<Time> ready_since) {
  PodEvidence pod;
  pod.name = std::move(name);
  pod.patched = true;
  pod.creation_time = kStart;
  pod.ready_since = ready_since;
  return pod;
}

PodEvidence waiting(std::string reason, int restarts = 0) {
  auto pod = patched("web-1", std::nullopt);
  pod.waiting_reason = std::move(reason);
  pod.restarts = restarts;
  return pod;
}

TargetEvidence target(int wanted, bool complete, std::vector<PodEvidence> pods) {
  return {"Deployment shop/web", kStart, wanted, complete, std::nullopt, std::move(pods)};
}

Finding judged(const TargetEvidence& evidence, microseconds after) {
  return judge_pods(evidence, kLimits, kStart + after);
}

TEST(JudgePods, PassesOnceAllWantedCopiesWereReadyForTheBake) {
  const auto evidence =
      target(2, true, {patched("web-1", kStart + seconds(5)), patched("web-2", kStart + seconds(9))});
  const auto early = judged(evidence, seconds(68));
  EXPECT_EQ(early.verdict, Verdict::Undecided);
  EXPECT_EQ(early.decides_time, kStart + seconds(69));
  EXPECT_EQ(early.message, "2 of 2 patched copies ready, not yet for 1m");
  const auto passed = judged(evidence, seconds(69));
  EXPECT_EQ(passed.verdict, Verdict::Pass);
  EXPECT_EQ(passed.target, "Deployment shop/web");
}

TEST(JudgePods, CountsTheBakeFromTheStepForCopiesThatWereReadyBefore) {
  const auto evidence = target(1, true, {patched("web-1", kStart - minutes(30))});
  EXPECT_EQ(judged(evidence, seconds(59)).verdict, Verdict::Undecided);
  EXPECT_EQ(judged(evidence, seconds(60)).verdict, Verdict::Pass);
}

TEST(JudgePods, BeginsTheBakeAgainWhenAWantedCopyWasNotReadyInBetween) {
  const auto evidence = target(1, true, {patched("web-1", kStart + minutes(5))});
  EXPECT_EQ(judged(evidence, minutes(5) + seconds(59)).verdict, Verdict::Undecided);
}

TEST(JudgePods, DoesNotBeginTheBakeAgainForCopiesThatAnAutoscalerAdds) {
  const auto evidence = target(1, true, {patched("web-1", kStart), patched("web-2", kStart + seconds(59))});
  EXPECT_EQ(judged(evidence, seconds(60)).verdict, Verdict::Pass);
}

TEST(JudgePods, DoesNotPassOnACompleteStepWhoseCopiesAreNotSeen) {
  EXPECT_EQ(judged(target(2, true, {patched("web-1", kStart)}), minutes(5)).verdict, Verdict::Undecided);
  EXPECT_EQ(judged(target(2, true, {}), minutes(60)).verdict, Verdict::Undecided);
}

TEST(JudgePods, PassesAStepThatWantsNoCopies) {
  EXPECT_EQ(judged(target(0, true, {}), seconds(60)).verdict, Verdict::Pass);
}

TEST(JudgePods, SaysWhatAnIncompleteStepWaitsFor) {
  const auto finding =
      judged(target(2, false, {patched("web-2", kStart), waiting("ContainerCreating")}), seconds(30));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::None);
  EXPECT_EQ(finding.message, "1 of 2 patched copies ready; web-1: ContainerCreating");
  EXPECT_EQ(finding.decides_time, kStart + minutes(10));
}

TEST(JudgePods, FindsHarmInACrashLoopOnceTheToleratedRestartsAreUsedUp) {
  EXPECT_EQ(judged(target(1, false, {waiting("CrashLoopBackOff", 1)}), seconds(30)).verdict,
            Verdict::Undecided);
  const auto finding = judged(target(1, false, {waiting("CrashLoopBackOff", 2)}), seconds(30));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message,
            "patched pod web-1 crashed again after 2 restarts, as many as are tolerated: CrashLoopBackOff");
}

TEST(JudgePods, FindsHarmInMoreRestartsThanAreToleratedEvenWhenThePodIsReady) {
  auto pod = patched("web-1", kStart);
  pod.restarts = 2;
  EXPECT_EQ(judged(target(1, true, {pod}), minutes(2)).verdict, Verdict::Pass);
  pod.restarts = 3;
  pod.terminated_reason = "Error";
  const auto finding = judged(target(1, true, {pod}), minutes(2));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "patched pod web-1 has 3 restarts, more than 2: Error");
}

TEST(JudgePods, FindsHarmInAPatchedPodThatRanOutOfMemory) {
  auto pod = patched("web-1", kStart);
  pod.restarts = 1;
  pod.terminated_reason = "OOMKilled";
  const auto finding = judged(target(1, true, {pod}), minutes(2));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "patched pod web-1 ran out of memory (OOMKilled, 1 restart)");
}

TEST(JudgePods, FindsHarmInAnImageThatCannotBePulledForTheDeadline) {
  for (const auto* reason : {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"}) {
    const auto evidence = target(1, false, {waiting(reason)});
    const auto early = judged(evidence, seconds(119));
    EXPECT_EQ(early.verdict, Verdict::Undecided) << reason;
    EXPECT_EQ(early.decides_time, kStart + seconds(120)) << reason;
    EXPECT_EQ(judged(evidence, seconds(120)).verdict, Verdict::Harm) << reason;
  }
}

TEST(JudgePods, FindsHarmAtOnceInAnImageNameThatIsNone) {
  auto pod = waiting("InvalidImageName");
  pod.waiting_message = "invalid reference format";
  const auto finding = judged(target(1, false, {pod}), seconds(1));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "patched pod web-1 cannot start: InvalidImageName (invalid reference format)");
}

TEST(JudgePods, FindsHarmInAContainerThatCannotBeMadeForTheDeadline) {
  const auto evidence = target(1, false, {waiting("CreateContainerConfigError")});
  EXPECT_EQ(judged(evidence, seconds(119)).verdict, Verdict::Undecided);
  EXPECT_EQ(judged(evidence, seconds(120)).message,
            "patched pod web-1 has not started for 2m: CreateContainerConfigError");
}

TEST(JudgePods, FindsHarmInCopiesThatAreNotReadyByTheProgressDeadline) {
  const auto evidence = target(2, false, {patched("web-1", std::nullopt), patched("web-2", kStart)});
  EXPECT_EQ(judged(evidence, minutes(10) - seconds(1)).verdict, Verdict::Undecided);
  const auto finding = judged(evidence, minutes(10));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message,
            "1 of 2 patched copies are ready, and no other became ready for 10m; the limit is 10m");
}

TEST(JudgePods, FindsHarmInCopiesThatAreNeverMade) {
  EXPECT_EQ(judged(target(2, false, {}), minutes(10) - seconds(1)).verdict, Verdict::Undecided);
  EXPECT_EQ(judged(target(2, false, {}), minutes(10)).verdict, Verdict::Harm);
}

TEST(JudgePods, DoesNotBlameThePatchForCopiesThatAWriteOrAnEvictionOfOursHasNotMadeRoomFor) {
  auto evidence = target(3, false, {patched("web-1", kStart)});
  evidence.awaiting_us = 2;
  EXPECT_EQ(judged(evidence, minutes(60)).verdict, Verdict::Undecided);
  evidence.pods.push_back(patched("web-2", std::nullopt));
  evidence.awaiting_us = 1;
  EXPECT_EQ(judged(evidence, minutes(60)).verdict, Verdict::Harm) << "the second is there and not ready";
}

TEST(JudgePods, GivesALargeWorkloadTimeWhileCopyAfterCopyGetsReady) {
  const auto evidence =
      target(50, false, {patched("web-1", kStart + minutes(2)), patched("web-2", kStart + minutes(14))});
  EXPECT_EQ(judged(evidence, minutes(15)).verdict, Verdict::Undecided);
  EXPECT_EQ(judged(evidence, minutes(24)).verdict, Verdict::Harm);
}

TEST(JudgePods, FindsHarmInCapacityThatWasThereAndIsNot) {
  auto evidence = target(2, false, {patched("web-1", std::nullopt), patched("web-2", kStart)});
  evidence.incomplete_since = kStart + minutes(5);
  EXPECT_EQ(judged(evidence, minutes(5) + seconds(60)).verdict, Verdict::Undecided);
  const auto finding = judged(evidence, minutes(5) + seconds(61));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "1 of 2 patched copies were ready and are not for 1m1s");
}

TEST(JudgePods, DoesNotTakeOneFailedProbeLongAfterTheStepForAMissedDeadline) {
  auto evidence = target(1, false, {patched("web-1", std::nullopt)});
  evidence.incomplete_since = kStart + minutes(30);
  EXPECT_EQ(judged(evidence, minutes(30) + seconds(2)).verdict, Verdict::Undecided);
}

TEST(JudgePods, GivesTheReplacementOfADrainedCopyItsOwnDeadline) {
  auto replacement = patched("web-3", std::nullopt);
  replacement.creation_time = kStart + minutes(30);
  auto drained = patched("web-1", std::nullopt);
  drained.terminating = true;
  auto evidence = target(2, false, {drained, patched("web-2", kStart), replacement});
  evidence.incomplete_since = kStart + minutes(30);
  EXPECT_EQ(judged(evidence, minutes(32)).verdict, Verdict::Undecided);
  EXPECT_EQ(judged(evidence, minutes(40)).verdict, Verdict::Undecided)
      << "the drained copy is on its way out";
  evidence.pods.erase(evidence.pods.begin());
  EXPECT_EQ(judged(evidence, minutes(40)).verdict, Verdict::Harm);
}

TEST(JudgePods, HoldsNothingAgainstACopyOnItsWayOut) {
  auto pod = waiting("CrashLoopBackOff", 9);
  pod.terminated_reason = "OOMKilled";
  pod.terminating = true;
  EXPECT_EQ(judged(target(1, false, {pod}), minutes(2)).verdict, Verdict::Undecided);
}

TEST(JudgePods, HoldsNothingAgainstACopyWhoseNodeIsLost) {
  auto lost = patched("web-1", std::nullopt);
  lost.node_ready = false;
  auto evidence = target(1, false, {lost});
  evidence.incomplete_since = kStart + minutes(1);
  EXPECT_EQ(judged(evidence, minutes(30)).verdict, Verdict::Undecided);
}

TEST(JudgePods, NeverBlamesThePatchForBaselinePods) {
  auto baseline = waiting("CrashLoopBackOff", 9);
  baseline.terminated_reason = "OOMKilled";
  baseline.patched = false;
  EXPECT_EQ(judged(target(1, true, {patched("web-2", kStart), baseline}), minutes(2)).verdict, Verdict::Pass);
  EXPECT_EQ(judged(target(1, false, {baseline}), minutes(2)).verdict, Verdict::Undecided);
}

}  // namespace
}  // namespace patchwave::judge
