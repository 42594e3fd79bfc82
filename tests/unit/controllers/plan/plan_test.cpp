#include "controllers/plan/plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace patchwave::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kRepository = "registry.example.com/storefront/web";
const std::string kOldDigest = "sha256:" + std::string(64, '0');
const std::string kNewDigest = "sha256:" + std::string(64, '1');

api::Patch patch() {
  api::Patch patch;
  patch.metadata.name = "web-1.4.3";
  patch.metadata.ns = "shop";
  patch.spec = {kRepository, "1.4.3", kNewDigest, {}};
  return patch;
}

api::WavePlan wave(std::string name, std::optional<api::CountOrPercent> select = std::nullopt) {
  api::WavePlan plan;
  plan.name = std::move(name);
  plan.select = select;
  return plan;
}

api::PatchPolicy policy(std::vector<api::WavePlan> waves) {
  api::PatchPolicy policy;
  policy.metadata.name = "storefront";
  policy.metadata.ns = "shop";
  policy.spec.mode = api::Mode::Automatic;
  policy.spec.workloads = api::WorkloadTargets{{}, {}, {"registry.example.com/storefront/*"}};
  policy.spec.waves = std::move(waves);
  return policy;
}

Workload workload(std::string name, int replicas = 3,
                  std::string image = kRepository + ":1.4.2@" + kOldDigest) {
  Workload workload;
  workload.ns = "shop";
  workload.name = std::move(name);
  workload.containers = {{"web", std::move(image)}};
  workload.replicas = replicas;
  return workload;
}

std::vector<Workload> fleet(int size) {
  std::vector<Workload> workloads;
  for (int i = 0; i < size; ++i) workloads.push_back(workload(fmt::format("web-{:04}", i)));
  return workloads;
}

std::vector<std::string> target_names(const PlannedWave& planned) {
  std::vector<std::string> names;
  for (const auto& target : planned.spec.targets) names.push_back(target.name);
  return names;
}

std::vector<std::string> wave_names(const Plan& plan) {
  std::vector<std::string> names;
  for (const auto& planned : plan.waves) names.push_back(planned.name);
  return names;
}

TEST(MakePlan, TakesThePercentageRoundedUpAndLeavesTheRestToTheLastWave) {
  const auto plan =
      make_plan(policy({wave("canary", api::CountOrPercent{5, true}), wave("rest")}), patch(), fleet(21));
  ASSERT_EQ(plan.waves.size(), 2U);
  EXPECT_EQ(plan.waves[0].spec.targets.size(), 2U);
  EXPECT_EQ(plan.waves[1].spec.targets.size(), 19U);
  EXPECT_EQ(plan.targets, 21);
  EXPECT_THAT(plan.wave_warnings, IsEmpty());
}

TEST(MakePlan, TakesACountAndNeverMoreThanThereAre) {
  const auto plan = make_plan(policy({wave("canary", api::CountOrPercent{2, false}),
                                      wave("half", api::CountOrPercent{50, true}), wave("rest")}),
                              patch(), fleet(3));
  ASSERT_EQ(plan.waves.size(), 2U);
  EXPECT_EQ(plan.waves[0].spec.targets.size(), 2U);
  EXPECT_EQ(plan.waves[1].spec.targets.size(), 1U);
  EXPECT_THAT(plan.wave_warnings,
              ElementsAre("spec.waves[2] selects nothing: 0 of the 3 workloads are left to 'rest'"));
}

TEST(MakePlan, GivesTheLastWaveTheRestEvenWhenItSelectsLess) {
  const auto plan = make_plan(policy({wave("only", api::CountOrPercent{1, false})}), patch(), fleet(3));
  ASSERT_EQ(plan.waves.size(), 1U);
  EXPECT_EQ(plan.waves[0].spec.targets.size(), 3U);
}

