#include "controllers/intel/epss.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace patchwave::intel {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Date kToday = 2024y / 9 / 30;

risk::CveId cve(std::string_view text) {
  return risk::parse_cve(text).value();
}

/// What the files say on the day; knots put a score of 0.001 in place 1 and one of 0.1 in place 3, of v3 and
/// v4.
ByCve<EpssEntry> read(const std::vector<std::string>& texts, Date as_of = kToday) {
  risk::ThreatModel model;
  model.epss_places[3] = model.epss_places[4] = {{0.001, 1}, {0.1, 3}};
  std::vector<Date> dates;
  for (const auto& text : texts) {
    const auto found = epss_dates(text).value();
    dates.insert(dates.end(), found.begin(), found.end());
  }
  const auto days = choose_epss_days(dates, as_of);
  std::vector<EpssTable> tables;
  for (const auto& text : texts) tables.push_back(parse_epss(text, days.value_or(EpssDays{}), as_of).value());
  return merge_epss(std::move(tables), model);
}

double logit(double p) {
  return std::log(p / (1 - p));
}

TEST(Epss, OfOneDayHasItsDateFromTheCommentAndItsPlaceFromThePercentile) {
  const auto feed =
      read({"#model_version:v2023.03.01,score_date:2024-09-29T00:00:00+0000\n"
            "cve,epss,percentile\nCVE-2024-3094,0.5,0.97\n"});
  const auto* entry = feed.find(cve("CVE-2024-3094"));
  ASSERT_NE(entry, nullptr);
  EXPECT_FLOAT_EQ(static_cast<float>(entry->epss.score), 0.5F);
  EXPECT_EQ(entry->epss.date, Date(2024y / 9 / 29));
  EXPECT_NEAR(entry->epss.place, -std::log(0.03), 1e-6);
  EXPECT_EQ(entry->epss.trend, std::nullopt);
  EXPECT_EQ(entry->first, std::nullopt) << "nothing tells whether it was scored before";
}

TEST(Epss, OfAMatrixHasTheNewestScoreATrendAndTheFirstDay) {
  const auto feed =
      read({"cve,2024-08-04,2024-09-01,2024-09-29,2024-10-06\n"
            "CVE-2024-1111,0.001,0.002,0.004,0.9\n"
            "CVE-2024-2222,,,0.1,0.2\n"
            "CVE-2024-3333,,,,0.2\n"});
  const auto* old = feed.find(cve("CVE-2024-1111"));
  ASSERT_NE(old, nullptr);
  EXPECT_FLOAT_EQ(static_cast<float>(old->epss.score), 0.004F) << "October has not come yet";
  EXPECT_NEAR(old->epss.trend.value(), logit(0.004) - logit(0.002), 1e-5);
  EXPECT_EQ(old->first, std::nullopt) << "scored on the first day of all: since when is not known";
  const auto* fresh = feed.find(cve("CVE-2024-2222"));
  ASSERT_NE(fresh, nullptr);
  EXPECT_EQ(fresh->first, Date(2024y / 9 / 29));
  EXPECT_EQ(fresh->epss.trend, std::nullopt);
  EXPECT_EQ(feed.find(cve("CVE-2024-3333")), nullptr);
}

TEST(Epss, OfAMatrixOfWeeksRepeatsAndSkips) {
  const auto feed = read({"cve,2024-09-08,2024-09-15,2024-09-22,2024-09-29\nCVE-2024-1111,,.01,-,=\n"});
  const auto* entry = feed.find(cve("CVE-2024-1111"));
  ASSERT_NE(entry, nullptr);
  EXPECT_FLOAT_EQ(static_cast<float>(entry->epss.score), 0.01F);
  EXPECT_EQ(entry->epss.date, Date(2024y / 9 / 29));
  EXPECT_EQ(entry->first, Date(2024y / 9 / 15));
}

TEST(Epss, BridgesASnapshotThatIsMissingButNoLongerThanTwoMonths) {
  const std::string matrix =
      "cve,2024-06-02,2024-07-07,2024-08-04,2024-09-01\nCVE-2020-1111,,.01,,\nCVE-2020-2222,.01,,,\n";
  const auto feed = read({matrix});
  EXPECT_NE(feed.find(cve("CVE-2020-1111")), nullptr);
  EXPECT_EQ(feed.find(cve("CVE-2020-2222")), nullptr);
}

