// Holds crds/ and controllers/api together: whatever the one says, the other does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "controllers/api/codec.hpp"
#include "controllers/api/enums.hpp"
#include "tests/unit/controllers/api/schema.hpp"

namespace patchwave::api::testing {
namespace {

// Parses an object and prints it again: spec and status.
using RoundTrip = std::function<Result<Json>(const Json&)>;

template <class Parse>
RoundTrip round_trip(Parse parse) {
  return [parse](const Json& object) -> Result<Json> {
    const auto parsed = parse(object);
    if (!parsed) return fail(parsed.error());
    return Json{{"spec", print_spec(parsed->spec)}, {"status", print_status(parsed->status)}};
  };
}

// A kind without a status.
Result<Json> round_trip_of_recipe(const Json& object) {
  const auto parsed = parse_recipe(object);
  if (!parsed) return fail(parsed.error());
  return Json{{"spec", print_spec(parsed->spec)}};
}

struct Kind {
  std::string plural;
  RoundTrip round_trip;
  Words words;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.plural;
}

const Words kRuleWords = {{".steps", Json::array({"2", "50%", "100%"})},
                          {".from", "2026-12-20T00:00"},
                          {".to", "2027-01-03T00:00"}};

Words wave_words() {
  auto words = kRuleWords;
  words.insert(words.end(), {{"status.phase", "Baking"},
                             {".verdict", "Pass"},
                             {".state", "Promoting"},
                             {".rollbackCause", "Quarantine"}});
  return words;
}

class Schema : public ::testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] const Json& schema() const { return schema_of(GetParam().plural); }
  [[nodiscard]] Json make(Fill fill) const {
    Json object = example(schema(), fill, GetParam().words);
    object["metadata"]["name"] = "example";
    return object;
  }
  [[nodiscard]] Result<Json> round_trip(const Json& object) const { return GetParam().round_trip(object); }
};

TEST_P(Schema, EveryPropertyIsReadAndWrittenByTheCodec) {
  const auto full = make(Fill::Everything);
  const auto printed = round_trip(full);
  ASSERT_TRUE(printed) << printed.error().message;
  EXPECT_EQ(printed->at("spec"), full.at("spec"));
  EXPECT_EQ(printed->value("status", Json()), full.value("status", Json()));
}

TEST_P(Schema, DefaultsAreThoseThatTheCodecWritesOut) {
  for (const auto fill : {Fill::Required, Fill::Structure}) {
    const auto sparse = make(fill);
    auto defaulted = sparse;
    apply_defaults(schema(), defaulted);
    const auto printed = round_trip(sparse);
    ASSERT_TRUE(printed) << printed.error().message << "\n" << sparse.dump(2);
    EXPECT_EQ(printed->at("spec"), defaulted.at("spec"));
  }
}

TEST_P(Schema, WhatItRefusesTheCodecRefusesWithThePathOfTheField) {
  const auto full = make(Fill::Everything);
  const auto broken = violations(schema(), full);
  ASSERT_GT(broken.size(), 20U);
  for (const auto& violation : broken) {
    const auto printed = round_trip(violation.object);
    ASSERT_FALSE(printed) << violation.path << ": " << violation.what << " is accepted";
    EXPECT_EQ(printed.error().kind, ErrorKind::Invalid);
    EXPECT_THAT(printed.error().message, ::testing::StartsWith(violation.path)) << violation.what;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Schema,
                         ::testing::Values(Kind{"patchpolicies", round_trip(parse_policy), kRuleWords},
                                           Kind{"patches", round_trip(parse_patch), {}},
                                           Kind{"patchwaves", round_trip(parse_wave), wave_words()},
                                           Kind{"patchapprovals", round_trip(parse_approval), {}},
                                           Kind{"noderecipes", round_trip_of_recipe, {}}),
                         [](const auto& each) { return each.param.plural; });

template <class Enum>
Json words_of() {
  Json words = Json::array();
  for (const auto& [value, word] : names_of<Enum>()) words.push_back(word);
  return words;
}

TEST(SchemaWords, AreTheWordsOfTheEnumerations) {
  const auto& policy = schema_of("patchpolicies")["properties"]["spec"]["properties"];
  const auto& wave = schema_of("patchwaves")["properties"]["spec"]["properties"];
  EXPECT_EQ(policy["mode"]["enum"], words_of<Mode>());
  EXPECT_EQ(wave["mode"]["enum"], words_of<Mode>());
  EXPECT_EQ(policy["updates"]["properties"]["semver"]["enum"], words_of<UpdateScope>());
  EXPECT_EQ(policy["onHarm"]["enum"], words_of<OnHarm>());
  EXPECT_EQ(policy["onUndecided"]["properties"]["do"]["enum"], words_of<OnUndecided>());
  auto workloads = words_of<TargetKind>();
  workloads.erase(workloads.size() - 1);  // `nodes` names nodes.
  EXPECT_EQ(wave["targets"]["items"]["properties"]["kind"]["enum"], workloads);
  EXPECT_EQ(wave["nodes"]["properties"]["reboot"]["enum"], words_of<Reboot>());
  EXPECT_EQ(wave["nodes"]["properties"]["drain"]["properties"]["barePods"]["enum"], words_of<PodTreatment>());
}

TEST(SchemaWords, OfTheStatusArePartOfItsDescription) {
  const auto& status = schema_of("patchwaves")["properties"]["status"]["properties"];
  for (const auto& [phase, word] : names_of<WavePhase>()) {
    EXPECT_THAT(status["phase"]["description"].get<std::string>(), ::testing::HasSubstr(std::string(word)));
  }
  const auto& state = status["targets"]["items"]["properties"]["state"];
  for (const auto& [value, word] : names_of<TargetState>()) {
    EXPECT_THAT(state["description"].get<std::string>(), ::testing::HasSubstr(std::string(word)));
  }
  const auto& targets = status["targets"]["items"]["properties"];
  EXPECT_EQ(targets["kind"]["enum"], words_of<TargetKind>());
  EXPECT_EQ(targets["node"]["properties"]["step"]["enum"], words_of<NodeStep>());
}

// What a policy and its waves share is one schema, so that a policy can be copied into a wave.
TEST(SchemaOfAWave, SharesThePaceWindowsAndGatesOfAPolicy) {
  const auto& policy = schema_of("patchpolicies")["properties"]["spec"]["properties"];
  const auto& wave = schema_of("patchwaves")["properties"]["spec"]["properties"];
  for (const auto* field : {"windows", "gates", "onHarm", "onUndecided"}) {
    EXPECT_EQ(policy[field], wave[field]) << field;
  }
  const auto& plan = policy["waves"]["items"]["properties"];
  const auto& pool = policy["targets"]["properties"]["nodePools"]["items"]["properties"];
  EXPECT_EQ(pool["drain"], wave["nodes"]["properties"]["drain"]);
  for (const auto* field : {"steps", "stepBake", "bake", "progressDeadline", "approval"}) {
    EXPECT_EQ(plan[field], wave[field]) << field;
  }
}

}  // namespace
}  // namespace patchwave::api::testing
