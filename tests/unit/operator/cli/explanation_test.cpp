#include "operator/cli/explanation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/api/hold.hpp"
#include "example_wave.hpp"
#include "operator/cli/hints.hpp"
#include "operator/cli/status_view.hpp"

namespace patchwave::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const Style kUtf8{false, true};
constexpr const char* kProgram = "kubectl patchwave";

api::Patch example_patch() {
  api::Patch patch;
  patch.metadata.name = "web-1.4.3";
  patch.metadata.ns = "shop";
  patch.status.phase = "Rolling";
  patch.status.digest = kDigest;
  return patch;
}

api::PatchApproval approval(bool approve, const std::string& plan = kPlan) {
  api::PatchApproval given;
  given.spec.wave = "web-1.4.3-rest";
  given.spec.approver = "jane@example.com";
  given.spec.plan_hash = plan;
  given.spec.approve = approve;
  return given;
}

TEST(ExplainPatch, BlamesNoRegistryForWhatIsOfAPool) {
  auto patch = example_patch();
  patch.status.digest.clear();
  patch.spec.node_pool = "workers";
  EXPECT_THAT(render_explanation(explain_patch(patch, {}, kProgram, kNow), kUtf8),
              HasSubstr("the recipe of the pool is not known yet"));
}

TEST(ExplainWave, TellsTheChainOfWhy) {
  auto before = example_wave();
  before.status.phase = api::WavePhase::Succeeded;
  before.status.completion_time = kNow - 17min;
  const auto explanation = explain_wave(waiting_wave(api::hold::kApprovalRequired),
                                        {{before}, {}, example_patch()}, kProgram, kNow);
  EXPECT_EQ(render_explanation(explanation, kUtf8), R"(web-1.4.3-rest is Waiting and waits: ApprovalRequired.
  ✔ mode          Automatic
  ✔ patch         web-1.4.3 is sha256:111111111111
  ✔ predecessor   web-1.4.3-canary is Succeeded since Sat 21 Nov 20:13 UTC (17m ago)
  ✖ approval      required; none for plan sha256:7f3a90c1d2e3
  ✔ window        always open
  ✖ hold          ApprovalRequired (for 3h)
What moves it: an approval of this plan.
  kubectl patchwave approve web-1.4.3-rest -n shop
)");
}

TEST(ExplainWave, TellsTheEvidenceOfAStatisticalGateAndWhenItExpectsAVerdict) {
  auto wave = example_wave();
  wave.status.gates[1].evidence =
      api::GateEvidence{{3, 912}, {31, 11204}, "0.40", "6.91", "1.20", "3.00", kNow + 90min};
  const auto text = render_explanation(explain_wave(wave, {{}, {}, example_patch()}, kProgram, kNow), kUtf8);
  EXPECT_THAT(text,
              HasSubstr("errors Undecided: 3/912 against 31/11204 (evidence: harm 0.40 of 6.91, pass 1.20 of "
                        "3.00; Pass is expected about Sat 21 Nov 22:00 UTC"));
}

TEST(ExplainWave, NamesAnApprovalOfAnEarlierPlan) {
  const auto explanation =
      explain_wave(waiting_wave(api::hold::kApprovalOutdated),
                   {{}, {approval(true, "sha256:old")}, example_patch()}, kProgram, kNow);
  EXPECT_THAT(render_explanation(explanation, kUtf8), HasSubstr("one for an earlier plan"));
}

TEST(ExplainWave, LetsADenialOutweighAnApproval) {
  const auto explanation =
      explain_wave(waiting_wave(api::hold::kApprovalDenied),
                   {{}, {approval(true), approval(false), approval(true)}, example_patch()}, kProgram, kNow);
  EXPECT_THAT(render_explanation(explanation, kUtf8),
              HasSubstr("✖ approval      denied by jane@example.com"));
}

TEST(ExplainWave, ShowsTheHarmOfAWaveThatWasPutBack) {
  auto wave = example_wave();
  wave.status.phase = api::WavePhase::RolledBack;
  wave.status.harm = api::Harm{"errors", "Deployment shop/web", "12% of requests fail", kNow};
  const auto explanation = explain_wave(wave, {}, kProgram, kNow);
  EXPECT_EQ(explanation.headline, "web-1.4.3-canary is RolledBack.");
  EXPECT_THAT(render_explanation(explanation, kUtf8),
              HasSubstr("harm   errors on Deployment shop/web: 12% of requests fail"));
}

TEST(ExplainPatch, SaysWhyItIsInQuarantineAndHowItGetsOut) {
  auto patch = example_patch();
  patch.status.quarantine = api::Quarantine{kDigest, "errors rose", "web-1.4.3-canary", kNow - 2h};
  const std::string text = render_explanation(explain_patch(patch, {}, kProgram, kNow), kUtf8);
  EXPECT_THAT(text, HasSubstr("errors rose, seen by web-1.4.3-canary (120m ago)"));
  EXPECT_THAT(text, HasSubstr("kubectl patchwave quarantine lift web-1.4.3 -n shop"));
}

