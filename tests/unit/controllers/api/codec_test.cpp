// Rules between fields, which crds/ states in CEL and tests/ways_in shows on a real API server.
#include "controllers/api/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/base/json.hpp"

namespace patchwave::api {
namespace {

using ::testing::HasSubstr;

Json policy() {
  return Json::parse(R"({
    "metadata": {"name": "storefront", "namespace": "shop"},
    "spec": {
      "targets": {"workloads": {"images": ["registry.example.com/storefront/*"]}},
      "waves": [{"name": "canary", "select": {"percent": 5}}, {"name": "rest"}]
    }})");
}

Json wave() {
  return Json::parse(R"({
    "metadata": {"name": "web-canary", "namespace": "shop", "uid": "u-1", "resourceVersion": "7", "generation": 2,
                 "creationTimestamp": "2026-11-21T02:00:00Z", "finalizers": ["patchwave.dev/leave-workloads-whole"],
                 "labels": {"a": "b"}},
    "spec": {
      "patchRef": {"name": "web-1.4.3"},
      "targets": [{"kind": "Deployment", "namespace": "shop", "name": "web", "containers": ["web"]}]
    }})");
}

std::string refusal_of_policy(const char* path, Json value) {
  auto object = policy();
  object[Json::json_pointer(path)] = std::move(value);
  const auto parsed = parse_policy(object);
  return parsed ? "accepted" : parsed.error().message;
}

