#include "controllers/judge/scrapes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::judge {
namespace {

using testing::HasSubstr;

constexpr Time kReady{std::chrono::hours(24 * 365 * 56)};
constexpr milliseconds kDelay{30'000};

Series scraped(const std::string& pod, double times) {
  return {{{"pod", pod}}, {{kReady, times}}};
}

/// `after`: how long after every copy was ready the span that was judged begins.
ScrapeEvidence evidence(std::vector<Series> scrapes, seconds after) {
  return {{kReady, kReady + after},
          {QueryEvidence::State::Answered, "", std::move(scrapes)},
          false,
          {"web-new"},
          {"web-old"}};
}

Finding after(const ScrapeEvidence& seen) {
  return after_scrapes({Verdict::Pass, Absence::None, "all is well", "", std::nullopt}, seen, kDelay);
}

TEST(AfterScrapes, APassStandsOnceEachPatchedPodWasScrapedTwice) {
  const auto finding = after(evidence({scraped("web-old", 5), scraped("web-new", 2)}, seconds(5)));
  EXPECT_EQ(finding.verdict, Verdict::Pass);
  EXPECT_EQ(finding.message, "all is well");
}

TEST(AfterScrapes, APatchedPodThatWasScrapedOnceHasNoRateYet) {
  const auto finding = after(evidence({scraped("web-old", 5), scraped("web-new", 1)}, seconds(5)));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::None);
  EXPECT_THAT(finding.message, HasSubstr("pod web-new 2 times"));
}

TEST(AfterScrapes, APatchedPodThatIsNotScrapedWhileOthersAreIsNoDataInTheEnd) {
  const auto scrapes = {scraped("web-old", 5)};
  EXPECT_EQ(after(evidence(scrapes, seconds(29))).absence, Absence::None);
  const auto finding = after(evidence(scrapes, seconds(30)));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::NoData);
}

TEST(AfterScrapes, AScrapeThatFailedDoesNotCount) {
  EXPECT_EQ(after(evidence({scraped("web-old", 5), scraped("web-new", 0)}, seconds(60))).verdict,
            Verdict::Undecided);
}

TEST(AfterScrapes, AWorkloadThatIsMeasuredElsewhereIsGivenTheDelay) {
  EXPECT_EQ(after(evidence({}, seconds(29))).verdict, Verdict::Undecided);
  EXPECT_EQ(after(evidence({}, seconds(30))).verdict, Verdict::Pass);
}

TEST(AfterScrapes, AWorkloadThatIsScrapedSeldomIsNotMeasuredElsewhere) {
  auto seen = evidence({}, seconds(45));
  seen.scraped_lately = true;
  const auto finding = after(seen);
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_THAT(finding.message, HasSubstr("web-new"));
}

TEST(AfterScrapes, PodsOfOtherWorkloadsDoNotMakeThisOneScraped) {
  EXPECT_EQ(after(evidence({scraped("web-admin-1", 9)}, seconds(30))).verdict, Verdict::Pass);
}

TEST(AfterScrapes, AnUnansweredQuestionIsAnOutageOfTelemetry) {
  ScrapeEvidence seen = evidence({}, seconds(60));
  seen.scrapes = {QueryEvidence::State::Unreachable, "connection refused", {}};
  const auto finding = after(seen);
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::TelemetryUnavailable);
  EXPECT_THAT(finding.message, HasSubstr("connection refused"));
}

}  // namespace
}  // namespace patchwave::judge