TEST(MakePlan, NamesNumbersAndChainsTheWaves) {
  const auto plan = make_plan(policy({wave("canary", api::CountOrPercent{1, false}),
                                      wave("more", api::CountOrPercent{1, false}), wave("rest")}),
                              patch(), fleet(5));
  EXPECT_THAT(wave_names(plan), ElementsAre("web-1.4.3-storefront-canary", "web-1.4.3-storefront-more",
                                            "web-1.4.3-storefront-rest"));
  EXPECT_THAT(plan.waves[0].spec.after, IsEmpty());
  EXPECT_THAT(plan.waves[1].spec.after, ElementsAre("web-1.4.3-storefront-canary"));
  EXPECT_THAT(plan.waves[2].spec.after, ElementsAre("web-1.4.3-storefront-more"));
  EXPECT_EQ(plan.waves[0].spec.order, 1);
  EXPECT_EQ(plan.waves[2].spec.order, 3);
}

TEST(MakePlan, ChainsPastAWaveThatSelectsNothing) {
  const auto plan = make_plan(policy({wave("canary", api::CountOrPercent{1, false}),
                                      wave("none", api::CountOrPercent{0, false}), wave("rest")}),
                              patch(), fleet(2));
  ASSERT_EQ(plan.waves.size(), 2U);
  EXPECT_THAT(plan.waves[1].spec.after, ElementsAre("web-1.4.3-storefront-canary"));
  EXPECT_EQ(plan.waves[1].spec.order, 2);
}

TEST(MakePlan, ContinuesAWaveOfMoreThanFiveHundredTargetsInAnother) {
  const auto plan =
      make_plan(policy({wave("canary", api::CountOrPercent{1, false}), wave("rest")}), patch(), fleet(1102));
  EXPECT_THAT(wave_names(plan), ElementsAre("web-1.4.3-storefront-canary", "web-1.4.3-storefront-rest",
                                            "web-1.4.3-storefront-rest-2", "web-1.4.3-storefront-rest-3"));
  EXPECT_EQ(plan.waves[1].spec.targets.size(), 500U);
  EXPECT_EQ(plan.waves[3].spec.targets.size(), 101U);
  EXPECT_THAT(plan.waves[3].spec.after, ElementsAre("web-1.4.3-storefront-rest-2"));
  EXPECT_THAT(plan.wave_warnings,
              ElementsAre("spec.waves[1] is split: 'rest' has 1101 targets and a wave holds 500"));
}

TEST(MakePlan, KeepsTheNamesOfSplitWavesApartFromThePolicysOwn) {
  const auto plan =
      make_plan(policy({wave("all", api::CountOrPercent{501, false}), wave("all-2")}), patch(), fleet(502));
  ASSERT_EQ(plan.waves.size(), 3U);
  EXPECT_EQ(plan.waves[1].name, "web-1.4.3-storefront-all-2") << "the second part of 'all'";
  EXPECT_EQ(plan.waves[1].wave, "all");
  EXPECT_THAT(plan.waves[2].name, testing::StartsWith("web-1.4.3-storefront-all-2-"));
  EXPECT_EQ(plan.waves[2].wave, "all-2");
}

TEST(MakePlan, GivesAPartTheNextNumberWhenItsNameIsTaken) {
  const auto plan = make_plan(policy({wave("all")}), patch(), fleet(501), {"web-1.4.3-storefront-all-2"});
  EXPECT_THAT(wave_names(plan), ElementsAre("web-1.4.3-storefront-all", "web-1.4.3-storefront-all-3"));
}

TEST(WaveName, IsReadableWhenItCanBeReadOneWayOnly) {
  EXPECT_EQ(wave_name("web-1.4.3", "shop", "canary"), "web-1.4.3-shop-canary");
  EXPECT_EQ(wave_name("web-1.4.3", "shop", "canary", 2), "web-1.4.3-shop-canary-2");
}

TEST(WaveName, KeepsItsWordsAndAddsAHashWhenItCouldBeReadAnotherWay) {
  EXPECT_THAT(wave_name("web-1.4.3", "shop-eu", "canary"),
              testing::MatchesRegex("web-1\\.4\\.3-shop-eu-canary-[0-9a-f]+"));
}

