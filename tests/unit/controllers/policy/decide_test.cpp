#include "controllers/policy/decide.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "operator/base/time.hpp"

namespace patchwave::policy {
namespace {

using api::WavePhase;

const Time kNow = *parse_time("2026-11-21T02:00:00Z");
const std::string kDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

api::Workload workload(const std::string& name, const std::string& tag = "1.4.2") {
  api::Workload made;
  made.ns = "shop";
  made.name = name;
  made.containers = {{"web", "registry.example.com/storefront/web:" + tag}};
  made.replicas = 3;
  return made;
}

api::Patch patch(const std::string& tag) {
  api::Patch made;
  made.metadata.ns = "shop";
  made.metadata.name = "web-" + tag;
  made.metadata.uid = "uid-" + tag;
  made.spec.image = "registry.example.com/storefront/web";
  made.spec.tag = tag;
  made.status.digest = kDigest;
  return made;
}

PolicySnapshot given_policy(int workloads = 4) {
  PolicySnapshot snapshot;
  snapshot.policy.metadata.ns = "shop";
  snapshot.policy.metadata.name = "web";
  snapshot.policy.metadata.generation = 1;
  snapshot.policy.spec.mode = api::Mode::Automatic;
  snapshot.policy.spec.workloads = api::WorkloadTargets{{}, {}, {"registry.example.com/storefront/*"}};
  api::WavePlan canary;
  canary.name = "canary";
  canary.select = api::CountOrPercent{1, false};
  api::WavePlan rest;
  rest.name = "rest";
  snapshot.policy.spec.waves = {canary, rest};
  for (int i = 0; i < workloads; ++i) snapshot.workloads.push_back(workload("web" + std::to_string(i)));
  snapshot.patches = {patch("1.4.3")};
  return snapshot;
}

// As the API server would have them once the decision is carried out.
void carry_out(PolicySnapshot& snapshot, const PolicyDecision& decision) {
  for (const auto& removal : decision.remove) {
    std::erase_if(snapshot.waves, [&](const auto& wave) { return wave.metadata.name == removal.name; });
  }
  for (const auto& planned : decision.create) {
    api::PatchWave wave;
    wave.metadata.ns = "shop";
    wave.metadata.name = planned.name;
    wave.metadata.uid = "uid-" + planned.name;
    wave.metadata.labels[std::string(kWaveLabel)] = planned.wave;
    wave.spec = planned.spec;
    snapshot.waves.push_back(wave);
  }
}

std::vector<std::string> names(const PolicyDecision& decision) {
  std::vector<std::string> all;
  for (const auto& wave : decision.create) all.push_back(wave.name);
  return all;
}

TEST(APolicy, MakesAChainOfWavesForAPatchThatApplies) {
  const auto decision = decide(given_policy(), kNow);
  ASSERT_EQ(names(decision), (std::vector<std::string>{"web-1.4.3-web-canary", "web-1.4.3-web-rest"}));
  EXPECT_EQ(decision.create[0].spec.targets.size(), 1U);
  EXPECT_EQ(decision.create[1].spec.targets.size(), 3U);
  EXPECT_EQ(decision.create[1].spec.after, std::vector<std::string>{"web-1.4.3-web-canary"});
  EXPECT_EQ(decision.status.open_patches, 1);
}

TEST(APolicy, IsContentWithTheWavesItMade) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  const auto again = decide(snapshot, kNow);
  EXPECT_TRUE(again.create.empty());
  EXPECT_TRUE(again.remove.empty());
}

TEST(APolicy, ReplacesWavesThatHaveNotBegunWhenItsRulesChange) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  snapshot.policy.spec.waves[0].select = api::CountOrPercent{2, false};
  auto decision = decide(snapshot, kNow);
  EXPECT_EQ(decision.remove.size(), 2U);
  EXPECT_TRUE(decision.create.empty()) << "a name is free only once its bearer is gone";
  carry_out(snapshot, decision);
  decision = decide(snapshot, kNow);
  ASSERT_EQ(decision.create.size(), 2U);
  EXPECT_EQ(decision.create[0].spec.targets.size(), 2U);
}

