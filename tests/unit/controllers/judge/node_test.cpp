#include "controllers/judge/node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/time.hpp"

namespace patchwave::judge {
namespace {

using Stage = NodeEvidence::Stage;

const Time kSince = *parse_time("2026-11-21T02:00:00Z");
const NodeLimits kLimits{seconds(60), seconds(600), seconds(60)};

NodeEvidence evidence(Stage stage) {
  NodeEvidence made;
  made.target = "Node n1";
  made.stage = stage;
  made.since = kSince;
  made.watched_since = kSince;
  return made;
}

TEST(JudgeNode, ProvesNothingWhileAStepRuns) {
  EXPECT_EQ(judge_node(evidence(Stage::Working), kLimits, kSince + std::chrono::hours(24)).verdict,
            Verdict::Undecided);
}

TEST(JudgeNode, FindsHarmInOneThatIsLostWhileItIsPatched) {
  auto lost = evidence(Stage::Working);
  lost.unready_since = kSince + seconds(30);
  EXPECT_EQ(judge_node(lost, kLimits, kSince + seconds(629)).verdict, Verdict::Undecided);
  EXPECT_EQ(judge_node(lost, kLimits, kSince + seconds(630)).verdict, Verdict::Harm);
}

TEST(JudgeNode, FindsHarmInAStepThatFailed) {
  auto failed = evidence(Stage::Working);
  failed.step_failure = "the Patch step failed: exit code 3";
  const auto finding = judge_node(failed, kLimits, kSince);
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "the Patch step failed: exit code 3");
}

TEST(JudgeNode, WaitsForARebootAsLongAsTheDeadlineAndNoLonger) {
  const auto rebooting = evidence(Stage::Rebooting);
  const auto before = judge_node(rebooting, kLimits, kSince + seconds(599));
  EXPECT_EQ(before.verdict, Verdict::Undecided);
  EXPECT_EQ(before.decides_time, kSince + seconds(600));
  EXPECT_EQ(judge_node(rebooting, kLimits, kSince + seconds(600)).verdict, Verdict::Harm);
}

TEST(JudgeNode, CountsNoTimeInWhichNobodyWatched) {
  auto rebooting = evidence(Stage::Rebooting);
  rebooting.watched_since = kSince + seconds(500);
  EXPECT_EQ(judge_node(rebooting, kLimits, kSince + seconds(1099)).verdict, Verdict::Undecided);
  EXPECT_EQ(judge_node(rebooting, kLimits, kSince + seconds(1100)).verdict, Verdict::Harm);
}

TEST(JudgeNode, PassesOneThatIsReadyForTheStepBake) {
  auto returned = evidence(Stage::Returned);
  returned.ready = true;
  returned.ready_since = kSince + seconds(10);
  EXPECT_EQ(judge_node(returned, kLimits, kSince + seconds(69)).verdict, Verdict::Undecided);
  EXPECT_EQ(judge_node(returned, kLimits, kSince + seconds(70)).verdict, Verdict::Pass);
}

TEST(JudgeNode, FindsHarmInOneThatIsLostAfterItsReturn) {
  auto lost = evidence(Stage::Returned);
  lost.unready_since = kSince + seconds(30);
  EXPECT_EQ(judge_node(lost, kLimits, kSince + seconds(89)).verdict, Verdict::Undecided);
  EXPECT_EQ(judge_node(lost, kLimits, kSince + seconds(90)).verdict, Verdict::Harm);
}

TEST(JudgeNode, FindsHarmInOneThatNeverBecomesReady) {
  const auto never = evidence(Stage::Returned);
  EXPECT_EQ(judge_node(never, kLimits, kSince + seconds(599)).verdict, Verdict::Undecided);
  EXPECT_EQ(judge_node(never, kLimits, kSince + seconds(600)).verdict, Verdict::Harm);
}

}  // namespace
}  // namespace patchwave::judge
