#include "controllers/approval/decide.hpp"

#include <gtest/gtest.h>

namespace patchwave::approval {
namespace {

const Time kNow{};

api::PatchApproval given_approval() {
  api::PatchApproval approval;
  approval.metadata.ns = "shop";
  approval.spec = {"web-canary", "jane@example.com", "sha256:now", true, ""};
  return approval;
}

api::PatchWave wave_with_plan(const std::string& hash) {
  api::PatchWave wave;
  wave.status.plan_hash = hash;
  return wave;
}

std::string reason_of(const api::PatchApprovalStatus& status) {
  return api::find_condition(status.conditions, "Ready")->reason;
}

TEST(AnApproval, OfThePlanAsItIsCounts) {
  const auto status = decide(given_approval(), wave_with_plan("sha256:now"), kNow);
  EXPECT_EQ(api::find_condition(status.conditions, "Ready")->status, "True");
  EXPECT_EQ(reason_of(status), "Counted");
}

TEST(AnApproval, InAnEmergencySaysUntilWhenWindowsDoNotCount) {
  auto approval = given_approval();
  approval.metadata.creation_time = kNow;
  approval.spec.emergency = {kNow + std::chrono::hours(100), "CVE-2026-1234"};
  const auto status = decide(approval, wave_with_plan("sha256:now"), kNow);
  EXPECT_EQ(reason_of(status), "Emergency");
  EXPECT_NE(api::find_condition(status.conditions, "Ready")->message.find("until 1970-01-02T00:00:00"),
            std::string::npos);
}

TEST(AnApproval, SaysWhenItsEmergencyIsOver) {
  auto approval = given_approval();
  approval.metadata.creation_time = kNow;
  approval.spec.emergency = {kNow + std::chrono::hours(1), "CVE-2026-1234"};
  const auto wave = wave_with_plan("sha256:now");
  EXPECT_EQ(reason_of(decide(approval, wave, kNow)), "Emergency");
  EXPECT_EQ(reason_of(decide(approval, wave, kNow + std::chrono::hours(1))), "EmergencyOver");
}

TEST(AnApproval, OfAnotherPlanIsStalledAndNamesThePlanAsItIs) {
  const auto status = decide(given_approval(), wave_with_plan("sha256:later"), kNow);
  const auto* stalled = api::find_condition(status.conditions, "Stalled");
  EXPECT_EQ(stalled->status, "True");
  EXPECT_EQ(stalled->reason, "PlanChanged");
  EXPECT_NE(stalled->message.find("sha256:later"), std::string::npos);
}

TEST(AnApproval, OfAWaveThatDoesNotExistNamesTheField) {
  const auto status = decide(given_approval(), std::nullopt, kNow);
  EXPECT_EQ(reason_of(status), "WaveNotFound");
  EXPECT_NE(api::find_condition(status.conditions, "Ready")->message.find("spec.waveRef.name"),
            std::string::npos);
}

TEST(AnApproval, GivenBeforeThereIsAPlanIsNotJudgedYet) {
  const auto status = decide(given_approval(), wave_with_plan(""), kNow);
  EXPECT_EQ(api::find_condition(status.conditions, "Ready")->status, "Unknown");
}

}  // namespace
}  // namespace patchwave::approval