TEST(WaveName, IsNotTheSameForOtherWordsThatRunTogether) {
  const std::vector<std::string> words = {"a", "b", "2", "a-b", "b-a", "a-2", "2-a", "a-b-2", "2-2"};
  std::set<std::string> names;
  std::size_t count = 0;
  for (const auto& patch : words) {
    for (const auto& policy : words) {
      for (const auto& wave : words) {
        for (const int part : {1, 2, 22}) {
          names.insert(wave_name(patch, policy, wave, part));
          ++count;
        }
      }
    }
  }
  EXPECT_EQ(names.size(), count);
}

TEST(MakePlan, ShortensALongNameWithAHashThatKeepsNamesApart) {
  auto long_policy = policy({wave("canary", api::CountOrPercent{1, false}), wave("rest")});
  long_policy.metadata.name = std::string(240, 'p');
  const auto plan = make_plan(long_policy, patch(), fleet(2));
  ASSERT_EQ(plan.waves.size(), 2U);
  EXPECT_EQ(plan.waves[0].name.size(), 200U);
  EXPECT_NE(plan.waves[0].name, plan.waves[1].name);
  EXPECT_THAT(plan.waves[1].spec.after, ElementsAre(plan.waves[0].name));
}

TEST(MakePlan, OrdersByReplicasAndPutsWorkloadsWithoutCopiesLast) {
  const auto plan = make_plan(policy({wave("all")}), patch(),
                              {workload("large", 9), workload("none", 0), workload("small", 1)});
  EXPECT_THAT(target_names(plan.waves.at(0)), ElementsAre("small", "large", "none"));
}

TEST(MakePlan, GivesTheSamePlanWhateverTheOrderOfTheWorkloads) {
  const auto rules = policy({wave("canary", api::CountOrPercent{3, false}), wave("rest")});
  auto workloads = fleet(20);
  const auto plan = make_plan(rules, patch(), workloads);
  std::ranges::reverse(workloads);
  const auto again = make_plan(rules, patch(), workloads);
  ASSERT_EQ(plan.waves.size(), again.waves.size());
  EXPECT_EQ(plan.waves[0].spec, again.waves[0].spec);
  EXPECT_EQ(plan.waves[1].spec, again.waves[1].spec);
}

TEST(MakePlan, MakesAnotherWorkloadTheCanaryOfTheNextPatch) {
  const auto rules = policy({wave("canary", api::CountOrPercent{1, false}), wave("rest")});
  std::vector<std::string> canaries;
  for (int version = 3; version < 13; ++version) {
    auto next = patch();
    next.spec.tag = fmt::format("1.4.{}", version);
    canaries.push_back(target_names(make_plan(rules, next, fleet(20)).waves.at(0)).at(0));
  }
  std::ranges::sort(canaries);
  EXPECT_GT(std::ranges::distance(canaries.begin(), std::unique(canaries.begin(), canaries.end())), 3);
}

TEST(MakePlan, LeavesOutWorkloadsThatRunThePatchAlready) {
  auto resolved_later = patch();
  resolved_later.spec.digest.clear();
  resolved_later.status.digest = kNewDigest;
  const std::vector<Workload> workloads = {workload("done", 3, kRepository + ":1.4.3@" + kNewDigest),
                                           workload("todo")};
  EXPECT_THAT(target_names(make_plan(policy({wave("all")}), resolved_later, workloads).waves.at(0)),
              ElementsAre("todo"));
}

TEST(MakePlan, TakesAPlatformsDigestForTheIndexItBelongsTo) {
  auto index = patch();
  index.status.platform_digests = {"sha256:" + std::string(64, '2')};
  const auto plan = make_plan(policy({wave("all")}), index,
                              {workload("done", 3, kRepository + "@sha256:" + std::string(64, '2'))});
  EXPECT_THAT(plan.waves, IsEmpty());
  EXPECT_THAT(plan.workload_warnings, IsEmpty());
}

TEST(MakePlan, PinsATagThatMayHaveMoved) {
  const auto plan =
      make_plan(policy({wave("all")}), patch(), {workload("tagged", 3, kRepository + ":1.4.3")});
  EXPECT_EQ(plan.targets, 1);
}