TEST(APolicy, LeavesAWaveThatHasBegunAsItIs) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  snapshot.waves[0].status.phase = WavePhase::Running;
  snapshot.policy.spec.waves[0].bake = std::chrono::hours(1);
  snapshot.policy.spec.waves[1].bake = std::chrono::hours(2);
  const auto decision = decide(snapshot, kNow);
  ASSERT_EQ(decision.remove.size(), 1U);
  EXPECT_EQ(decision.remove[0].name, "web-1.4.3-web-rest");
}

TEST(APolicy, KeepsTheRestBehindTheWaveThatHasBegun) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  snapshot.waves[0].status.phase = WavePhase::Running;
  const auto decision = decide(snapshot, kNow);
  EXPECT_TRUE(decision.remove.empty()) << "the canary's begin must not shuffle the rest";
  EXPECT_TRUE(decision.create.empty());
}

TEST(APolicy, KeepsSharesOfTheWholeWhenAWaveBegins) {
  auto snapshot = given_policy(100);
  api::WavePlan half;
  half.name = "half";
  half.select = api::CountOrPercent{50, true};
  snapshot.policy.spec.waves[0].select = api::CountOrPercent{10, true};
  snapshot.policy.spec.waves.insert(snapshot.policy.spec.waves.begin() + 1, half);
  carry_out(snapshot, decide(snapshot, kNow));
  ASSERT_EQ(snapshot.waves.size(), 3U);
  for (auto& wave : snapshot.waves) {
    wave.status.phase = WavePhase::Running;
    const auto decision = decide(snapshot, kNow);
    EXPECT_TRUE(decision.remove.empty()) << wave.metadata.name << " has begun, and what was approved changed";
    EXPECT_TRUE(decision.create.empty());
    wave.status.phase = WavePhase::Succeeded;
  }
}

TEST(APolicy, LeavesAWorkloadInItsWaveWhenAnAutoscalerChangesItsReplicas) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  int replicas = 20;
  for (const auto& wave : snapshot.waves) {
    for (const auto& target : wave.spec.targets) {
      std::ranges::find(snapshot.workloads, target.name, &api::Workload::name)->replicas = replicas--;
    }
  }
  const auto decision = decide(snapshot, kNow);
  EXPECT_TRUE(decision.remove.empty()) << "what was approved would be approved no more";
  EXPECT_TRUE(decision.create.empty());
}

TEST(APolicy, KeepsTheFurtherPartsOfAWaveWhoseFirstPartHasBegun) {
  auto snapshot = given_policy(1300);
  snapshot.policy.spec.waves[0].select = api::CountOrPercent{1200, false};
  carry_out(snapshot, decide(snapshot, kNow));
  ASSERT_EQ(snapshot.waves.size(), 4U) << "1,200 targets are three parts, and 100 are left";
  for (auto& wave : snapshot.waves) {
    wave.status.phase = WavePhase::Running;
    const auto decision = decide(snapshot, kNow);
    EXPECT_TRUE(decision.remove.empty()) << wave.metadata.name;
    EXPECT_TRUE(decision.create.empty()) << wave.metadata.name;
    wave.status.phase = WavePhase::Succeeded;
  }
}

TEST(APolicy, GivesLateComersToWavesThatHaveNotBegun) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  snapshot.waves[0].status.phase = WavePhase::Running;
  snapshot.workloads.push_back(workload("late"));
  auto decision = decide(snapshot, kNow);
  ASSERT_EQ(decision.remove.size(), 1U);
  carry_out(snapshot, decision);
  decision = decide(snapshot, kNow);
  ASSERT_EQ(names(decision), std::vector<std::string>{"web-1.4.3-web-rest"});
  EXPECT_EQ(decision.create[0].spec.targets.size(), 4U);
}

TEST(APolicy, GivesLateComersAFurtherPartOfTheLastWave) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  for (auto& wave : snapshot.waves) wave.status.phase = WavePhase::Succeeded;
  for (auto& old : snapshot.workloads) old = workload(old.name, "1.4.3@" + kDigest);
  EXPECT_TRUE(decide(snapshot, kNow).create.empty());
  snapshot.workloads.push_back(workload("late"));
  const auto decision = decide(snapshot, kNow);
  ASSERT_EQ(names(decision), std::vector<std::string>{"web-1.4.3-web-rest-2"});
  EXPECT_EQ(decision.create[0].spec.after, std::vector<std::string>{"web-1.4.3-web-rest"});
}

