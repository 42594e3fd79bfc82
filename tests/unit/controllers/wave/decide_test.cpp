#include "controllers/wave/decide.hpp"

#include <gtest/gtest.h>

#include "controllers/api/hold.hpp"
#include "given.hpp"

namespace patchwave::wave {
namespace {

using api::TargetState;
using api::Verdict;
using api::WavePhase;
using given::hold_reason;
using given::kNow;

TEST(AWaitingWave, StartsWhenNothingHoldsItAndPutsThePlanOnRecord) {
  const auto decision = decide(given::wave(2), kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::Running);
  EXPECT_EQ(decision.status.image, given::kImage);
  ASSERT_EQ(decision.status.targets.size(), 2U);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Pending);
  EXPECT_TRUE(decision.status.plan_hash.starts_with("sha256:"));
}

TEST(AWaitingWave, WaitsForTheDigest) {
  auto snapshot = given::wave();
  snapshot.patch->status.digest.clear();
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kDigestUnresolved);
}

TEST(AWaitingWave, NamesThePatchThatDoesNotExist) {
  auto snapshot = given::wave();
  snapshot.patch.reset();
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(hold_reason(decision), api::hold::kInvalidSpec);
  EXPECT_NE(decision.status.hold->message.find("spec.patchRef.name"), std::string::npos);
}

TEST(AWaitingWave, WaitsForItsPredecessorToSucceed) {
  auto snapshot = given::wave();
  snapshot.wave.spec.after = {"first"};
  snapshot.predecessors = {{"first", true, WavePhase::Baking}};
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kPredecessor);
  snapshot.predecessors[0].phase = WavePhase::Succeeded;
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::Running);
}

TEST(AWaitingWave, WaitsForTheWindowAndSaysWhenItOpens) {
  auto snapshot = given::wave();
  snapshot.wave.spec.windows.allow = {{"0 3 * * *", std::chrono::hours(2), "Etc/UTC"}};
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(hold_reason(decision), api::hold::kWindowClosed);
  EXPECT_EQ(decision.status.hold->until_time, kNow + std::chrono::hours(1));
  EXPECT_EQ(decision.requeue_after, std::chrono::hours(1));
}

TEST(AWaitingWave, DoesNotStartWhatWouldOutlastTheWindow) {
  auto snapshot = given::wave();
  snapshot.wave.spec.step_bake = std::chrono::minutes(20);
  snapshot.wave.spec.windows.allow = {{"0 2 * * *", std::chrono::minutes(30), "Etc/UTC"}};
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kDoesNotFitWindow);
}

TEST(AWaitingWave, WritesNothingInObserveMode) {
  auto snapshot = given::wave();
  snapshot.wave.spec.mode = api::Mode::Observe;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(hold_reason(decision), api::hold::kObserveOnly);
  EXPECT_TRUE(acts_for(snapshot, decision, {}, kNow).empty());
}

TEST(AWaitingWave, IsHeldWhileItsPatchIsInQuarantine) {
  auto snapshot = given::wave();
  snapshot.patch->status.quarantine = api::Quarantine{std::string(given::kDigest), "errors", "other", kNow};
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kQuarantined);
}

TEST(AWaitingWave, DoesNotStartWhilePrometheusIsAway) {
  auto snapshot = given::wave();
  snapshot.wave.spec.gates = {given::threshold_gate("errors")};
  given::find(snapshot, "errors", Verdict::Undecided, judge::Absence::TelemetryUnavailable);
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kTelemetryUnavailable);
}

TEST(AWaitingWave, DoesNotBlameThePatchForAGateThatIsBadBefore) {
  auto snapshot = given::wave();
  snapshot.wave.spec.gates = {given::threshold_gate("errors")};
  given::find(snapshot, "errors", Verdict::Harm);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(hold_reason(decision), api::hold::kTargetNotReady);
  EXPECT_FALSE(decision.status.harm);
}

api::PatchApproval approval(const std::string& hash, bool approve) {
  api::PatchApproval object;
  object.spec = {"web-1.4.3-canary", "jane@example.com", hash, approve, "CAB-1"};
  return object;
}