TEST(MakePlan, NeverTakesAWorkloadBackToAnEarlierVersionAndSaysSo) {
  const auto plan = make_plan(policy({wave("all")}), patch(), {workload("ahead", 3, kRepository + ":1.5.0")});
  EXPECT_EQ(plan.targets, 0);
  EXPECT_THAT(plan.workload_warnings,
              ElementsAre("Deployment shop/ahead: container web runs 1.5.0, which is later than 1.4.3"));
}

TEST(MakePlan, NamesTheContainersThatRunTheImageAndNoOthers) {
  auto mixed = workload("mixed");
  mixed.containers = {{"migrate", kRepository + ":1.4.2"},
                      {"web", kRepository + ":1.4.2"},
                      {"proxy", "registry.example.com/storefront/proxy:1.4.2"},
                      {"broken", "{{image}}"}};
  const auto plan = make_plan(policy({wave("all")}), patch(), {mixed});
  EXPECT_THAT(plan.waves.at(0).spec.targets.at(0).containers, ElementsAre("migrate", "web"));
}

TEST(MakePlan, PlansNothingForAnImageThatThePolicyDoesNotAllow) {
  auto rules = policy({wave("all")});
  rules.spec.workloads = api::WorkloadTargets{{}, {}, {"registry.example.com/backoffice/*"}};
  const auto plan = make_plan(rules, patch(), fleet(3));
  EXPECT_EQ(plan.targets, 0);
  EXPECT_EQ(plan.problem, "spec.targets.workloads.images allows no image " + kRepository);
}

TEST(MakePlan, KnowsShortNamesOfDockerHubInPatchAndWorkload) {
  auto rules = policy({wave("all")});
  rules.spec.workloads = api::WorkloadTargets{{}, {}, {"nginx"}};
  auto nginx = patch();
  nginx.spec.image = "nginx";
  EXPECT_EQ(make_plan(rules, nginx, {workload("web", 3, "docker.io/library/nginx:1.4.2")}).targets, 1);
}

TEST(MakePlan, WarnsOfAPatchWhoseImageIsNone) {
  auto broken = patch();
  broken.spec.image = "Web:";
  const auto plan = make_plan(policy({wave("all")}), broken, fleet(1));
  EXPECT_THAT(plan.problem, HasSubstr("Patch web-1.4.3: spec.subject.image: image 'Web:' is not"));
}

TEST(MakePlan, KeepsWarningsAboutWorkloadsToANumberThatPeopleRead) {
  std::vector<Workload> ahead;
  for (int i = 0; i < 50; ++i) ahead.push_back(workload(fmt::format("web-{}", i), 3, kRepository + ":2.0.0"));
  const auto plan = make_plan(policy({wave("all")}), patch(), ahead);
  EXPECT_EQ(plan.workload_warnings.size(), 21U);
  EXPECT_EQ(plan.workload_warnings.back(), "30 more workloads have warnings");
}

TEST(MakePlan, MakesTheWavesSpecCompleteInItself) {
  auto canary = wave("canary");
  canary.bake = milliseconds(1234);
  canary.steps = {{50, true}, {100, true}};
  auto rules = policy({canary});
  rules.spec.on_harm = api::OnHarm::Freeze;
  rules.spec.windows.allow = {{"0 2 * * SAT", std::chrono::hours(4), "Europe/Amsterdam"}};
  api::GateSpec pages;
  pages.name = "pages";
  pages.alerts = api::AlertsGate{"severity=\"page\""};
  pages.interval = milliseconds(5000);
  api::GateSpec errors;
  errors.name = "errors";
  errors.counter = api::CounterGate{"failed", "requests"};
  errors.tolerate = 2;
  rules.spec.gates = {pages, errors};
  const auto spec = make_plan(rules, patch(), fleet(1)).waves.at(0).spec;
  EXPECT_EQ(spec.patch, "web-1.4.3");
  EXPECT_EQ(spec.policy, "storefront");
  EXPECT_EQ(spec.bake, milliseconds(1234));
  EXPECT_EQ(spec.steps, canary.steps);
  EXPECT_EQ(spec.on_harm, api::OnHarm::Freeze);
  EXPECT_EQ(spec.windows, rules.spec.windows);
  EXPECT_EQ(spec.gates, rules.spec.gates);
  EXPECT_FALSE(spec.approval_required);
}