TEST(APolicy, TellsItsWavesApartThoughOneIsNamedLikeAPartOfAnother) {
  auto snapshot = given_policy();
  snapshot.policy.spec.waves[0].name = "rest-2";
  carry_out(snapshot, decide(snapshot, kNow));
  ASSERT_EQ(snapshot.waves.size(), 2U);
  snapshot.waves[0].status.phase = WavePhase::Running;
  const auto decision = decide(snapshot, kNow);
  EXPECT_TRUE(decision.remove.empty()) << "the wave 'rest' has not begun";
  EXPECT_TRUE(decision.create.empty());
}

TEST(APolicy, KnowsWavesWhoseNamesWereShortened) {
  auto snapshot = given_policy();
  snapshot.policy.metadata.name = std::string(240, 'p');
  carry_out(snapshot, decide(snapshot, kNow));
  for (auto& wave : snapshot.waves) wave.status.phase = WavePhase::Succeeded;
  for (auto& old : snapshot.workloads) old = workload(old.name, "1.4.3@" + kDigest);
  snapshot.workloads.push_back(workload("late"));
  const auto late = decide(snapshot, kNow);
  ASSERT_EQ(late.create.size(), 1U);
  EXPECT_EQ(late.create[0].wave, "rest");
  carry_out(snapshot, late);
  snapshot.waves.back().status.phase = WavePhase::Running;
  snapshot.workloads.push_back(workload("later"));
  const auto later = decide(snapshot, kNow);
  ASSERT_EQ(later.create.size(), 1U);
  EXPECT_NE(later.create[0].name, late.create[0].name);
}

TEST(APolicy, KnowsAWaveWithoutItsLabelByItsName) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  snapshot.waves[0].status.phase = WavePhase::Running;
  snapshot.waves[0].metadata.labels.clear();
  const auto decision = decide(snapshot, kNow);
  EXPECT_TRUE(decision.create.empty());
  EXPECT_TRUE(decision.remove.empty());
}

TEST(APolicy, PassesOverANameThatAWaveOfSomebodyElseHas) {
  auto snapshot = given_policy();
  snapshot.other_wave_names = {"web-1.4.3-web-canary"};
  EXPECT_EQ(names(decide(snapshot, kNow)),
            (std::vector<std::string>{"web-1.4.3-web-canary-2", "web-1.4.3-web-rest"}));
}

TEST(APolicy, WaitsForTheDigestBeforeItPlans) {
  auto snapshot = given_policy();
  snapshot.patches[0].status.digest.clear();
  EXPECT_TRUE(decide(snapshot, kNow).create.empty());
}

TEST(APolicy, PlansNothingForAQuarantinedPatch) {
  auto snapshot = given_policy();
  snapshot.patches[0].status.quarantine = api::Quarantine{};
  EXPECT_TRUE(decide(snapshot, kNow).create.empty());
}

TEST(APolicy, PlansOnlyTheNewerOfTwoPatchesOfOneImage) {
  auto snapshot = given_policy();
  snapshot.patches.push_back(patch("1.4.4"));
  const auto made = names(decide(snapshot, kNow));
  EXPECT_EQ(made, (std::vector<std::string>{"web-1.4.4-web-canary", "web-1.4.4-web-rest"}));
}

TEST(APolicy, ReturnsToTheOlderPatchWhenTheNewerOneDidHarm) {
  auto snapshot = given_policy();
  snapshot.patches.push_back(patch("1.4.4"));
  snapshot.patches[1].status.quarantine = api::Quarantine{};
  const auto made = names(decide(snapshot, kNow));
  EXPECT_EQ(made, (std::vector<std::string>{"web-1.4.3-web-canary", "web-1.4.3-web-rest"}));
}

TEST(APolicy, PlansAFailedPatchAnewOnlyAfterItsQuarantineWasLifted) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  auto& wave = snapshot.waves[0];
  wave.status.phase = WavePhase::RolledBack;
  wave.status.harm = api::Harm{"errors", "", "", kNow - std::chrono::hours(1)};
  EXPECT_TRUE(decide(snapshot, kNow).remove.empty());
  snapshot.patches[0].status.lifted_time = kNow;
  const auto decision = decide(snapshot, kNow);
  ASSERT_EQ(decision.remove.size(), 1U);
  EXPECT_EQ(decision.remove[0].name, "web-1.4.3-web-canary");
}