std::string refusal_of_wave(const char* path, Json value) {
  auto object = wave();
  object[Json::json_pointer(path)] = std::move(value);
  const auto parsed = parse_wave(object);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(ParsePolicy, SaysWhichFieldIsWrongWithWhatAndWhatIsAllowed) {
  EXPECT_EQ(refusal_of_policy("/spec/waves/0/select/percent", 250),
            "spec.waves[0].select.percent is 250; it must be from 1 to 100");
  EXPECT_EQ(refusal_of_policy("/spec/mode", "Auto"),
            "spec.mode is 'Auto'; it must be one of 'Observe', 'Approve', 'Automatic'");
}

TEST(ParsePolicy, LooksForNoNewerVersionUnlessTheSpecAsksForIt) {
  EXPECT_FALSE(parse_policy(policy())->spec.updates);
  auto object = policy();
  object["spec"]["updates"] = Json::object();
  const auto updates = parse_policy(object)->spec.updates;
  ASSERT_TRUE(updates);
  EXPECT_EQ(updates->semver, UpdateScope::Patch);
  EXPECT_EQ(updates->minimum_age, std::chrono::hours(24));
  EXPECT_FALSE(updates->interval);
}

TEST(ParsePolicy, CutsAValueThatIsTooLongForAMessage) {
  EXPECT_LT(refusal_of_policy("/spec/mode", std::string(10'000, 'x')).size(), 300U);
}

TEST(ParsePolicy, CutsAKeyThatIsTooLongForAMessage) {
  const Json selector = {{"matchLabels", {{std::string(100'000, 'x'), 5}}}};
  EXPECT_LT(refusal_of_policy("/spec/targets/workloads/selector", selector).size(), 600U);
}

TEST(ParsePolicy, LetsOnlyTheLastWaveTakeWhatIsLeft) {
  EXPECT_THAT(refusal_of_policy("/spec/waves/0", {{"name", "canary"}}),
              HasSubstr("spec.waves[0].select must be set"));
}

TEST(ParsePolicy, TakesACountOrAPercentageButNotBoth) {
  EXPECT_THAT(refusal_of_policy("/spec/waves/0/select", {{"count", 1}, {"percent", 5}}),
              HasSubstr("spec.waves[0].select.count or `percent` must be set, and not both"));
  EXPECT_THAT(refusal_of_policy("/spec/waves/0/select", Json::object()),
              HasSubstr("spec.waves[0].select.count"));
}

TEST(ParsePolicy, WantsStepsThatAscendToEverything) {
  EXPECT_EQ(refusal_of_policy("/spec/waves/1/steps", {"1", "5%", "2", "100%"}), "accepted");
  EXPECT_THAT(refusal_of_policy("/spec/waves/1/steps", {"1", "50%"}), HasSubstr("must end with '100%'"));
  EXPECT_THAT(refusal_of_policy("/spec/waves/1/steps", {"50%", "25%", "100%"}), HasSubstr("ascend"));
  EXPECT_THAT(refusal_of_policy("/spec/waves/1/steps", {"2", "2", "100%"}), HasSubstr("ascend"));
}

TEST(ParsePolicy, WantsExactlyOneQuestionInAGate) {
  EXPECT_THAT(
      refusal_of_policy("/spec/gates", Json::array({{{"name", "none"}}})),
      HasSubstr("spec.gates[0].threshold or `alerts`, `counter`, `histogram` or `gauge` must be set"));
  EXPECT_THAT(refusal_of_policy("/spec/gates", Json::array({{{"name", "two"},
                                                             {"alerts", {{"match", "a=\"b\""}}},
                                                             {"gauge", {{"metric", "memory"}}}}})),
              HasSubstr("only one of them"));
  EXPECT_THAT(
      refusal_of_policy("/spec/gates", Json::array({{{"name", "one"}, {"threshold", {{"query", "up"}}}}})),
      HasSubstr("spec.gates[0].threshold.below or `above` must be set"));
}

TEST(ParsePolicy, TakesToleranceAlphaAndBetaOnlyBesideWhatComparesArms) {
  const Json counter = {{"events", "failed"}, {"exposure", "all"}};
  for (const auto* field : {"tolerate", "alpha", "beta"}) {
    const std::string value = field == std::string("tolerate") ? "2" : "0.01";
    EXPECT_EQ(refusal_of_policy("/spec/gates",
                                Json::array({{{"name", "a"}, {"counter", counter}, {field, value}}})),
              "accepted");
    EXPECT_THAT(
        refusal_of_policy("/spec/gates",
                          Json::array({{{"name", "a"}, {"alerts", {{"match", "a=\"b\""}}}, {field, value}}})),
        HasSubstr(std::string("spec.gates[0].") + field + " must be set only beside `counter`"));
  }
}

TEST(ParsePolicy, RefusesAToleranceOrAChanceThatMeansNothing) {
  const auto refusal = [](const char* field, const char* value) {
    return refusal_of_policy(
        "/spec/gates", Json::array({{{"name", "a"}, {"gauge", {{"metric", "memory"}}}, {field, value}}}));
  };
  EXPECT_THAT(refusal("tolerate", "1"), HasSubstr("spec.gates[0].tolerate is '1' and must be"));
  EXPECT_THAT(refusal("alpha", "0.0"), HasSubstr("spec.gates[0].alpha is '0.0' and must be"));
  EXPECT_THAT(refusal("beta", "1"), HasSubstr("spec.gates[0].beta is '1' and must be"));
}

TEST(ParsePolicy, TakesTheSelectorOfAMetricAndNoQueryAroundIt) {
  const auto refusal = [](const char* metric) {
    return refusal_of_policy("/spec/gates", Json::array({{{"name", "a"}, {"gauge", {{"metric", metric}}}}}));
  };
  for (const auto* metric :
       {"memory", "job:memory:sum", R"(memory{namespace="{{namespace}}",pod=~"a{3}"})"}) {
    EXPECT_EQ(refusal(metric), "accepted") << metric;
  }
  for (const auto* metric : {"rate(memory[1m])", "memory[1m]", "{job=\"a\"}", "1memory", "memory{} > 0"}) {
    EXPECT_THAT(refusal(metric), HasSubstr("must be the selector of a metric")) << metric;
  }
}

TEST(ParsePolicy, WantsADenialThatBeginsBeforeItEndsOnDaysThatExist) {
  const auto deny = [](const char* from, const char* to) {
    return refusal_of_policy("/spec/windows", {{"deny", Json::array({{{"from", from}, {"to", to}}})}});
  };
  EXPECT_EQ(deny("2026-12-20T00:00", "2027-01-03T00:00"), "accepted");
  EXPECT_THAT(deny("2027-01-03T00:00", "2026-12-20T00:00"),
              HasSubstr("spec.windows.deny[0].from must be before"));
  EXPECT_THAT(deny("2026-02-29T00:00", "2026-12-20T00:00"), HasSubstr("must be a local time"));
}

TEST(ParsePolicy, WantsValuesForInAndNoneForExists) {
  const auto expression = [](Json requirement) {
    return refusal_of_policy("/spec/targets/workloads/selector",
                             {{"matchExpressions", Json::array({std::move(requirement)})}});
  };
  EXPECT_EQ(expression({{"key", "tier"}, {"operator", "Exists"}}), "accepted");
  EXPECT_THAT(expression({{"key", "tier"}, {"operator", "In"}}),
              HasSubstr("matchExpressions[0].values must be set"));
  EXPECT_THAT(expression({{"key", "tier"}, {"operator", "Exists"}, {"values", {"a"}}}),
              HasSubstr("values must"));
}

TEST(ParsePolicy, RefusesWhatIsNoObjectAtAll) {
  EXPECT_FALSE(parse_policy(Json("text")));
  EXPECT_FALSE(parse_policy(Json::object()));
}

TEST(ParsePatch, TakesARepositoryWithoutTagAndDigest) {
  const auto parsed = [](const char* image) {
    return parse_patch({{"spec", {{"subject", {{"image", image}}}, {"to", {{"tag", "1.4.3"}}}}}}).has_value();
  };
  for (const auto* image :
       {"nginx", "library/nginx", "localhost:5000/web", "Registry.example.com/a/b_c/d--e"}) {
    EXPECT_TRUE(parsed(image)) << image;
  }
  for (const auto* image :
       {"nginx:1.2", "nginx@sha256:00", "https://a/b", "a//b", "/a", "a/", "a/B", "a._b", ""}) {
    EXPECT_FALSE(parsed(image)) << image;
  }
}

TEST(ParsePatch, WantsATagOrADigest) {
  const auto patch = parse_patch({{"spec", {{"subject", {{"image", "nginx"}}}, {"to", Json::object()}}}});
  ASSERT_FALSE(patch);
  EXPECT_EQ(patch.error().message, "spec.to.tag or `digest` must be set");
}

TEST(ParseWave, ReadsItsMetadata) {
  const auto parsed = parse_wave(wave());
  ASSERT_TRUE(parsed);
  const auto& metadata = parsed->metadata;
  EXPECT_EQ(metadata.name, "web-canary");
  EXPECT_EQ(metadata.ns, "shop");
  EXPECT_EQ(metadata.uid, "u-1");
  EXPECT_EQ(metadata.resource_version, "7");
  EXPECT_EQ(metadata.generation, 2);
  EXPECT_TRUE(metadata.creation_time);
  EXPECT_FALSE(metadata.deletion_time);
  EXPECT_EQ(metadata.labels.at("a"), "b");
  EXPECT_THAT(metadata.finalizers, ::testing::ElementsAre(kFinalizer));
}

TEST(ParseWave, RefusesAWorkloadThatIsNamedTwice) {
  auto targets = wave()["spec"]["targets"];
  targets.push_back(targets[0]);
  targets[1]["containers"] = {"sidecar"};
  EXPECT_THAT(refusal_of_wave("/spec/targets", targets),
              HasSubstr("spec.targets must not name a workload twice"));
}

TEST(ParseWave, RefusesToWaitForItself) {
  EXPECT_THAT(refusal_of_wave("/spec/after", {"web-canary"}),
              HasSubstr("spec.after must not name the wave itself"));
}

TEST(ParseWave, RefusesAPhaseItDoesNotKnowRatherThanTakeItForPending) {
  EXPECT_THAT(refusal_of_wave("/status", {{"phase", "Later"}}), HasSubstr("status.phase is 'Later'"));
}

TEST(ParseWave, TakesLongWordsOfOtherAlphabetsByTheirCharacters) {
  std::string reason;
  for (int i = 0; i < 256; ++i) reason += "ü";
  const Json deny = {{"from", "2026-12-20T00:00"}, {"to", "2027-01-03T00:00"}, {"reason", reason}};
  EXPECT_EQ(refusal_of_wave("/spec/windows", {{"deny", Json::array({deny})}}), "accepted");
}

TEST(ParseWave, TakesNullForAbsent) {
  EXPECT_EQ(refusal_of_wave("/spec/gates", nullptr), "accepted");
}

TEST(PrintStatus, KeepsAHoldThatHasNoEnd) {
  PatchWaveStatus status;
  status.hold = Hold{"ApprovalRequired", "somebody must look", std::nullopt, std::nullopt};
  EXPECT_EQ(print_status(status)["hold"],
            Json::parse(R"({"reason": "ApprovalRequired", "message": "somebody must look"})"));
}

Json wave_of_nodes() {
  return {{"metadata", {{"name", "os-all"}, {"namespace", "patchwave-system"}}},
          {"spec",
           {{"patchRef", {{"name", "os"}}},
            {"nodes",
             {{"pool", "workers"},
              {"recipeRef", {{"name", "debian"}}},
              {"parameters", {{"packages", "openssl"}}},
              {"reboot", "Always"},
              {"names", {"n1", "n2"}}}}}}};
}

TEST(AWaveOfNodes, HasItsNodesAsTargetsAndPrintsThemWhereTheyStood) {
  const auto wave = parse_wave(wave_of_nodes());
  ASSERT_TRUE(wave) << wave.error().message;
  ASSERT_EQ(wave->spec.targets.size(), 2U);
  EXPECT_EQ(wave->spec.targets[1], (WaveTarget{TargetKind::Node, "", "n2", {}}));
  EXPECT_EQ(wave->spec.nodes->reboot, Reboot::Always);
  const auto printed = print_spec(wave->spec);
  EXPECT_FALSE(printed.contains("targets"));
  EXPECT_EQ(printed["nodes"]["names"], Json::array({"n1", "n2"}));
  EXPECT_EQ(printed["nodes"]["drain"]["deadline"], "30m");
}

TEST(AWaveOfNodes, HasNoWorkloadsBeside) {
  auto both = wave_of_nodes();
  both["spec"]["targets"] = Json::array();
  const auto wave = parse_wave(both);
  ASSERT_FALSE(wave);
  EXPECT_EQ(wave.error().message, "spec.targets or `nodes` must be set, and not both");
}

TEST(AWaveOfNodes, KeepsHowFarEachNodeIs) {
  auto wave = parse_wave(wave_of_nodes());
  TargetStatus record;
  record.target = wave->spec.targets[0];
  record.state = TargetState::Patching;
  record.before.node = NodeFacts{"boot-1", "Debian", "6.1", "v1.36.3", "containerd://1.7", "debian@sha256:1"};
  record.node = NodeProgress{NodeStep::Reboot, 2, true, "boot-1", true, true, std::nullopt};
  wave->status.targets = {record};
  auto object = wave_of_nodes();
  object["status"] = print_status(wave->status);
  const auto again = parse_wave(object);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->status.targets, wave->status.targets);
}

TEST(APatchOfAPool, NeedsAVersionAndTakesParameters) {
  Json object = {
      {"metadata", {{"name", "os"}}},
      {"spec",
       {{"subject", {{"nodePool", "workers"}}}, {"to", {{"parameters", {{"packages", "openssl"}}}}}}}};
  EXPECT_EQ(parse_patch(object).error().message, "spec.to.version must be set for a node pool");
  object["spec"]["to"]["version"] = "2026-11";
  const auto patch = parse_patch(object);
  ASSERT_TRUE(patch) << patch.error().message;
  EXPECT_EQ(patch->spec.node_pool, "workers");
  EXPECT_EQ(print_spec(patch->spec)["to"], object["spec"]["to"]);
}

TEST(APatch, IsOfAnImageOrOfAPool) {
  const Json object = {{"metadata", {{"name", "os"}}},
                       {"spec",
                        {{"subject", {{"nodePool", "workers"}, {"image", "registry.example.com/web"}}},
                         {"to", {{"tag", "1"}, {"version", "2026-11"}}}}}};
  EXPECT_EQ(parse_patch(object).error().message,
            "spec.subject.image or `nodePool` must be set, and not both");
}

TEST(APolicy, NeedsWorkloadsOrPools) {
  const Json object = {{"metadata", {{"name", "p"}}},
                       {"spec", {{"targets", Json::object()}, {"waves", Json::array({{{"name", "all"}}})}}}};
  EXPECT_EQ(parse_policy(object).error().message, "spec.targets.workloads or `nodePools` must be set");
}

}  // namespace
}  // namespace patchwave::api
