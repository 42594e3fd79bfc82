#include "controllers/intel/patch_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/intel/known_issues.hpp"

namespace patchwave::intel {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr Date kToday = 2024y / 7 / 31;

TEST(PatchList, ReadsColumnsByTheirNamesAndKeepsTheOthers) {
  const auto list = parse_patch_list(
      "Ticket,affected_systems,asset_group,cve,patch_id,vendor,product,ssvc_exploitation,detected,kev\n"
      "T-7,9,web,CVE-2024-1111,P1,Acme,Gate,poc,2024-07-20,1\n",
      kToday);
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_THAT(list->rows, SizeIs(1));
  const PatchRow& row = list->rows[0];
  EXPECT_EQ(row.name, "P1");
  EXPECT_EQ(row.group, "web");
  EXPECT_EQ(row.affected, 9);
  EXPECT_EQ(row.product, "Gate");
  EXPECT_EQ(row.detected, 2024y / 7 / 20);
  EXPECT_EQ(row.finding.finding.vulnerability.signals.proof_of_concept, kToday) << "known by then";
  EXPECT_EQ(row.finding.finding.vulnerability.kev->added, kToday);
  EXPECT_THAT(row.other, ElementsAre(Pair("Ticket", "T-7")));
  EXPECT_THAT(list->missing_columns, AllOf(Contains("epss"), Contains("cvss_vector")));
  EXPECT_THAT(list->set_aside.rows, IsEmpty());
}

TEST(PatchList, NamesEveryColumnItLacks) {
  const auto list = parse_patch_list("patch_id,cve\nP1,CVE-2024-1111\n", kToday);
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().message, "the header lacks the columns asset_group, affected_systems");
  EXPECT_EQ(parse_patch_list("", kToday).error().message, "there is no header");
}

TEST(PatchList, NamesRowsThatItLeavesOutAndValuesThatCountAsMissing) {
  const auto list = parse_patch_list(
      "patch_id,cve,asset_group,affected_systems,ssvc_exploitation\n"
      "P1,CVE-2024-1111,web,many,none\n"
      ",CVE-2024-1112,web,1,none\n"
      "P3,CVE-2024-1113,web,1,rumours\n",
      kToday);
  ASSERT_TRUE(list);
  ASSERT_THAT(list->rows, SizeIs(2));
  EXPECT_EQ(list->rows[0].affected, 0);
  ASSERT_THAT(list->set_aside.rows, SizeIs(3));
  EXPECT_EQ(list->set_aside.rows[0].line, 2);
  EXPECT_THAT(list->set_aside.rows[0].reason,
              HasSubstr("affected_systems is 'many', must be a number from 1"));
  EXPECT_EQ(list->set_aside.rows[1].reason, "the row has no patch_id and is left out");
  EXPECT_THAT(list->set_aside.rows[2].reason, HasSubstr("ssvc_exploitation is 'rumours'"));
}

TEST(PatchList, KeepsOneRowOfAPatchThatIsThereTwiceWhateverTheirOrder) {
  const std::string header = "patch_id,cve,asset_group,affected_systems\n";
  const std::string one = "P1,CVE-2024-1111,web,3\n";
  const std::string other = "P1,CVE-2024-1111,web,7\n";
  for (const auto& text : {header + one + other, header + other + one}) {
    const auto list = parse_patch_list(text, kToday);
    ASSERT_TRUE(list);
    ASSERT_THAT(list->rows, SizeIs(1));
    EXPECT_EQ(list->rows[0].affected, 7);
    EXPECT_EQ(list->set_aside.count, 1);
  }
}

TEST(KnownIssues, BelongToWhatAllTheirNamesMatch) {
  const auto issues =
      parse_known_issues(R"([{"patch": "P1", "issue": "one"}, {"product": "gate", "issue": "two"},
      {"product": "Gate", "vendor": "Other", "issue": "three"}, {"cve": "CVE-2024-1111", "issue": "four"},
      {"issue": "nobody's"}, {"patch": "P1"}])");
  ASSERT_TRUE(issues) << issues.error().message;
  EXPECT_THAT(issues->entries, SizeIs(4));
  ASSERT_THAT(issues->set_aside.rows, SizeIs(2));
  EXPECT_EQ(issues->set_aside.rows[0].line, 5);
  PatchRow row;
  row.name = "P1";
  row.vendor = "Acme";
  row.product = "Gate";
  row.finding.id = "CVE-2024-1111";
  EXPECT_EQ(issues_of(*issues, row), "one; two; four");
  EXPECT_EQ(issues_of(*issues, PatchRow()), "");
}

TEST(KnownIssues, AreAListOrAnObjectWithOne) {
  EXPECT_TRUE(parse_known_issues(R"({"knownIssues": [{"patch": "P1", "issue": "one"}]})"));
  EXPECT_EQ(parse_known_issues(R"({"issues": []})").error().kind, ErrorKind::Invalid);
  EXPECT_EQ(parse_known_issues("not JSON").error().kind, ErrorKind::Protocol);
}

}  // namespace
}  // namespace patchwave::intel