TEST(APolicy, ThatSelectsNothingIsStalledAndSaysWhichFieldSelectsNothing) {
  auto snapshot = given_policy(0);
  const auto decision = decide(snapshot, kNow);
  const auto* stalled = api::find_condition(decision.status.conditions, "Stalled");
  ASSERT_NE(stalled, nullptr);
  EXPECT_EQ(stalled->status, "True");
  EXPECT_EQ(stalled->reason, "SelectsNothing");
  EXPECT_NE(stalled->message.find("spec.targets.workloads"), std::string::npos);
}

TEST(APolicy, NamesTheWaveThatSelectsNothingBeforeThereIsAnyPatch) {
  auto snapshot = given_policy(1);
  snapshot.patches.clear();
  const auto decision = decide(snapshot, kNow);
  const auto* adjusted = api::find_condition(decision.status.conditions, "PlanAdjusted");
  ASSERT_NE(adjusted, nullptr);
  EXPECT_EQ(adjusted->status, "True");
  EXPECT_EQ(adjusted->message, "spec.waves[1] selects nothing: 0 of the 1 workloads are left to 'rest'");
  EXPECT_EQ(api::find_condition(decision.status.conditions, "Ready")->status, "True");
}

TEST(APolicy, NamesAWorkloadThatIsLeftAloneBecauseItRunsALaterVersion) {
  auto snapshot = given_policy(2);
  snapshot.workloads.push_back(workload("ahead", "1.5.0"));
  const auto decision = decide(snapshot, kNow);
  const auto* adjusted = api::find_condition(decision.status.conditions, "PlanAdjusted");
  ASSERT_NE(adjusted, nullptr);
  EXPECT_EQ(adjusted->message, "Deployment shop/ahead: container web runs 1.5.0, which is later than 1.4.3");
}

TEST(APolicy, DropsTheWarningOnceThePlanIsAsItsSpecAsks) {
  auto snapshot = given_policy(1);
  snapshot.policy.status = decide(snapshot, kNow).status;
  snapshot.workloads.push_back(workload("second"));
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(api::find_condition(decision.status.conditions, "PlanAdjusted"), nullptr);
}

TEST(APolicy, WithAnImpossibleWindowIsStalledAndNamesTheField) {
  auto snapshot = given_policy();
  snapshot.policy.spec.windows.allow = {{"0 2 * * SAT", std::chrono::hours(4), "Mars/Base"}};
  const auto decision = decide(snapshot, kNow);
  EXPECT_TRUE(decision.create.empty());
  const auto* stalled = api::find_condition(decision.status.conditions, "Stalled");
  ASSERT_NE(stalled, nullptr);
  EXPECT_NE(stalled->message.find("spec.windows.allow[0].timeZone"), std::string::npos);
}

TEST(APolicy, ThatIsInForceIsReadyLongBeforeEverythingIsPatched) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  const auto decision = decide(snapshot, kNow);
  EXPECT_EQ(api::find_condition(decision.status.conditions, "Ready")->status, "True");
}

TEST(APolicy, DropsTheOldestEndedWavesBeyondItsHistory) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  snapshot.policy.spec.history.succeeded = 1;
  snapshot.patches[0].status.phase = "Succeeded";
  for (auto& old : snapshot.workloads) old = workload(old.name, "1.4.3@" + kDigest);
  for (std::size_t i = 0; i < snapshot.waves.size(); ++i) {
    snapshot.waves[i].status.phase = WavePhase::Succeeded;
    snapshot.waves[i].status.completion_time = kNow + std::chrono::hours(i);
  }
  const auto decision = decide(snapshot, kNow);
  ASSERT_EQ(decision.remove.size(), 1U);
  EXPECT_EQ(decision.remove[0].name, "web-1.4.3-web-canary");
}

api::Patch discovered(const std::string& tag, const std::string& policy = "web") {
  auto made = patch(tag);
  made.metadata.labels[std::string(api::kDiscoveredByLabel)] = policy;
  return made;
}

std::set<std::string> patches_of(const PolicyDecision& decision) {
  std::set<std::string> names;
  for (const auto& planned : decision.create) names.insert(planned.spec.patch);
  return names;
}

