#include "controllers/discovery/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/discovery/given.hpp"

namespace patchwave::discovery {
namespace {

using given::kNow;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;

const Settings kHourly{hours(1)};

Time next(const Decision& decision, std::optional<milliseconds> retry_after = {}, double fraction = 0) {
  return next_look(given::policy(), kHourly, decision, retry_after, fraction, kNow);
}

Decision failed() {
  Decision decision;
  decision.problems = {"registry.example.com/shop/web: the registry answered 503"};
  return decision;
}

Decision held_back(Time until) {
  Decision decision;
  decision.held_back = {{"registry.example.com/shop/web", "1.4.3", given::digest("a"), kNow, until}};
  return decision;
}

TEST(TheNextLook, IsAfterTheIntervalAndATenthOfItAtMost) {
  EXPECT_EQ(next({}), kNow + hours(1));
  EXPECT_EQ(next({}, {}, 0.5), kNow + minutes(63));
}

TEST(TheNextLook, IsAfterThePolicysOwnIntervalWhereItHasOne) {
  auto policy = given::policy();
  policy.spec.updates->interval = hours(6);
  EXPECT_EQ(next_look(policy, kHourly, {}, {}, 0, kNow), kNow + hours(6));
}

TEST(TheNextLook, IsWhenWhatIsHeldBackIsOldEnoughIfThatIsSooner) {
  EXPECT_EQ(next(held_back(kNow + minutes(10))), kNow + minutes(10));
  EXPECT_EQ(next(held_back(kNow + hours(10))), kNow + hours(1));
}

TEST(TheNextLook, IsSoonAfterAFailureButNeverBeforeTheRegistryWantsIt) {
  EXPECT_EQ(next(failed()), kNow + minutes(5));
  EXPECT_EQ(next(failed(), minutes(30)), kNow + minutes(30));
}

TEST(TheNextLook, IsNotPutOffForAllByTheOneRegistryThatWantsToBeLeftAlone) {
  EXPECT_EQ(next(failed(), hours(6)), kNow + hours(1));
  auto decision = held_back(kNow + minutes(10));
  decision.problems = failed().problems;
  EXPECT_EQ(next(decision, hours(6)), kNow + minutes(10));
}

TEST(TheNextLook, IsSoonAfterAWriteThatWasRefused) {
  Decision decision;
  decision.refused = {"Patch web-1.4.3-0123abcd: exceeded quota"};
  EXPECT_EQ(next(decision), kNow + minutes(5));
}

TEST(ALook, IsDueForASpecThatWasNotLookedForAndWhenItsTimeHasCome) {
  auto policy = given::policy();
  policy.metadata.generation = 2;
  EXPECT_LE(due_time(policy, false), kNow);
  policy.status.discovery = api::DiscoveryStatus{kNow, kNow + hours(1), {}};
  policy.status.conditions = {{"UpdatesDiscovered", "True", "Found", "", 2, {}}};
  EXPECT_EQ(due_time(policy, false), kNow + hours(1));
  policy.metadata.generation = 3;
  EXPECT_LE(due_time(policy, false), kNow);
}

TEST(ALook, IsDueForANewRepositoryButNoMoreThanOnceAMinute) {
  auto policy = given::policy();
  policy.status.discovery = api::DiscoveryStatus{kNow, kNow + hours(1), {}};
  policy.status.conditions = {{"UpdatesDiscovered", "True", "Found", "", policy.metadata.generation, {}}};
  EXPECT_EQ(due_time(policy, true), kNow + minutes(1));
}

TEST(TheCondition, NamesThePatchThatTheApiServerRefused) {
  Decision decision;
  decision.refused = {"Patch web-1.4.3-0123abcd: exceeded quota"};
  const auto condition = condition_of(decision, 1);
  EXPECT_EQ(condition.status, "False");
  EXPECT_EQ(condition.reason, "WriteRefused");
  EXPECT_THAT(condition.message, ::testing::StartsWith("Patch web-1.4.3-0123abcd: exceeded quota"));
}

TEST(TheCondition, NamesWhatWasFoundAndWhatIsHeldBackUntilWhen) {
  auto decision = held_back(kNow + hours(1));
  decision.standing = {"web-1.4.2-0123abcd"};
  const auto condition = condition_of(decision, 2);
  EXPECT_EQ(condition.status, "True");
  EXPECT_EQ(condition.reason, "Found");
  EXPECT_THAT(condition.message, HasSubstr("2 images looked at; found: web-1.4.2-0123abcd"));
  EXPECT_THAT(condition.message, HasSubstr("registry.example.com/shop/web:1.4.3 until 2026-"));
}

TEST(TheCondition, NamesTheRegistryThatDidNotAnswerFirst) {
  const auto condition = condition_of(failed(), 1);
  EXPECT_EQ(condition.status, "False");
  EXPECT_EQ(condition.reason, "RegistryUnavailable");
  EXPECT_THAT(condition.message, ::testing::StartsWith("registry.example.com/shop/web: the registry"));
}

}  // namespace
}  // namespace patchwave::discovery