Snapshot needing_approval() {
  auto snapshot = given::wave();
  snapshot.wave.spec.approval_required = true;
  snapshot.wave.status.plan_hash = decide(snapshot, kNow).status.plan_hash;
  return snapshot;
}

TEST(AnApproval, IsAskedForWithTheCommandThatGivesIt) {
  const auto decision = decide(needing_approval(), kNow);
  EXPECT_EQ(hold_reason(decision), api::hold::kApprovalRequired);
  EXPECT_NE(decision.status.hold->message.find("kubectl patchwave approve web-1.4.3-canary -n shop"),
            std::string::npos);
}

TEST(AnApproval, OfThisPlanStartsTheWaveAndIsOnRecord) {
  auto snapshot = needing_approval();
  snapshot.approvals = {approval(snapshot.wave.status.plan_hash, true)};
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::Running);
  EXPECT_EQ(decision.status.approved_by, "jane@example.com");
}

TEST(AnApproval, OfAnotherPlanDoesNotCount) {
  auto snapshot = needing_approval();
  snapshot.approvals = {approval("sha256:outdated", true)};
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kApprovalOutdated);
}

TEST(AnApproval, IsOutweighedByADenialOfTheSamePlan) {
  auto snapshot = needing_approval();
  const auto hash = snapshot.wave.status.plan_hash;
  snapshot.approvals = {approval(hash, true), approval(hash, false), approval(hash, true)};
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kApprovalDenied);
}

/// A wave whose only window opens a day later, with an emergency declared an hour ago that lasts for `left`
/// more.
Snapshot outside_its_window(milliseconds left) {
  auto snapshot = given::wave();
  snapshot.wave.spec.windows.allow = {{"0 2 * * SUN", std::chrono::hours(4), "UTC"}};
  snapshot.wave.status.plan_hash = decide(snapshot, kNow).status.plan_hash;
  auto emergency = approval(snapshot.wave.status.plan_hash, true);
  emergency.metadata.creation_time = kNow - std::chrono::hours(1);
  emergency.spec.emergency = {kNow + left, "CVE-2026-1234"};
  snapshot.approvals = {emergency};
  return snapshot;
}

TEST(AnEmergency, StartsAWaveWhoseWindowIsClosedAndIsOnRecord) {
  const auto decision = decide(outside_its_window(std::chrono::hours(2)), kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::Running);
  ASSERT_TRUE(decision.status.emergency);
  EXPECT_EQ(decision.status.emergency->approver, "jane@example.com");
  EXPECT_EQ(decision.status.emergency->reason, "CVE-2026-1234");
  EXPECT_EQ(decision.status.emergency->until_time, kNow + std::chrono::hours(2));
}

TEST(AnEmergency, ThatIsOverOpensNothingAndIsNamed) {
  const auto decision = decide(outside_its_window(-seconds(1)), kNow);
  EXPECT_EQ(hold_reason(decision), api::hold::kWindowClosed);
  EXPECT_NE(decision.status.hold->message.find("the emergency that jane@example.com declared ended"),
            std::string::npos);
  EXPECT_FALSE(decision.status.emergency);
}

TEST(AnEmergency, LastsNoLongerThanADayWhateverItSays) {
  auto snapshot = outside_its_window(std::chrono::hours(100));
  EXPECT_EQ(decide(snapshot, kNow).status.emergency->until_time, kNow + std::chrono::hours(23));
  snapshot.approvals[0].metadata.creation_time = kNow - std::chrono::hours(24);
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kWindowClosed);
}

TEST(AnEmergency, OfAnotherPlanOpensNothing) {
  auto snapshot = outside_its_window(std::chrono::hours(2));
  snapshot.approvals[0].spec.plan_hash = "sha256:outdated";
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kWindowClosed);
}

TEST(AnEmergency, IsOutweighedByADenialWhereAnApprovalIsRequired) {
  auto snapshot = outside_its_window(std::chrono::hours(2));
  snapshot.wave.spec.approval_required = true;
  snapshot.wave.status.plan_hash = decide(snapshot, kNow).status.plan_hash;
  snapshot.approvals[0].spec.plan_hash = snapshot.wave.status.plan_hash;
  snapshot.approvals.push_back(approval(snapshot.wave.status.plan_hash, false));
  EXPECT_EQ(hold_reason(decide(snapshot, kNow)), api::hold::kApprovalDenied);
}