TEST(APatchThatWasDiscovered, IsPlannedByThePolicyThatFoundItAlone) {
  auto snapshot = given_policy();
  snapshot.policy.spec.updates = api::Updates{};
  snapshot.patches = {discovered("1.4.3")};
  EXPECT_EQ(patches_of(decide(snapshot, kNow)), (std::set<std::string>{"web-1.4.3"}));
  snapshot.patches = {discovered("1.4.3", "other")};
  EXPECT_TRUE(decide(snapshot, kNow).create.empty());
}

TEST(APatchThatWasDiscovered, GoesOnlyWhereTheRuleWouldFindIt) {
  auto snapshot = given_policy(2);
  snapshot.policy.spec.updates = api::Updates{};
  snapshot.workloads[1].containers[0].image = "registry.example.com/storefront/web:1.3.9";
  snapshot.patches = {discovered("1.4.3"), discovered("1.3.10")};
  std::map<std::string, std::string> targets;
  for (const auto& planned : decide(snapshot, kNow).create) {
    for (const auto& target : planned.spec.targets) targets[target.name] += planned.spec.patch;
  }
  EXPECT_EQ(targets, (std::map<std::string, std::string>{{"web0", "web-1.4.3"}, {"web1", "web-1.3.10"}}));
}

TEST(APatchThatWasDiscovered, IsPlannedNowhereOnceThePolicyLooksForNothing) {
  auto snapshot = given_policy();
  snapshot.patches = {discovered("1.4.3")};
  EXPECT_TRUE(decide(snapshot, kNow).create.empty());
}

TEST(APatchThatWasDiscovered, GivesWayToALaterBuildOfItsTag) {
  auto snapshot = given_policy();
  snapshot.policy.spec.updates = api::Updates{};
  auto rebuilt = discovered("1.4.3");
  rebuilt.metadata.name = "web-1.4.3-rebuilt";
  rebuilt.metadata.uid = "rebuilt";
  rebuilt.status.digest = "sha256:" + std::string(64, 'e');
  snapshot.patches = {discovered("1.4.3"), rebuilt};
  snapshot.patches[0].metadata.creation_time = kNow - std::chrono::hours(1);
  snapshot.patches[1].metadata.creation_time = kNow;
  EXPECT_EQ(patches_of(decide(snapshot, kNow)), (std::set<std::string>{"web-1.4.3-rebuilt"}));
}

TEST(APatchThatWasDiscovered, LeavesThoseThatItDoesNotCountForToThePatchThatSomebodyWrote) {
  auto snapshot = given_policy(2);
  snapshot.policy.spec.updates = api::Updates{};
  snapshot.workloads[1].containers[0].image = "registry.example.com/storefront/web:1.3.9";
  snapshot.patches = {patch("1.4.3"), discovered("1.4.4")};
  std::map<std::string, std::string> targets;
  for (const auto& planned : decide(snapshot, kNow).create) {
    for (const auto& target : planned.spec.targets) targets[target.name] += planned.spec.patch;
  }
  EXPECT_EQ(targets, (std::map<std::string, std::string>{{"web0", "web-1.4.4"}, {"web1", "web-1.4.3"}}));
}

TEST(APatchThatWasDiscovered, TakesTheSubjectOfAPatchThatNamesItShorter) {
  auto snapshot = given_policy(1);
  snapshot.policy.spec.updates = api::Updates{};
  snapshot.policy.spec.workloads = api::WorkloadTargets{{}, {}, {}};
  snapshot.workloads[0].containers[0].image = "nginx:1.4.2";
  snapshot.patches = {patch("1.4.3"), discovered("1.4.4")};
  snapshot.patches[0].spec.image = "nginx";
  snapshot.patches[1].spec.image = "docker.io/library/nginx";
  EXPECT_EQ(patches_of(decide(snapshot, kNow)), (std::set<std::string>{"web-1.4.4"}));
}

TEST(AWaveThatWaits, GoesWhenItsPatchIsGone) {
  auto snapshot = given_policy();
  carry_out(snapshot, decide(snapshot, kNow));
  ASSERT_EQ(snapshot.waves.size(), 2U);
  snapshot.waves[0].status.phase = api::WavePhase::Running;
  snapshot.patches.clear();
  const auto decision = decide(snapshot, kNow);
  ASSERT_EQ(decision.remove.size(), 1U);
  EXPECT_EQ(decision.remove[0].name, snapshot.waves[1].metadata.name);
  EXPECT_EQ(decision.remove[0].why, "its patch is gone");
}

}  // namespace
}  // namespace patchwave::policy
