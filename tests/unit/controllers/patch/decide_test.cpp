#include "controllers/patch/decide.hpp"

#include <gtest/gtest.h>

#include "controllers/patch/deadline_news.hpp"
#include "operator/base/time.hpp"

namespace patchwave::patch {
namespace {

using api::WavePhase;

const Time kNow = *parse_time("2026-11-21T02:00:00Z");
const std::string kDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

PatchSnapshot given_patch() {
  PatchSnapshot snapshot;
  snapshot.patch.metadata.name = "web-1.4.3";
  snapshot.patch.spec.image = "registry.example.com/storefront/web";
  snapshot.patch.spec.tag = "1.4.3";
  return snapshot;
}

PatchSnapshot given_resolved_patch() {
  auto snapshot = given_patch();
  snapshot.patch.status.digest = kDigest;
  return snapshot;
}

api::PatchWave harmed_wave(Time when) {
  api::PatchWave wave;
  wave.metadata.name = "web-1.4.3-shop-canary";
  wave.status.phase = WavePhase::RollingBack;
  wave.status.digest = kDigest;
  wave.status.harm = api::Harm{"errors", "Deployment shop/web", "31 % of requests fail", when};
  return wave;
}

TEST(APatch, WithoutADigestIsLookedUpOnceAndKeepsWhatWasFound) {
  auto snapshot = given_patch();
  EXPECT_TRUE(needs_lookup(snapshot.patch));
  snapshot.lookup = Lookup{kDigest, {"sha256:22"}, "", std::nullopt};
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.status.digest, kDigest);
  EXPECT_EQ(decision.status.platform_digests, std::vector<std::string>{"sha256:22"});
  EXPECT_EQ(decision.status.phase, "Resolved");
  snapshot.patch.status = decision.status;
  EXPECT_FALSE(needs_lookup(snapshot.patch));
}

TEST(APatch, ThatCannotBeResolvedSaysWhyAndAsksAgain) {
  auto snapshot = given_patch();
  snapshot.lookup = Lookup{"", {}, "the certificate of registry.example.com is not trusted", std::nullopt};
  const auto decision = decide(snapshot, kNow);
  const auto* ready = api::find_condition(decision.status.conditions, "Ready");
  ASSERT_NE(ready, nullptr);
  EXPECT_EQ(ready->status, "False");
  EXPECT_EQ(ready->message, "the certificate of registry.example.com is not trusted");
  EXPECT_TRUE(decision.requeue_after);
}

TEST(APatch, WithADigestNeedsNoRegistry) {
  auto snapshot = given_patch();
  snapshot.patch.spec.digest = kDigest;
  EXPECT_FALSE(needs_lookup(snapshot.patch));
  EXPECT_EQ(decide(snapshot, kNow).status.digest, kDigest);
}

TEST(APatch, IsQuarantinedAsSoonAsAWaveShowsHarm) {
  auto snapshot = given_resolved_patch();
  snapshot.waves = {harmed_wave(kNow)};
  const auto decision = decide(snapshot, kNow);
  ASSERT_TRUE(decision.status.quarantine);
  EXPECT_EQ(decision.status.quarantine->digest, kDigest);
  EXPECT_EQ(decision.status.quarantine->wave, "web-1.4.3-shop-canary");
  EXPECT_EQ(decision.status.phase, "Quarantined");
}

TEST(APatch, IsNotQuarantinedForHarmThatAnotherDigestDid) {
  auto snapshot = given_resolved_patch();
  snapshot.waves = {harmed_wave(kNow)};
  snapshot.waves[0].status.digest = "sha256:33";
  EXPECT_FALSE(decide(snapshot, kNow).status.quarantine);
}

TEST(AQuarantine, IsLiftedForItsDigestAndStaysLiftedForTheHarmSeenBefore) {
  auto snapshot = given_resolved_patch();
  snapshot.waves = {harmed_wave(kNow - std::chrono::hours(1))};
  snapshot.patch.status = decide(snapshot, kNow).status;
  snapshot.patch.metadata.annotations[std::string(api::kLiftQuarantineAnnotation)] = kDigest;
  const auto lifted = decide(snapshot, kNow);
  EXPECT_FALSE(lifted.status.quarantine);
  EXPECT_TRUE(lifted.remove_lift_annotation);

  snapshot.patch.status = lifted.status;
  snapshot.patch.metadata.annotations.clear();
  EXPECT_FALSE(decide(snapshot, kNow).status.quarantine);
}

TEST(AQuarantine, ReturnsWhenHarmIsShownAgainAfterTheLifting) {
  auto snapshot = given_resolved_patch();
  snapshot.patch.status.lifted_time = kNow - std::chrono::hours(1);
  snapshot.waves = {harmed_wave(kNow)};
  EXPECT_TRUE(decide(snapshot, kNow).status.quarantine);
}

TEST(AQuarantine, IsNotLiftedByTheDigestOfAnotherImage) {
  auto snapshot = given_resolved_patch();
  snapshot.waves = {harmed_wave(kNow)};
  snapshot.patch.status = decide(snapshot, kNow).status;
  snapshot.patch.metadata.annotations[std::string(api::kLiftQuarantineAnnotation)] = "sha256:44";
  EXPECT_TRUE(decide(snapshot, kNow).status.quarantine);
}

TEST(APatch, HasSucceededOnlyWhenEveryWaveHas) {
  auto snapshot = given_resolved_patch();
  snapshot.waves.resize(2);
  snapshot.waves[0].status.phase = WavePhase::Succeeded;
  snapshot.waves[1].status.phase = WavePhase::Waiting;
  EXPECT_EQ(decide(snapshot, kNow).status.phase, "Rolling");
  snapshot.waves[1].status.phase = WavePhase::Succeeded;
  EXPECT_EQ(decide(snapshot, kNow).status.phase, "Succeeded");
}

api::RiskReport report(const std::string& deadline_class, const std::string& deadline = "") {
  api::RiskReport one;
  one.risk = api::RiskStatus{};
  one.risk->deadline_class = deadline_class;
  one.risk->reason = "CVE-2026-0001: known exploited since 2026-11-20";
  if (!deadline.empty()) one.deadline = *parse_time(deadline);
  one.condition = {std::string(api::kRiskAssessed), "True", "Assessed", "from kev", 0, {}};
  return one;
}

TEST(APatch, HasTheRiskThatWasAssessedAndKeepsItWhileNoneIs) {
  auto snapshot = given_resolved_patch();
  snapshot.risk = report("3 days", "2026-11-23T00:00:00Z");
  const auto assessed = decide(snapshot, kNow).status;
  EXPECT_EQ(assessed.risk, snapshot.risk->risk);
  EXPECT_EQ(assessed.deadline, snapshot.risk->deadline);
  EXPECT_EQ(api::find_condition(assessed.conditions, "RiskAssessed")->reason, "Assessed");
  snapshot.patch.status = assessed;
  snapshot.risk.reset();
  EXPECT_EQ(decide(snapshot, kNow).status, assessed);
}

api::PatchStatus with_risk(const api::RiskReport& one) {
  api::PatchStatus status;
  status.risk = one.risk;
  status.deadline = one.deadline;
  return status;
}

TEST(NewsOfADeadline, SayFromWhatToWhatAndWhy) {
  const auto news = deadline_news(with_risk(report("60 days", "2027-01-20T00:00:00Z")),
                                  with_risk(report("3 days", "2026-11-23T00:00:00Z")));
  ASSERT_TRUE(news);
  EXPECT_TRUE(news->is_sooner);
  EXPECT_EQ(
      news->text,
      "60 days, due 2027-01-20T00:00:00Z → 3 days, due 2026-11-23T00:00:00Z: CVE-2026-0001: known exploited "
      "since 2026-11-20");
}

TEST(NewsOfADeadline, AreNoWarningWhenItIsPutOffOrNew) {
  const auto sooner = with_risk(report("3 days", "2026-11-23T00:00:00Z"));
  EXPECT_FALSE(deadline_news(sooner, with_risk(report("60 days", "2027-01-20T00:00:00Z")))->is_sooner);
  EXPECT_FALSE(deadline_news({}, sooner)->is_sooner);
}

TEST(NewsOfADeadline, AreNoneWhileItStaysAndForTheFirstLookAtWhatIsDueByNoDay) {
  const auto due = with_risk(report("3 days", "2026-11-23T00:00:00Z"));
  auto moved = due;
  moved.risk->rank = 7;
  EXPECT_FALSE(deadline_news(due, moved));
  EXPECT_FALSE(deadline_news({}, with_risk(report("none"))));
  EXPECT_FALSE(deadline_news({}, {}));
}

}  // namespace
}  // namespace patchwave::patch