TEST(MakePlan, AsksForApprovalOfEveryWaveInModeApprove) {
  auto rules = policy({wave("all")});
  rules.spec.mode = api::Mode::Approve;
  EXPECT_TRUE(make_plan(rules, patch(), fleet(1)).waves.at(0).spec.approval_required);
}

TEST(Selects, ReachesOnlyItsOwnNamespaceFromOutsideTheOperators) {
  const auto rules = policy({});
  auto elsewhere = workload("web");
  elsewhere.ns = "bank";
  EXPECT_TRUE(selects(rules, false, workload("web")));
  EXPECT_FALSE(selects(rules, false, elsewhere));
  EXPECT_TRUE(selects(rules, true, elsewhere));
}

TEST(Selects, IgnoresANamespaceSelectorOutsideTheOperatorsNamespace) {
  auto rules = policy({});
  rules.spec.workloads->namespace_selector.match_labels = {{"team", "shop"}};
  EXPECT_TRUE(selects(rules, false, workload("web")));
  EXPECT_FALSE(selects(rules, true, workload("web")));
}

TEST(Selects, AsksForTheLabelsAndForOneImageThatTheGlobsAllow) {
  auto rules = policy({});
  rules.spec.workloads->selector.match_labels = {{"tier", "web"}};
  auto candidate = workload("web");
  EXPECT_FALSE(selects(rules, false, candidate));
  candidate.labels = {{"tier", "web"}};
  EXPECT_TRUE(selects(rules, false, candidate));
  candidate.containers = {{"proxy", "registry.example.com/mesh/proxy:1"}};
  EXPECT_FALSE(selects(rules, false, candidate));
}

TEST(PlanHash, ChangesWithWhatIsApprovedAndNotWithSuspendOrCancel) {
  const auto spec = make_plan(policy({wave("all")}), patch(), fleet(2)).waves.at(0).spec;
  const auto hash = plan_hash(spec, "web@" + kNewDigest);
  EXPECT_EQ(hash.size(), 71U);
  EXPECT_TRUE(hash.starts_with("sha256:"));

  auto held = spec;
  held.suspend = true;
  held.cancel = true;
  EXPECT_EQ(plan_hash(held, "web@" + kNewDigest), hash);

  EXPECT_NE(plan_hash(spec, "web@" + kOldDigest), hash);
  auto fewer = spec;
  fewer.targets.pop_back();
  EXPECT_NE(plan_hash(fewer, "web@" + kNewDigest), hash);
}

TEST(PlanHash, ChangesWithWhatAStatisticalGateTolerates) {
  auto spec = make_plan(policy({wave("all")}), patch(), fleet(2)).waves.at(0).spec;
  api::GateSpec gate;
  gate.name = "errors";
  gate.counter = api::CounterGate{"failed", "requests"};
  spec.gates = {gate};
  auto looser = spec;
  looser.gates[0].tolerate = 3;
  EXPECT_NE(plan_hash(looser, "web@" + kNewDigest), plan_hash(spec, "web@" + kNewDigest));
}

api::PatchPolicy pool_policy(std::vector<api::WavePlan> waves) {
  auto rules = policy(std::move(waves));
  rules.spec.workloads.reset();
  api::NodePool pool;
  pool.name = "workers";
  pool.node_selector.match_labels = {{"pool", "workers"}};
  pool.recipe = "debian";
  rules.spec.node_pools = {pool};
  return rules;
}

api::Patch pool_patch() {
  api::Patch patch;
  patch.metadata.name = "os";
  patch.spec.node_pool = "workers";
  patch.spec.version = "2026-11";
  patch.spec.parameters = {{"packages", "openssl"}};
  patch.status.digest = kOldDigest;
  return patch;
}

Workload node(std::string name, std::string pool = "workers", std::string patched_by = "") {
  Workload node;
  node.kind = api::TargetKind::Node;
  node.name = std::move(name);
  node.labels = {{"pool", std::move(pool)}};
  node.replicas = 1;
  node.patched_by = std::move(patched_by);
  return node;
}

