#include "controllers/api/common.hpp"

#include <gtest/gtest.h>

#include "controllers/api/wave.hpp"

namespace patchwave::api {
namespace {

Time at(int second) {
  return Time(seconds(second));
}

Condition ready(std::string status, std::string reason) {
  return {"Ready", std::move(status), std::move(reason), "", 1, std::nullopt};
}

TEST(SetCondition, StampsTheTransitionOnlyWhenTheStatusChanges) {
  std::vector<Condition> conditions;
  set_condition(conditions, ready("False", "Waiting"), at(1));
  set_condition(conditions, ready("False", "Running"), at(2));
  ASSERT_EQ(conditions.size(), 1U);
  EXPECT_EQ(conditions[0].reason, "Running");
  EXPECT_EQ(conditions[0].last_transition_time, at(1));
  set_condition(conditions, ready("True", "Succeeded"), at(3));
  EXPECT_EQ(conditions[0].last_transition_time, at(3));
}

TEST(SetCondition, LeavesOtherTypesInTheirPlace) {
  std::vector<Condition> conditions = {{"Stalled", "True", "a", "", 0, at(0)}};
  set_condition(conditions, ready("True", "b"), at(1));
  EXPECT_EQ(conditions[0].type, "Stalled");
  EXPECT_NE(find_condition(conditions, "Ready"), nullptr);
}

TEST(RemoveCondition, RemovesOneTypeAndNothingElse) {
  std::vector<Condition> conditions = {{"Stalled", "True", "a", "", 0, at(0)}, ready("True", "b")};
  remove_condition(conditions, "Stalled");
  ASSERT_EQ(conditions.size(), 1U);
  EXPECT_EQ(find_condition(conditions, "Stalled"), nullptr);
}

TEST(LabelSelector, EmptyMatchesEverything) {
  EXPECT_TRUE(LabelSelector{}.matches({}));
}

TEST(LabelSelector, NeedsEveryLabelAndEveryExpression) {
  const LabelSelector selector{{{"app", "web"}}, {{"tier", "In", {"front", "edge"}}}};
  EXPECT_TRUE(selector.matches({{"app", "web"}, {"tier", "edge"}}));
  EXPECT_FALSE(selector.matches({{"app", "web"}, {"tier", "back"}}));
  EXPECT_FALSE(selector.matches({{"app", "db"}, {"tier", "edge"}}));
  EXPECT_FALSE(selector.matches({{"app", "web"}}));
}

TEST(LabelSelector, NotInHoldsForALabelThatIsNotThere) {
  const LabelSelector selector{{}, {{"tier", "NotIn", {"back"}}}};
  EXPECT_TRUE(selector.matches({}));
  EXPECT_TRUE(selector.matches({{"tier", "front"}}));
  EXPECT_FALSE(selector.matches({{"tier", "back"}}));
}

TEST(LabelSelector, ExistsLooksAtTheKeyAlone) {
  const LabelSelector exists{{}, {{"tier", "Exists", {}}}};
  const LabelSelector absent{{}, {{"tier", "DoesNotExist", {}}}};
  EXPECT_TRUE(exists.matches({{"tier", ""}}));
  EXPECT_FALSE(exists.matches({}));
  EXPECT_FALSE(absent.matches({{"tier", ""}}));
  EXPECT_TRUE(absent.matches({}));
}

TEST(LabelSelector, IsWrittenAsTheServerTakesIt) {
  const LabelSelector selector{{{"app", "web"}, {"shop.example.com/part", "front"}},
                               {{"tier", "In", {"a", "b"}},
                                {"track", "NotIn", {"canary"}},
                                {"team", "Exists", {}},
                                {"legacy", "DoesNotExist", {}}}};
  EXPECT_EQ(selector.query(),
            "app=web,shop.example.com/part=front,tier in (a,b),track notin (canary),team,!legacy");
  EXPECT_EQ(LabelSelector{}.query(), "");
}

TEST(LabelSelector, AnUnknownOperatorMatchesNothing) {
  EXPECT_FALSE((LabelSelector{{}, {{"tier", "Near", {}}}}.matches({{"tier", "front"}})));
}

TEST(CountOrPercent, PercentagesRoundUpAndNeverToNothing) {
  EXPECT_EQ((CountOrPercent{25, true}.of(10)), 3);
  EXPECT_EQ((CountOrPercent{1, true}.of(10)), 1);
  EXPECT_EQ((CountOrPercent{100, true}.of(7)), 7);
  EXPECT_EQ((CountOrPercent{5, true}.of(0)), 1);
}

TEST(CountOrPercent, ACountIsNeverMoreThanThereIs) {
  EXPECT_EQ((CountOrPercent{3, false}.of(10)), 3);
  EXPECT_EQ((CountOrPercent{3, false}.of(2)), 2);
  EXPECT_EQ((CountOrPercent{0, false}.of(10)), 0);
}

TEST(CountOrPercent, ReadsWhatItPrints) {
  for (const auto* text : {"1", "25%", "100%", "99999"}) {
    const auto value = parse_count_or_percent(text);
    ASSERT_TRUE(value) << text;
    EXPECT_EQ(to_string(*value), text);
  }
}

TEST(CountOrPercent, RefusesWhatIsNotOneAndSaysWhatIs) {
  for (const auto* text :
       {"", "0", "0%", "01", "-1", "101%", "1.5", "%", "1 %", "100000", "99999999999999999999"}) {
    const auto value = parse_count_or_percent(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::Invalid);
    EXPECT_NE(value.error().message.find("must be a count"), std::string::npos);
  }
}

TEST(WavePhase, EndsInSuccessInWhatWasPutBackOrInCancellation) {
  EXPECT_TRUE(is_terminal(WavePhase::Succeeded));
  EXPECT_TRUE(is_terminal(WavePhase::RolledBack));
  EXPECT_TRUE(is_terminal(WavePhase::RollbackFailed));
  EXPECT_TRUE(is_terminal(WavePhase::Cancelled));
  EXPECT_FALSE(is_terminal(WavePhase::RollingBack));
  EXPECT_FALSE(is_terminal(WavePhase::Baking));
}

}  // namespace
}  // namespace patchwave::api