TEST(AnEmergency, IsNotOnRecordWhereTheWindowIsOpenAnyway) {
  auto snapshot = outside_its_window(std::chrono::hours(2));
  snapshot.wave.spec.windows = {};
  snapshot.approvals[0].spec.plan_hash = decide(snapshot, kNow).status.plan_hash;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::Running);
  EXPECT_FALSE(decision.status.emergency);
}

TEST(AnEmergency, KeepsAWaveGoingPastTheEndOfItsWindow) {
  auto snapshot = given::running(TargetState::Pending, given::untouched());
  const auto declared = outside_its_window(std::chrono::hours(2));
  snapshot.wave.spec.windows = declared.wave.spec.windows;
  snapshot.wave.status.plan_hash = declared.wave.status.plan_hash;
  EXPECT_EQ(decide(snapshot, kNow).status.targets[0].state, TargetState::Pending);
  snapshot.approvals = declared.approvals;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Claimed);
  EXPECT_TRUE(decision.status.emergency);
}

TEST(AnUntouchedTarget, IsClaimedWithWhatItRanBeforeOnRecord) {
  const auto snapshot = given::running(TargetState::Pending, given::untouched());
  const auto decision = decide(snapshot, kNow);
  const auto& record = decision.status.targets[0];
  EXPECT_EQ(record.state, TargetState::Claimed);
  EXPECT_EQ(record.before.images.at("web"), "registry.example.com/storefront/web:1.4.2");
  EXPECT_EQ(record.after_image, given::kImage);
  EXPECT_TRUE(acts_for(snapshot, decision, {}, kNow).empty()) << "intent is persisted before its effect";
}

TEST(AnUntouchedTarget, IsLeftAloneBeyondTheDisruptionBudget) {
  auto snapshot = given::running(TargetState::Pending, given::untouched(), 3);
  snapshot.may_claim = 2;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(targets_in_transition(decision.status), 2);
  EXPECT_EQ(decision.status.progress.in_flight + decision.status.progress.failed, 2);
  EXPECT_EQ(hold_reason(decision), api::hold::kBudgetSpent);
}

TEST(AnUntouchedTarget, IsNotBegunOutsideTheWindow) {
  auto snapshot = given::running(TargetState::Pending, given::untouched());
  snapshot.wave.spec.windows.allow = {{"0 3 * * *", std::chrono::hours(2), "Etc/UTC"}};
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Pending);
  EXPECT_EQ(hold_reason(decision), api::hold::kWindowClosed);
}

TEST(AnUntouchedTarget, ThatIsUnwellIsNotBegunOnAndDoesNotKeepOthersWaiting) {
  auto snapshot = given::running(TargetState::Pending, given::untouched(), 2);
  snapshot.observed[0].seen.ready = 3;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Pending);
  EXPECT_EQ(decision.status.targets[1].state, TargetState::Claimed);
  EXPECT_EQ(hold_reason(decision), api::hold::kTargetNotReady);
}

TEST(AnUntouchedTarget, ThatHasTheImageAlreadyIsSkipped) {
  auto seen = given::untouched();
  seen.already_patched = true;
  const auto decision = decide(given::running(TargetState::Pending, seen), kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Skipped);
  EXPECT_EQ(decision.status.phase, WavePhase::Succeeded);
}

TEST(AnUntouchedTarget, KeptByAGitOpsManagerIsAConflictThatNamesIt) {
  auto seen = given::untouched();
  seen.gitops_manager = "argocd-controller";
  const auto decision = decide(given::running(TargetState::Pending, seen), kNow);
  EXPECT_EQ(hold_reason(decision), api::hold::kFieldConflict);
  EXPECT_NE(decision.status.hold->message.find("argocd-controller"), std::string::npos);
}

target::Observation canary_out() {
  auto seen = given::untouched();
  seen.step_complete = true;
  return seen;
}

