#include "controllers/discovery/decide.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/discovery/given.hpp"

namespace patchwave::discovery {
namespace {

using given::digest;
using given::kNow;
using given::kWeb;
using std::chrono::hours;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> tags_of(const std::vector<Proposal>& proposals) {
  std::vector<std::string> tags;
  for (const auto& proposal : proposals) tags.push_back(proposal.tag);
  return tags;
}

Decision decided(const Snapshot& snapshot, Time now = kNow) {
  auto decision = decide(snapshot, now);
  EXPECT_TRUE(decision);
  return decision.value_or(Decision{});
}

TEST(Discovery, ProposesTheLatestVersionThatCountsWithTheDigestOfItsTag) {
  const auto decision = decided(given::snapshot({"1.4.2"}, {"1.4.2", "1.4.4", "1.4.10", "1.5.0", "latest"}));
  ASSERT_THAT(tags_of(decision.propose), ElementsAre("1.4.10"));
  EXPECT_EQ(decision.propose[0].digest, digest("1.4.10"));
  EXPECT_THAT(decision.propose[0].from, ElementsAre("1.4.2"));
  EXPECT_THAT(decision.propose[0].because, HasSubstr("1.4.10 is the latest version that counts for 1.4.2"));
  EXPECT_THAT(decision.propose[0].name, ::testing::StartsWith("web-1.4.10-"));
}

TEST(Discovery, TakesTheSameOfTwoTagsThatAreEquallyNewInWhateverOrderTheyAreListed) {
  EXPECT_THAT(tags_of(decided(given::snapshot({"1.4.2"}, {"1.4.3", "1.4.03"})).propose),
              ElementsAre("1.4.03"));
  EXPECT_THAT(tags_of(decided(given::snapshot({"1.4.2"}, {"1.4.03", "1.4.3"})).propose),
              ElementsAre("1.4.03"));
}

TEST(Discovery, AsksForTheTagsFirstAndThenForTheLatestAlone) {
  auto snapshot = given::snapshot({"1.4.2"}, {});
  snapshot.answers.clear();
  EXPECT_THAT(decided(snapshot).ask, ElementsAre(Question{kWeb, ""}));
  snapshot.answers[kWeb].tags = {"1.4.3", "1.4.4"};
  EXPECT_THAT(decided(snapshot).ask, ElementsAre(Question{kWeb, "1.4.4"}));
}

TEST(Discovery, HoldsBackWhatIsTooYoungSaysUntilWhenAndTakesTheNextOlder) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3", "1.4.4"});
  snapshot.answers[kWeb].releases["1.4.4"]->made = kNow - hours(1);
  const auto decision = decided(snapshot);
  EXPECT_THAT(tags_of(decision.propose), ElementsAre("1.4.3"));
  ASSERT_EQ(decision.held_back.size(), 1U);
  EXPECT_EQ(decision.held_back[0].tag, "1.4.4");
  EXPECT_EQ(decision.held_back[0].until_time, kNow + hours(23));
}

TEST(Discovery, CountsTheAgeFromTheFirstSightWhereTheImageSaysNoneOrOneToCome) {
  for (const auto made : {std::optional<Time>(), std::optional<Time>(kNow + hours(1000))}) {
    auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3"});
    snapshot.answers[kWeb].releases["1.4.3"]->made = made;
    given::carry_out(snapshot, decided(snapshot));
    EXPECT_THAT(decided(snapshot, kNow + hours(23)).propose, IsEmpty());
    EXPECT_THAT(tags_of(decided(snapshot, kNow + hours(24)).propose), ElementsAre("1.4.3"));
  }
}

TEST(Discovery, BeginsToCountAnewWhenAHeldBackTagIsPushedAgain) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3"});
  snapshot.answers[kWeb].releases["1.4.3"]->made = std::nullopt;
  given::carry_out(snapshot, decided(snapshot));
  snapshot.answers[kWeb].releases["1.4.3"]->digest = digest("other");
  const auto later = decided(snapshot, kNow + hours(24));
  EXPECT_THAT(later.propose, IsEmpty());
  EXPECT_EQ(later.held_back.at(0).until_time, kNow + hours(48));
}

TEST(Discovery, GivesEachLineThatRunsItsOwnVersion) {
  const auto decision = decided(given::snapshot({"1.3.9", "1.4.1", "1.4.2"}, {"1.3.10", "1.4.3"}));
  ASSERT_EQ(decision.propose.size(), 2U);
  std::map<std::string, std::set<std::string>> from;
  for (const auto& proposal : decision.propose) from[proposal.tag] = proposal.from;
  EXPECT_THAT(from["1.3.10"], ElementsAre("1.3.9"));
  EXPECT_THAT(from["1.4.3"], ElementsAre("1.4.1", "1.4.2"));
}

TEST(Discovery, WithdrawsWhatANewerVersionReplacesUnlessItHasBegun) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3"});
  given::carry_out(snapshot, decided(snapshot));
  snapshot.answers[kWeb] = given::answers({"1.4.3", "1.4.4"});
  const auto decision = decided(snapshot);
  EXPECT_THAT(tags_of(decision.propose), ElementsAre("1.4.4"));
  ASSERT_EQ(decision.withdraw.size(), 1U);
  EXPECT_EQ(decision.withdraw[0].name, snapshot.patches[0].metadata.name);
  snapshot.begun.insert(snapshot.patches[0].metadata.name);
  EXPECT_THAT(decided(snapshot).withdraw, IsEmpty());
}

