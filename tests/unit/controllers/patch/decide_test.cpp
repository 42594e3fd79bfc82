#include "controllers/patch/decide.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace patchwave::patch