TEST(Epss, ComparesNoScoresOfDifferentVersions) {
  const std::string matrix = "cve,2025-03-09,2025-04-06,2025-05-04\nCVE-2020-1111,.01,.02,.04\n";
  EXPECT_EQ(read({matrix}, 2025y / 4 / 10).find(cve("CVE-2020-1111"))->epss.trend, std::nullopt);
  EXPECT_TRUE(read({matrix}, 2025y / 5 / 10).find(cve("CVE-2020-1111"))->epss.trend);
}

TEST(Epss, OfManyScoresHasThePlaceOfItsRank) {
  std::string text = "cve,2024-09-29\n";
  for (int i = 1; i <= 20'000; ++i) text += fmt::format("CVE-2020-{},{:.6f}\n", 10'000 + i, i / 20'001.0);
  const auto feed = read({text});
  // Half of one and 5,000 are above; half of one for the highest.
  EXPECT_NEAR(feed.find(cve("CVE-2020-25000"))->epss.place, -std::log(5'000.5 / 20'000), 1e-9);
  EXPECT_NEAR(feed.find(cve("CVE-2020-30000"))->epss.place, -std::log(0.5 / 20'000), 1e-9);
}

TEST(Epss, OfFewScoresWithoutPercentilesHasThePlaceThatTheModelKnows) {
  EXPECT_NEAR(read({"cve,2024-09-29\nCVE-2020-1111,0.01\n"}).find(cve("CVE-2020-1111"))->epss.place, 2, 1e-6);
}

TEST(Epss, OfSeveralFilesIsPutTogether) {
  const std::string august = "#score_date:2024-08-30\ncve,epss,percentile\nCVE-2020-1111,0.01,0.5\n";
  const std::string september = "#score_date:2024-09-29\ncve,epss,percentile\nCVE-2020-1111,0.02,0.6\n";
  for (const auto& texts : {std::vector{august, september}, std::vector{september, august}}) {
    const auto feed = read(texts);
    const auto* entry = feed.find(cve("CVE-2020-1111"));
    ASSERT_NE(entry, nullptr);
    EXPECT_FLOAT_EQ(static_cast<float>(entry->epss.score), 0.02F);
    EXPECT_NEAR(entry->epss.trend.value(), logit(0.02) - logit(0.01), 1e-4);
  }
}

TEST(Epss, SetsBadRowsAsideWithLineAndReason) {
  const std::string text = "cve,2024-09-29\nnonsense,0.1\nCVE-2024-1111,1.5\nCVE-2024-2222,0.1\n";
  const auto table = parse_epss(text, {Date(2024y / 9 / 29), std::nullopt}, kToday).value();
  EXPECT_EQ(table.rows.size(), 1);
  ASSERT_EQ(table.set_aside.count, 2);
  EXPECT_EQ(table.set_aside.rows[0].line, 2);
  EXPECT_THAT(table.set_aside.rows[0].reason, HasSubstr("cve is 'nonsense'"));
  EXPECT_EQ(table.set_aside.rows[1].line, 3);
  EXPECT_THAT(table.set_aside.rows[1].reason, HasSubstr("the score of 2024-09-29 is '1.5'"));
}

TEST(Epss, IsRefusedWithoutADay) {
  EXPECT_THAT(epss_dates("cve,epss,percentile\nCVE-2024-1111,0.1,0.5\n").error().message,
              HasSubstr("a comment with score_date must come before it"));
  EXPECT_THAT(epss_dates("#model_version:v1\ncve,epss\n").error().message, HasSubstr("no score_date"));
  EXPECT_FALSE(epss_dates(""));
  EXPECT_THAT(epss_dates("cve,2024-02-01,2024-01-01\n").error().message, HasSubstr("must ascend"));
}

TEST(EpssDays, AreTheNewestAndAboutAMonthBefore) {
  const auto days = choose_epss_days({Date(2024y / 7 / 7), Date(2024y / 8 / 4), Date(2024y / 8 / 25),
                                      Date(2024y / 9 / 1), Date(2024y / 9 / 29), Date(2024y / 10 / 6)},
                                     kToday);
  ASSERT_TRUE(days);
  EXPECT_EQ(days->latest, Date(2024y / 9 / 29));
  EXPECT_EQ(days->earlier, Date(2024y / 9 / 1));
  EXPECT_EQ(choose_epss_days({Date(2024y / 10 / 6)}, kToday), std::nullopt);
}

}  // namespace
}  // namespace patchwave::intel
