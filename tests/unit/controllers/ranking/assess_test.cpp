#include "controllers/ranking/assess.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/ranking/given.hpp"

namespace patchwave::ranking {
namespace {

using namespace std::chrono_literals;
using given::assess;
using given::circumstances;
using given::Feeds;
using testing::AllOf;
using testing::HasSubstr;

std::string deadline_of(const AssessedPatch& assessed) {
  return assessed.report.deadline ? format_time(*assessed.report.deadline) : "none";
}
std::string class_of(const AssessedPatch& assessed) {
  return assessed.report.risk->deadline_class;
}

TEST(APatch, IsDueAsManyDaysAfterItWasThereAsItsClassAllows) {
  const auto assessed = assess(given::patch(), Feeds().epss().kev());
  EXPECT_EQ(class_of(assessed), "60 days");
  EXPECT_EQ(deadline_of(assessed), "2026-12-31T00:00:00Z");
  EXPECT_EQ(assessed.report.risk->finding, "CVE-2026-0001");
  EXPECT_EQ(assessed.report.condition.status, "True");
  EXPECT_EQ(assessed.report.condition.reason, "Assessed");
}

TEST(APatch, WithWhatIsExploitedIsDueAfterThatWasKnown) {
  const auto assessed = assess(given::patch(), Feeds().epss().kev({"CVE-2026-0001"}, "2026-11-25"));
  EXPECT_EQ(class_of(assessed), "14 days");
  EXPECT_EQ(deadline_of(assessed), "2026-12-09T00:00:00Z");
  EXPECT_THAT(assessed.report.risk->reason, HasSubstr("CVE-2026-0001: known exploited since 2026-11-25"));
}

TEST(APatch, WithWhatWasExploitedBeforeItWasThereIsDueAfterItWasThere) {
  const auto assessed = assess(given::patch(), Feeds().epss().kev({"CVE-2026-0001"}, "2026-06-01"));
  EXPECT_EQ(deadline_of(assessed), "2026-11-15T00:00:00Z");
}

TEST(ADeadline, IsNeverPutOffByExploitation) {
  auto patch = given::patch();
  patch.metadata.creation_time = *parse_time("2026-09-30T00:00:00Z");
  const auto before = assess(patch, Feeds().epss().kev());
  const auto after = assess(patch, Feeds().epss().kev({"CVE-2026-0001"}, "2026-11-25"));
  EXPECT_EQ(deadline_of(before), "2026-11-29T00:00:00Z");
  EXPECT_EQ(class_of(after), "14 days");
  EXPECT_EQ(deadline_of(after), "2026-11-29T00:00:00Z");
}

TEST(APatch, IsDueWhenTheFirstOfItsFindingsIs) {
  const auto assessed = assess(given::patch({"CVE-2026-0002", "CVE-2026-0001"}),
                               Feeds().epss().kev({"CVE-2026-0001"}, "2026-11-25"));
  EXPECT_EQ(deadline_of(assessed), "2026-12-09T00:00:00Z");
  EXPECT_EQ(assessed.report.risk->finding, "CVE-2026-0001");
  EXPECT_EQ(assessed.report.risk->findings, 2);
  EXPECT_THAT(given::factor(assessed, "otherFindings").source, HasSubstr("1 more"));
  EXPECT_EQ(assessed.findings.at(risk::DeadlineClass::SixtyDays), 1U);
  EXPECT_EQ(assessed.findings.at(risk::DeadlineClass::FourteenDays), 1U);
}

TEST(APatch, OfAClassWithoutDaysHasNoDeadline) {
  const auto assessed =
      assess(given::patch(), Feeds().epss().kev(), circumstances(risk::SystemExposure::Small));
  EXPECT_EQ(class_of(assessed), "fix on system upgrade");
  EXPECT_EQ(deadline_of(assessed), "none");
}

TEST(AFactor, NamesTheFeedThatWasAskedAlsoWhereItHasNothing) {
  const auto assessed = assess(given::patch(), Feeds().epss().kev());
  EXPECT_EQ(given::factor(assessed, "knownExploited").source, "not in KEV (kev 2026.11.25)");
  EXPECT_THAT(given::factor(assessed, "epss").source,
              AllOf(HasSubstr("EPSS v4 0.01 of 2026-11-25"), HasSubstr("(epss v4 of 2026-11-25)")));
  EXPECT_THAT(given::factor(assessed, "exposure").source,
              HasSubstr("exposure open: Deployment shop/web: Service shop/web (LoadBalancer)"));
  EXPECT_THAT(given::factor(assessed, "impact").source,
              HasSubstr("criticality medium: Deployment shop/web: inferred"));
}

TEST(AFactor, OfAFeedThatIsNotThereSaysSo) {
  const auto assessed = assess(given::patch(), Feeds().epss().broken(1, "connection refused"));
  EXPECT_EQ(given::factor(assessed, "knownExploited").source, "not in KEV (kev was never read)");
}

TEST(AnAssessment, WithoutAFeedThatWasNeverReadSaysSoAndWhy) {
  const auto assessed = assess(given::patch(), Feeds().epss().broken(1, "connection refused"));
  EXPECT_EQ(assessed.report.condition.status, "False");
  EXPECT_EQ(assessed.report.condition.reason, "FeedAbsent");
  EXPECT_THAT(assessed.report.condition.message,
              AllOf(HasSubstr("kev was never read: connection refused"), HasSubstr("counts as not known")));
}

TEST(AnAssessment, FromBeforeStaysWhileAFeedIsNotThereAndItIsMorePressing) {
  auto patch = given::patch();
  const auto before = assess(patch, Feeds().epss().kev({"CVE-2026-0001"}, "2026-11-25"));
  patch.status.risk = before.report.risk;
  patch.status.deadline = before.report.deadline;
  const auto blind = assess(patch, Feeds().epss().broken(1, "connection refused"));
  EXPECT_EQ(blind.report.risk, before.report.risk);
  EXPECT_EQ(blind.report.deadline, before.report.deadline);
  EXPECT_THAT(blind.report.condition.message, HasSubstr("what was assessed before stays"));
  const auto seeing = assess(patch, Feeds().epss().kev());
  EXPECT_EQ(class_of(seeing), "60 days");
}

TEST(AnAssessment, FromBeforeGivesWayToAMorePressingOneAlsoWhileAFeedIsNotThere) {
  auto patch = given::patch();
  const auto before = assess(patch, Feeds().epss().kev());
  patch.status.risk = before.report.risk;
  patch.status.deadline = before.report.deadline;
  const auto after = assess(patch, Feeds().broken(0, "no answer").kev({"CVE-2026-0001"}, "2026-11-25"));
  EXPECT_EQ(class_of(after), "14 days");
}

TEST(AnAssessment, FromALastGoodReadingHoldsAndNamesTheFeedThatIsBroken) {
  const auto good = assess(given::patch(), Feeds().epss().kev());
  const auto assessed = assess(given::patch(), Feeds().epss().kev().broken(1, "no JSON"));
  EXPECT_EQ(assessed.report.risk, good.report.risk);
  EXPECT_EQ(assessed.report.condition.status, "True");
  EXPECT_EQ(assessed.report.condition.reason, "FeedBroken");
  EXPECT_THAT(assessed.report.condition.message,
              HasSubstr("kev could not be read: no JSON; its last good reading counts"));
}

TEST(AnAssessment, FromOldDataIsSaidToBe) {
  const auto assessed =
      assess(given::patch(), Feeds().epss().kev({"CVE-2020-0001"}, "2026-10-01", "2026.10.01"));
  EXPECT_EQ(assessed.report.condition.status, "False");
  EXPECT_EQ(assessed.report.condition.reason, "FeedStale");
  EXPECT_THAT(assessed.report.condition.message, HasSubstr("kev 2026.10.01, stale"));
}

TEST(APatch, ThatNamesNoVulnerabilityHasNoClassAndSaysSo) {
  const auto assessed = assess(given::patch({}), Feeds().epss().kev());
  EXPECT_EQ(class_of(assessed), "none");
  EXPECT_EQ(deadline_of(assessed), "none");
  EXPECT_EQ(assessed.report.condition.reason, "NoFixes");
}

TEST(ANameThatIsNoCve, CountsAsNotKnownRatherThanAsHarmless) {
  const auto assessed = assess(given::patch({"GHSA-xxxx-yyyy-zzzz"}), Feeds().epss().kev());
  EXPECT_EQ(class_of(assessed), "60 days");
  EXPECT_NE(assessed.report.risk->score, "0");
}

TEST(TheCounterfactual, IsWhatWouldMoveItMost) {
  const auto assessed = assess(given::patch(), Feeds().epss().kev());
  ASSERT_TRUE(assessed.report.risk->otherwise);
  EXPECT_EQ(assessed.report.risk->otherwise->change, "not exposed");
  EXPECT_EQ(assessed.report.risk->otherwise->deadline_class, "fix on system upgrade");
}

TEST(Patches, ComeInOrderOfClassThenScoreAndThoseThatAreEverywhereLast) {
  const auto feeds = Feeds().epss("CVE-2026-0001,0.01,0.7\nCVE-2026-0002,0.9,0.999\n").kev({"CVE-2026-0003"});
  auto everywhere = given::patch({"CVE-2026-0003"}, "everywhere");
  everywhere.status.phase = "Succeeded";
  std::vector<AssessedPatch> all = {assess(everywhere, feeds), assess(given::patch({}, "none"), feeds),
                                    assess(given::patch({"CVE-2026-0001"}, "seldom"), feeds),
                                    assess(given::patch({"CVE-2026-0003"}, "exploited"), feeds),
                                    assess(given::patch({"CVE-2026-0002"}, "likely"), feeds)};
  put_in_order(all);
  std::vector<std::string> names;
  for (const auto& each : all) names.push_back(each.key);
  EXPECT_THAT(names, testing::ElementsAre("shop/exploited", "shop/likely", "shop/seldom", "shop/none",
                                          "shop/everywhere"));
  EXPECT_EQ(all[1].report.risk->rank, 2);
}

}  // namespace
}  // namespace patchwave::ranking