TEST(ACanary, AdvancesOnlyWhenEveryGatePasses) {
  auto snapshot = given::running(TargetState::Canary, canary_out());
  snapshot.wave.spec.gates = {given::threshold_gate("errors")};
  given::find(snapshot, "pods", Verdict::Pass);
  EXPECT_EQ(decide(snapshot, kNow).status.targets[0].state, TargetState::Canary) << "errors was not asked";
  given::find(snapshot, "errors", Verdict::Pass);
  EXPECT_EQ(decide(snapshot, kNow).status.targets[0].state, TargetState::Promoting);
}

TEST(ACanary, StaysWhileAGateIsUndecidedAndSaysSo) {
  auto snapshot = given::running(TargetState::Canary, canary_out());
  snapshot.wave.spec.gates = {given::threshold_gate("errors")};
  given::find(snapshot, "pods", Verdict::Pass);
  given::find(snapshot, "errors", Verdict::Undecided, judge::Absence::NoData);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Canary);
  EXPECT_EQ(hold_reason(decision), api::hold::kNoData);
}

TEST(ACanary, StaysWhenTheWindowClosesOverIt) {
  auto snapshot = given::running(TargetState::Canary, canary_out());
  snapshot.wave.spec.windows.allow = {{"0 3 * * *", std::chrono::hours(2), "Etc/UTC"}};
  given::find(snapshot, "pods", Verdict::Pass);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Canary);
  EXPECT_EQ(hold_reason(decision), api::hold::kWindowClosed);
}

TEST(ACanary, ThatHarmsTakesEveryTargetOfTheWaveBack) {
  auto snapshot = given::running(TargetState::Canary, canary_out(), 2);
  snapshot.wave.status.targets[1].state = TargetState::Promoted;
  given::find(snapshot, "pods", Verdict::Harm);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::RollingBack);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::RollingBack);
  ASSERT_TRUE(decision.status.harm);
  EXPECT_EQ(decision.status.harm->gate, "pods");
  EXPECT_EQ(decision.status.harm->target, "Deployment shop/web0");

  snapshot.wave.status = decision.status;
  EXPECT_EQ(decide(snapshot, kNow).status.targets[1].state, TargetState::RollingBack);
}

TEST(ACanary, ThatHarmsIsFrozenWhenThePolicySaysSo) {
  auto snapshot = given::running(TargetState::Canary, canary_out());
  snapshot.wave.spec.on_harm = api::OnHarm::Freeze;
  given::find(snapshot, "pods", Verdict::Harm);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::Running);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Canary);
  EXPECT_EQ(hold_reason(decision), api::hold::kFrozen);
}

TEST(ACanary, WhoseImageSomebodyElseSetsIsHeldAndNamesThem) {
  auto seen = canary_out();
  seen.foreign_write = {"web", "registry.example.com/storefront/web:hotfix", "kubectl-edit"};
  auto snapshot = given::running(TargetState::Canary, seen);
  given::find(snapshot, "pods", Verdict::Pass);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::Canary);
  EXPECT_EQ(hold_reason(decision), api::hold::kFieldConflict);
  EXPECT_NE(decision.status.hold->message.find("kubectl-edit"), std::string::npos);
}

TEST(ACanary, ThatStaysUndecidedTooLongFollowsOnUndecided) {
  auto snapshot = given::running(TargetState::Canary, canary_out());
  snapshot.wave.spec.on_undecided = {std::chrono::minutes(1), api::OnUndecided::Rollback};
  given::find(snapshot, "pods", Verdict::Undecided);
  auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::RollingBack);
  EXPECT_FALSE(decision.status.harm) << "no verdict is not harm";

  snapshot.wave.spec.on_undecided.action = api::OnUndecided::Advance;
  EXPECT_EQ(decide(snapshot, kNow).status.targets[0].state, TargetState::Promoting);
  snapshot.wave.spec.on_undecided.action = api::OnUndecided::Hold;
  EXPECT_EQ(decide(snapshot, kNow).status.targets[0].state, TargetState::Canary);
}

TEST(AWaveUnderWay, IsTakenBackWhenItsPatchIsQuarantinedElsewhere) {
  auto snapshot = given::running(TargetState::Canary, canary_out());
  snapshot.patch->status.quarantine = api::Quarantine{std::string(given::kDigest), "errors", "other", kNow};
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::RollingBack);
}

