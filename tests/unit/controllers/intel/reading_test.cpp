#include "controllers/intel/reading.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::intel {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Date kToday = 2026y / 11 / 26;

Result<FeedReading> read(FeedKind kind, std::string_view text) {
  return read_feed(kind, text, risk::built_in_threat_model(), kToday);
}
std::string problem_of(FeedKind kind, std::string_view text) {
  const auto reading = read(kind, text);
  return reading ? "no error" : reading.error().message;
}
FeedSummary summary(std::size_t records, std::string version = "v4", Date date = kToday) {
  return {std::move(version), date, records, 0, 0};
}

TEST(AReading, OfEpssIsOfItsNewestDay) {
  const auto reading = read(FeedKind::Epss,
                            "#model_version:v2025.03.14,score_date:2026-11-25T00:00:00+0000\n"
                            "cve,epss,percentile\nCVE-2026-0001,0.5,0.99\nCVE-2026-0002,0.001,0.2\n");
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(reading->summary, summary(2, "v4", 2026y / 11 / 25));
  EXPECT_EQ(reading->summary.edition(), "v4 of 2026-11-25");
}

TEST(AReading, OfKevIsOfTheDayThatItsVersionSays) {
  const auto reading = read(FeedKind::Kev, R"({"catalogVersion": "2026.11.24", "vulnerabilities": [
      {"cveID": "CVE-2026-0001", "dateAdded": "2026-11-20"}]})");
  ASSERT_TRUE(reading) << reading.error().message;
  EXPECT_EQ(reading->summary.edition(), "2026.11.24");
  EXPECT_EQ(reading->summary.date, Date(2026y / 11 / 24));
  EXPECT_EQ(reading->summary.records, 1U);
}

TEST(AReading, OfSignalsAndOfVulnrichmentIsOfItsNewestRow) {
  const auto signals = read(FeedKind::Signals,
                            "cve,source,first_seen\nCVE-2026-0001,Metasploit,2026-11-02\n"
                            "CVE-2026-0002,PoC,2026-11-20\nCVE-2026-0003,PoC,2027-01-01\n");
  ASSERT_TRUE(signals);
  EXPECT_EQ(signals->summary.edition(), "of 2026-11-20");
  EXPECT_EQ(signals->summary.later, 1U);
  const auto vulnrichment = read(FeedKind::Vulnrichment, "cve,published\nCVE-2026-0001,2026-11-03\n");
  ASSERT_TRUE(vulnrichment);
  EXPECT_EQ(vulnrichment->summary.date, Date(2026y / 11 / 3));
}

TEST(AReading, OfAnotherDocumentIsRefused) {
  for (const auto kind : {FeedKind::Epss, FeedKind::Kev, FeedKind::Signals, FeedKind::Vulnrichment}) {
    EXPECT_FALSE(read(kind, "<html>504 Gateway Timeout</html>")) << to_string(kind);
    EXPECT_FALSE(read(kind, "")) << to_string(kind);
  }
}

TEST(AReading, WithoutARowThatCountsIsRefused) {
  EXPECT_THAT(problem_of(FeedKind::Kev, R"({"vulnerabilities": []})"), HasSubstr("no row that counts"));
  EXPECT_THAT(problem_of(FeedKind::Kev,
                         R"({"vulnerabilities": [{"cveID": "CVE-2026-0001", "dateAdded": "2027-01-01"}]})"),
              HasSubstr("no row that counts"));
}

TEST(AReading, WithMoreThanOneRowInTenUnreadableIsRefused) {
  std::string text = "cve,published\n";
  for (int i = 0; i < 27; ++i) text += fmt::format("CVE-2026-{:04},2026-01-01\n", i);
  text += "garbage,2026-01-01\ngarbage,2026-01-01\ngarbage,2026-01-01\n";
  EXPECT_TRUE(read(FeedKind::Vulnrichment, text));
  text += "garbage,2026-01-01\n";
  EXPECT_THAT(problem_of(FeedKind::Vulnrichment, text),
              HasSubstr("4 of 31 rows can't be read, the first in line 29"));
}

TEST(AReading, OfAKevThatIsFarTooLargeIsRefusedBeforeItIsParsed) {
  const auto reading = read(FeedKind::Kev, std::string(17 * 1024 * 1024, ' '));
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().kind, ErrorKind::TooLarge);
}

TEST(ALastGoodReading, IsNotReplacedByOneWithFewerThanHalfOfItsRows) {
  EXPECT_TRUE(may_replace(summary(1000), summary(500)));
  const auto refused = may_replace(summary(1000), summary(499));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("499 rows where the last good one has 1000"));
}

TEST(ALastGoodReading, IsNotReplacedByAnEarlierEdition) {
  EXPECT_TRUE(may_replace(summary(10), summary(10)));
  EXPECT_FALSE(may_replace(summary(10), summary(10, "v4", kToday - std::chrono::days(1))));
  // The newest row of a feed without a version may be taken back.
  EXPECT_TRUE(may_replace(summary(10, ""), summary(10, "", kToday - std::chrono::days(1))));
}

}  // namespace
}  // namespace patchwave::intel