TEST(Discovery, LeavesAloneWhatPeopleWroteAndProposesItNotTwice) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3"});
  api::Patch by_hand;
  by_hand.metadata.name = "by-hand";
  by_hand.spec.image = kWeb;
  by_hand.spec.tag = "1.4.3";
  snapshot.patches = {by_hand};
  const auto decision = decided(snapshot);
  EXPECT_THAT(decision.propose, IsEmpty());
  EXPECT_THAT(decision.standing, ElementsAre("by-hand"));
  snapshot.answers[kWeb] = given::answers({"1.4.4"});
  EXPECT_THAT(decided(snapshot).withdraw, IsEmpty());
}

TEST(Discovery, LeavesACopyThatSomebodyMadeOfAFoundPatchThoughItHasTheLabel) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3"});
  given::carry_out(snapshot, decided(snapshot));
  snapshot.patches[0].metadata.owner_references = Json::array();
  snapshot.answers[kWeb] = given::answers({"1.4.4"});
  EXPECT_THAT(decided(snapshot).withdraw, IsEmpty());
}

TEST(Discovery, FindsAnewWhatAPolicyOfTheSameNameThatIsGoneHadFound) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3"});
  given::carry_out(snapshot, decided(snapshot));
  EXPECT_THAT(decided(snapshot).propose, IsEmpty());
  snapshot.patches[0].metadata.owner_references = {{{"uid", "of-the-one-before"}, {"controller", true}}};
  EXPECT_THAT(tags_of(decided(snapshot).propose), ElementsAre("1.4.3"));
}

TEST(Discovery, PassesOverADigestInQuarantine) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3", "1.4.4"});
  api::Patch harmful;
  harmful.metadata.name = "harmful";
  harmful.spec.image = kWeb;
  harmful.spec.tag = "1.4.4";
  harmful.status.quarantine = api::Quarantine{digest("1.4.4"), "", "", {}};
  snapshot.patches = {harmful};
  EXPECT_THAT(tags_of(decided(snapshot).propose), ElementsAre("1.4.3"));
}

TEST(Discovery, ChangesNothingOfARepositoryWhoseRegistryDoesNotAnswer) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3", "1.4.4"});
  snapshot.answers[kWeb].releases["1.4.4"]->made = kNow;
  given::carry_out(snapshot, decided(snapshot));
  snapshot.answers[kWeb] = Answers{{}, {}, kWeb + ": the registry answered 503"};
  const auto decision = decided(snapshot);
  EXPECT_THAT(decision.problems, ElementsAre(kWeb + ": the registry answered 503"));
  EXPECT_THAT(decision.withdraw, IsEmpty());
  EXPECT_THAT(decision.propose, IsEmpty());
  EXPECT_EQ(decision.held_back, snapshot.policy.status.discovery->held_back);
}

TEST(Discovery, LooksAtTheNextOlderTagWhereOneIsGone) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.3", "1.4.4"});
  snapshot.answers[kWeb].releases["1.4.4"] = std::nullopt;
  EXPECT_THAT(tags_of(decided(snapshot).propose), ElementsAre("1.4.3"));
}

TEST(Discovery, FindsThatATagNamesAnotherImageThanTheOneThatRuns) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.2"}, given::policy(api::UpdateScope::Digest));
  snapshot.running[0].digests = {digest("old")};
  const auto decision = decided(snapshot);
  ASSERT_THAT(tags_of(decision.propose), ElementsAre("1.4.2"));
  EXPECT_EQ(decision.propose[0].digest, digest("1.4.2"));
  snapshot.running[0].digests = {digest("1.4.2")};
  EXPECT_THAT(decided(snapshot).propose, IsEmpty());
}

TEST(Discovery, KnowsAnImageThatRunsByThePartOfItsIndex) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.2"}, given::policy(api::UpdateScope::Digest));
  snapshot.answers[kWeb].releases["1.4.2"]->platform_digests = {digest("amd64")};
  snapshot.running[0].digests = {digest("amd64")};
  EXPECT_THAT(decided(snapshot).propose, IsEmpty());
}

TEST(Discovery, SaysNothingOfARebuildWhereItIsNotKnownWhatRuns) {
  auto snapshot = given::snapshot({"1.4.2"}, {"1.4.2"}, given::policy(api::UpdateScope::Digest));
  snapshot.answers.clear();
  EXPECT_THAT(decided(snapshot).ask, IsEmpty());
}

TEST(Discovery, DoesNotAskForNoneNorForWhatHasNoTag) {
  auto snapshot = given::snapshot({"1.4.2"}, {}, given::policy(api::UpdateScope::None));
  snapshot.answers.clear();
  EXPECT_THAT(decided(snapshot).ask, IsEmpty());
  snapshot.policy = given::policy();
  snapshot.running = {{kWeb, "", {digest("a")}}};
  EXPECT_THAT(decided(snapshot).ask, IsEmpty());
}

TEST(APatchName, IsANameOfAnObjectAndTellsPoliciesAndDigestsApart) {
  const auto policy = given::policy();
  const auto name = patch_name(policy, "docker.io/team/my__web", "V1.4._RC-", digest("a"));
  EXPECT_THAT(name, ::testing::MatchesRegex("my-web-v1[.]4[.]rc-[0-9a-f]{8}"));
  EXPECT_NE(name, patch_name(policy, "docker.io/team/my__web", "V1.4._RC-", digest("b")));
  auto other = policy;
  other.metadata.name = "other";
  EXPECT_NE(name, patch_name(other, "docker.io/team/my__web", "V1.4._RC-", digest("a")));
}

}  // namespace
}  // namespace patchwave::discovery