TEST(AWaveUnderWay, ThatIsCancelledPutsBackWhatWasBegunAndKeepsWhatWasDone) {
  auto snapshot = given::running(TargetState::Canary, canary_out(), 2);
  snapshot.wave.status.targets[1].state = TargetState::Promoted;
  snapshot.wave.spec.cancel = true;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.targets[0].state, TargetState::RollingBack);
  EXPECT_EQ(decision.status.targets[1].state, TargetState::Promoted);
}

TEST(AWaveUnderWay, ThatIsDeletedKeepsItsFinalizerUntilItsWorkloadsAreWhole) {
  auto snapshot = given::running(TargetState::Canary, canary_out());
  snapshot.wave.metadata.deletion_time = kNow;
  EXPECT_FALSE(decide(snapshot, kNow).finalize);

  snapshot = given::running(TargetState::RollingBack, given::untouched());
  snapshot.wave.status.phase = WavePhase::RollingBack;
  snapshot.wave.status.rollback_cause = api::RollbackCause::Cancelled;
  snapshot.wave.metadata.deletion_time = kNow;
  snapshot.observed[0].seen.restored = true;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::Cancelled);
  EXPECT_TRUE(decision.finalize);
}

TEST(ARollback, TakesPromotedTargetsBackOnlyAsTheDisruptionBudgetAllows) {
  auto snapshot = given::running(TargetState::Promoted, given::untouched(), 3);
  snapshot.wave.status.phase = WavePhase::RollingBack;
  snapshot.wave.status.rollback_cause = api::RollbackCause::Harm;
  snapshot.may_claim = 1;
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(targets_in_transition(decision.status), 1);
  EXPECT_EQ(decision.status.progress.in_flight + decision.status.progress.failed, 1);
  EXPECT_EQ(decision.status.phase, WavePhase::RollingBack);
  EXPECT_EQ(hold_reason(decision), api::hold::kBudgetSpent) << "the others wait, and say for what";
}

TEST(ARollback, EndsOnlyWhenEveryTargetIsWhole) {
  auto snapshot = given::running(TargetState::RollingBack, given::untouched());
  snapshot.wave.status.phase = WavePhase::RollingBack;
  snapshot.wave.status.harm = api::Harm{"pods", "Deployment shop/web0", "crash loop", kNow};
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::RollingBack);
  snapshot.observed[0].seen.restored = true;
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::RolledBack);
}

TEST(ARollback, ThatDoesNotSucceedInTimeSaysSoAndStaysRecoverable) {
  auto snapshot = given::running(TargetState::RollingBack, given::untouched());
  snapshot.wave.status.phase = WavePhase::RollingBack;
  snapshot.wave.status.targets[0].state_since_time = kNow - std::chrono::hours(1);
  auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::RollbackFailed);

  snapshot.wave.status = decision.status;
  snapshot.observed[0].seen.restored = true;
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::RolledBack);
}

TEST(ARollback, HasItsWholeDeadlineWatched) {
  auto snapshot = given::running(TargetState::RollingBack, given::untouched());
  snapshot.wave.status.phase = WavePhase::RollingBack;
  snapshot.wave.status.targets[0].state_since_time = kNow - std::chrono::hours(1);
  const auto deadline = 2 * snapshot.wave.spec.progress_deadline;
  snapshot.watching_since = kNow - deadline + seconds(1);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::RollingBack);
  EXPECT_EQ(decision.requeue_after, seconds(1));
  snapshot.watching_since = kNow - deadline;
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::RollbackFailed);
}

TEST(ABake, LastsAsLongAsItShouldEvenWhenAllIsWell) {
  auto snapshot = given::baking(std::chrono::minutes(4));
  given::find(snapshot, "pods", Verdict::Pass);
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::Baking);
  snapshot.wave.status.bake_start_time = kNow - std::chrono::minutes(5);
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::Succeeded);
}

TEST(ABake, DoesNotEndWithoutAVerdict) {
  auto snapshot = given::baking(std::chrono::minutes(50));
  given::find(snapshot, "pods", Verdict::Undecided);
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::Baking);
}