api::Patch assessed_patch() {
  auto patch = example_patch();
  api::RiskStatus risk;
  risk.rank = 1;
  risk.deadline_class = "3 days";
  risk.score = "0.62";
  risk.probability = "0.99";
  risk.finding = "CVE-2026-0001";
  risk.findings = 2;
  risk.reason = "CVE-2026-0001: known exploited since 2026-11-20";
  risk.factors = {{"knownExploited", "2.303", "in KEV since 2026-11-20 (kev 2026.11.25)"}};
  risk.otherwise = api::RiskCounterfactual{"not exposed", "14 days", "0.062"};
  patch.status.risk = risk;
  patch.status.deadline = kNow + 48h;
  return patch;
}

TEST(ExplainPatch, ShowsClassDeadlineFactorsWithTheirSourcesAndWhatWouldBeOtherwise) {
  const std::string text = render_explanation(explain_patch(assessed_patch(), {}, kProgram, kNow), kUtf8);
  EXPECT_THAT(text, HasSubstr("✔ deadline    3 days: due "));
  EXPECT_THAT(text, HasSubstr("rank 1, score 0.62, 99 % that one of 2 is exploited within 90 days"));
  EXPECT_THAT(text, HasSubstr("because     CVE-2026-0001: known exploited since 2026-11-20"));
  EXPECT_THAT(text, HasSubstr("factor      knownExploited ×10: in KEV since 2026-11-20 (kev 2026.11.25)"));
  EXPECT_THAT(text, HasSubstr("otherwise   14 days, score 0.062, if not exposed"));
}

TEST(ExplainPatch, SaysThatADeadlineHasPassedUnlessThePatchIsEverywhere) {
  auto patch = assessed_patch();
  patch.status.deadline = kNow - 48h;
  EXPECT_THAT(render_explanation(explain_patch(patch, {}, kProgram, kNow), kUtf8),
              HasSubstr("✖ deadline    3 days: overdue since "));
  patch.status.phase = "Succeeded";
  EXPECT_THAT(render_explanation(explain_patch(patch, {}, kProgram, kNow), kUtf8),
              HasSubstr("✔ deadline    3 days: closed"));
}

TEST(ExplainPolicy, IsInForceWhenItIsReady) {
  api::PatchPolicy policy;
  policy.metadata.name = "web";
  policy.status.conditions = {{"Ready", "True", "InForce", "", 1, kNow}};
  EXPECT_EQ(explain_policy(policy, kNow).headline, "web is in force.");
  policy.status.conditions[0].status = "False";
  EXPECT_EQ(explain_policy(policy, kNow).headline, "web is not in force.");
}

TEST(WayOn, HasWordsForEveryReasonThatAWaveMayWaitFor) {
  for (const auto reason : api::hold::kAll) {
    EXPECT_NE(way_on(waiting_wave(reason), kNow), "") << reason;
  }
}

TEST(RenderStatus, AnswersInTheFirstLineAndThenInGroups) {
  auto put_back = example_wave("api-2.0.1-canary");
  put_back.status.phase = api::WavePhase::RolledBack;
  put_back.status.harm = api::Harm{"errors", "Deployment shop/api", "12% fail", kNow};
  auto window = waiting_wave(api::hold::kWindowClosed, kNow + 5h + 30min);
  window.metadata.name = "cart-3.0.0-all";
  const StatusInput input{
      "shop", {put_back, window, example_wave(), waiting_wave(api::hold::kApprovalRequired)}, {}, kProgram};
  EXPECT_EQ(render_status(input, kUtf8, kNow),
            R"(! 1 wave needs you   ◌ 1 running   ◷ 1 waiting   ✖ 1 put back   in namespace shop

NEEDS YOU
  shop/web-1.4.3-rest   ◷ Waiting 0/2 targets, ApprovalRequired for 3h
                        kubectl patchwave approve web-1.4.3-rest -n shop

RUNNING
  shop/web-1.4.3-canary   ◌ Running 1/2 targets

WAITING
  shop/cart-3.0.0-all   ◷ Waiting 0/2 targets, WindowClosed for 3h, until Sun 22 Nov 02:00 UTC (in 5h30m)

PUT BACK
  shop/api-2.0.1-canary   ✖ RolledBack 1/2 targets, errors on Deployment shop/api: 12% fail
)");
}

TEST(RenderStatus, SaysSoWhenThereIsNothing) {
  EXPECT_EQ(render_status({"", {}, {}, kProgram}, kUtf8, kNow),
            "No waves in all namespaces: no patch is on its way.\n");
}

}  // namespace
}  // namespace patchwave::cli