TEST(MakePlanForAPool, DividesItsNodesThatHaveNotThePatchIntoTheWaves) {
  const auto plan =
      make_plan(pool_policy({wave("canary", api::CountOrPercent{1, false}), wave("rest")}), pool_patch(),
                {node("n1"), node("n2"), node("other", "gpu"),
                 node("done", "workers", print_recipe("debian", kOldDigest)), node("n3")});
  ASSERT_EQ(plan.waves.size(), 2U);
  EXPECT_EQ(plan.waves[0].spec.targets.size(), 1U);
  auto names = target_names(plan.waves[0]);
  for (const auto& name : target_names(plan.waves[1])) names.push_back(name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("n1", "n2", "n3"));
}

TEST(MakePlanForAPool, WritesIntoEachWaveHowItsNodesArePatched) {
  const auto plan = make_plan(pool_policy({wave("all")}), pool_patch(), {node("n1")});
  ASSERT_EQ(plan.waves.size(), 1U);
  const auto& nodes = plan.waves[0].spec.nodes;
  ASSERT_TRUE(nodes);
  EXPECT_EQ(nodes->recipe, "debian");
  EXPECT_EQ(nodes->parameters, pool_patch().spec.parameters);
}

TEST(MakePlanForAPool, LeavesOutGatesThatComparePodsAndSaysSo) {
  auto rules = pool_policy({wave("all")});
  api::GateSpec counter;
  counter.name = "errors";
  counter.counter = api::CounterGate{"a", "b"};
  api::GateSpec alerts;
  alerts.name = "pages";
  alerts.alerts = api::AlertsGate{"severity=\"page\""};
  rules.spec.gates = {counter, alerts};
  const auto plan = make_plan(rules, pool_patch(), {node("n1")});
  ASSERT_EQ(plan.waves[0].spec.gates.size(), 1U);
  EXPECT_EQ(plan.waves[0].spec.gates[0].name, "pages");
  ASSERT_EQ(plan.workload_warnings.size(), 1U);
  EXPECT_THAT(plan.workload_warnings[0], ::testing::HasSubstr("counter, histogram and gauge compare pods"));
}

TEST(MakePlanForAPool, TakesNodesOfEveryZoneInTurn) {
  std::vector<Workload> nodes;
  for (int i = 0; i < 9; ++i) {
    nodes.push_back(node(fmt::format("n{}", i)));
    nodes.back().labels["topology.kubernetes.io/zone"] = i < 5 ? "a" : i < 8 ? "b" : "c";
  }
  const auto plan = make_plan(pool_policy({wave("all")}), pool_patch(), nodes);
  std::vector<std::string> zones;
  for (const auto& name : target_names(plan.waves.at(0))) {
    const auto found = std::ranges::find(nodes, name, &Workload::name);
    zones.push_back(found->labels.at("topology.kubernetes.io/zone"));
  }
  const auto in_turn = [&](std::ptrdiff_t first, std::ptrdiff_t count) {
    std::vector<std::string> some(zones.begin() + first, zones.begin() + first + count);
    std::ranges::sort(some);
    return some;
  };
  EXPECT_THAT(in_turn(0, 3), ElementsAre("a", "b", "c"));
  EXPECT_THAT(in_turn(3, 2), ElementsAre("a", "b"));
  EXPECT_THAT(in_turn(5, 2), ElementsAre("a", "b"));
}

TEST(MakePlanForAPool, NamesAPoolThatThePolicyHasNot) {
  auto patch = pool_patch();
  patch.spec.node_pool = "gpu";
  EXPECT_EQ(make_plan(pool_policy({wave("all")}), patch, {node("n1")}).problem,
            "spec.targets.nodePools has no pool 'gpu'");
}

TEST(Selects, NodesOnlyForAPolicyInTheOperatorsNamespace) {
  const auto rules = pool_policy({wave("all")});
  EXPECT_TRUE(selects(rules, true, node("n1")));
  EXPECT_FALSE(selects(rules, false, node("n1")));
  EXPECT_FALSE(selects(rules, true, node("n1", "gpu")));
}

}  // namespace
}  // namespace patchwave::plan