TEST(ABake, NamesWhoeverEditsTheImageMeanwhile) {
  auto snapshot = given::baking(std::chrono::minutes(1));
  snapshot.observed[0].seen.foreign_write = {"web", "registry.example.com/storefront/web:mine", "jane"};
  given::find(snapshot, "pods", Verdict::Undecided);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(given::hold_reason(decision), "FieldConflict");
  EXPECT_NE(decision.status.hold->message.find("jane"), std::string::npos);
}

TEST(ABake, ThatShowsHarmTakesTheWaveBack) {
  auto snapshot = given::baking(std::chrono::minutes(1));
  given::find(snapshot, "pods", Verdict::Harm);
  snapshot.wave.status = decide(snapshot, kNow).status;
  EXPECT_EQ(snapshot.wave.status.phase, WavePhase::RollingBack);
  EXPECT_EQ(decide(snapshot, kNow).status.targets[0].state, TargetState::RollingBack);
}

TEST(AWaveThatSucceeded, IsTakenBackWhenItsPatchIsQuarantinedLater) {
  auto snapshot = given::baking(std::chrono::minutes(1));
  snapshot.wave.status.phase = WavePhase::Succeeded;
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::Succeeded);
  snapshot.patch->status.quarantine = api::Quarantine{std::string(given::kDigest), "errors", "other", kNow};
  EXPECT_EQ(decide(snapshot, kNow).status.phase, WavePhase::RollingBack);
}

TEST(AHold, KeepsItsBeginningAsLongAsItsReasonStays) {
  auto snapshot = given::wave();
  snapshot.wave.spec.suspend = true;
  snapshot.wave.status = decide(snapshot, kNow).status;
  const auto later = decide(snapshot, kNow + std::chrono::hours(1));
  EXPECT_EQ(later.status.hold->since_time, kNow);
}

TEST(TheConditions, NeverSayReconcilingAndStalledTogether) {
  for (const auto phase : {WavePhase::Waiting, WavePhase::Running, WavePhase::Baking, WavePhase::RollingBack,
                           WavePhase::Succeeded, WavePhase::RolledBack, WavePhase::Cancelled}) {
    auto snapshot = given::wave();
    snapshot.wave.status.phase = phase;
    const auto status = decide(snapshot, kNow).status;
    const auto* reconciling = api::find_condition(status.conditions, "Reconciling");
    const auto* stalled = api::find_condition(status.conditions, "Stalled");
    ASSERT_TRUE(reconciling != nullptr && stalled != nullptr);
    EXPECT_FALSE(reconciling->status == "True" && stalled->status == "True");
    EXPECT_EQ(status.observed_generation, 1);
  }
}

judge::Finding undecided_counter() {
  judge::Finding finding;
  finding.message = "neither is shown yet";
  finding.numbers =
      judge::GateNumbers{{{3, 912.4}, {31, 11204}}, {0.4, 6.908}, {1.2, 2.996}, kNow + seconds(60)};
  return finding;
}

TEST(AStatisticalGate, PutsItsNumbersOnRecord) {
  auto snapshot = given::running(TargetState::Canary, given::untouched());
  given::find(snapshot, "pods", Verdict::Pass);
  snapshot.findings.push_back({"errors", 0, undecided_counter()});
  const auto decision = decide(snapshot, kNow);
  ASSERT_EQ(decision.status.gates.size(), 2U);
  EXPECT_FALSE(decision.status.gates[0].evidence);
  EXPECT_EQ(decision.status.gates[1].evidence,
            (api::GateEvidence{{3, 912}, {31, 11204}, "0.40", "6.91", "1.20", "3.00", kNow + seconds(60)}));
}

TEST(AStatisticalGate, IsNotWaitedForWhenTheCopiesThemselvesShowHarm) {
  auto snapshot = given::running(TargetState::Canary, given::untouched());
  snapshot.findings.push_back({"errors", 0, undecided_counter()});
  given::find(snapshot, "pods", Verdict::Harm);
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.phase, WavePhase::RollingBack);
  ASSERT_TRUE(decision.status.harm);
  EXPECT_EQ(decision.status.harm->gate, "pods");
}

}  // namespace
}  // namespace patchwave::wave
