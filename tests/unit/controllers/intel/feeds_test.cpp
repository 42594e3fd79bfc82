#include "controllers/intel/feeds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::intel {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Date kToday = 2024y / 9 / 30;

risk::CveId cve(std::string_view text) {
  return risk::parse_cve(text).value();
}

TEST(Kev, KnowsWhatWasAddedByTheDay) {
  const auto feed = parse_kev(R"({"catalogVersion": "2024.10.01", "vulnerabilities": [
      {"cveID": "CVE-2024-1111", "dateAdded": "2024-09-30", "knownRansomwareCampaignUse": "Known"},
      {"cveID": "CVE-2024-2222", "dateAdded": "2024-10-01"},
      {"cveID": "CVE-2024-3333", "dateAdded": "soon"},
      {"dateAdded": "2024-09-30"}, 7]})",
                              kToday)
                        .value();
  ASSERT_EQ(feed.entries.size(), 1);
  EXPECT_EQ(feed.version, "2024.10.01");
  EXPECT_TRUE(feed.entries.find(cve("CVE-2024-1111"))->kev.ransomware);
  EXPECT_EQ(feed.later, 1);
  EXPECT_EQ(feed.set_aside.count, 3);
  EXPECT_THAT(feed.set_aside.rows[0].reason, HasSubstr("CVE-2024-3333: dateAdded: 'soon' is not a date"));
}

TEST(Kev, IsRefusedWhenItIsSomethingElse) {
  EXPECT_THAT(parse_kev("{}", kToday).error().message, HasSubstr("vulnerabilities is missing"));
  EXPECT_FALSE(parse_kev("cve,dateAdded\n", kToday));
}

TEST(Signals, AreToldApartByTheirSource) {
  const auto feed =
      parse_signals(
          "cve,source,first_seen\nCVE-2024-1111,Metasploit,2024-01-02\nCVE-2024-1111,Nuclei,2024-01-03\n"
          "CVE-2024-1111,EPSS,2024-01-01\nCVE-2024-1111,Rumour,2024-01-01\nCVE-2024-2222,Nuclei,2024-10-01\n",
          kToday)
          .value();
  EXPECT_EQ(feed.rows.size(), 2);
  EXPECT_TRUE(feed.lists.metasploit && feed.lists.nuclei);
  EXPECT_FALSE(feed.lists.proof_of_concept || feed.lists.in_the_wild);
  EXPECT_EQ(feed.other, 1);
  EXPECT_EQ(feed.later, 1);
  ASSERT_EQ(feed.set_aside.count, 1);
  EXPECT_EQ(feed.set_aside.rows[0].line, 5);
  EXPECT_THAT(feed.set_aside.rows[0].reason, HasSubstr("source is 'Rumour'"));
  const auto merged = merge_signals({feed});
  const auto& signals = merged.find(cve("CVE-2024-1111"))->signals;
  EXPECT_EQ(signals.metasploit, Date(2024y / 1 / 2));
  EXPECT_EQ(signals.nuclei, Date(2024y / 1 / 3));
}

TEST(Signals, WithoutASourceAreToldApartByTheColumnOfTheirDay) {
  const auto code = parse_signals("cve,first_seen\nCVE-2024-1111,2024-01-02\n", kToday).value();
  const auto attacks =
      parse_signals("cve,first_report\nCVE-2024-1111,2024-02-02\nCVE-2024-1111,2024-01-05\n", kToday).value();
  const auto merged = merge_signals({code, attacks});
  EXPECT_EQ(merged.entries().front().signals.proof_of_concept, Date(2024y / 1 / 2));
  EXPECT_EQ(merged.entries().front().signals.in_the_wild, Date(2024y / 1 / 5)) << "the earliest day counts";
}

TEST(Signals, NameTheColumnThatIsMissing) {
  EXPECT_THAT(parse_signals("id,date\n", kToday).error().message,
              HasSubstr("no column first_seen or first_report"));
  EXPECT_THAT(parse_signals("name,first_seen\n", kToday).error().message, HasSubstr("no column cve"));
}

TEST(Vulnrichment, NeverTellsWhatWasWrittenAfterwards) {
  const auto feed = parse_vulnrichment(
                        "cve,published,cvss,vector,ssvc_exploitation,ssvc_automatable,ssvc_technical_impact,"
                        "ssvc_date,kev_date_added\n"
                        "CVE-2024-1111,2024-08-01,9.8,CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/"
                        "A:H,active,yes,total,2024-09-01,2024-09-01\n"
                        "CVE-2024-2222,2024-08-01,7.0,CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/"
                        "A:H,none,yes,total,2024-10-05,\n"
                        "CVE-2024-3333,2024-10-01,,,,,,,\nCVE-2024-4444,2024-08-01,,CVSS:3.1/AV:N,,,,,\n",
                        kToday)
                        .value();
  EXPECT_EQ(feed.entries.find(cve("CVE-2024-1111"))->automatable, risk::Automatable::Yes);
  EXPECT_EQ(feed.entries.find(cve("CVE-2024-2222"))->automatable, std::nullopt) << "decided later";
  EXPECT_EQ(feed.entries.find(cve("CVE-2024-3333")), nullptr);
  EXPECT_EQ(feed.later, 1);
  EXPECT_EQ(feed.disagreements, 1);
  EXPECT_EQ(feed.entries.find(cve("CVE-2024-4444"))->cvss, std::nullopt);
  EXPECT_EQ(feed.set_aside.count, 1);
}

TEST(Findings, TakeTheColumnsTheyKnowInAnyOrder) {
  const auto findings = parse_findings(
                            "Owner,published,EXPOSURE,cve,cvss_vector,criticality,mitigation\n"
                            "jane,2024-01-02,controlled,CVE-2024-1111,CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/"
                            "I:H/A:H,Very High,0.5\n",
                            kToday)
                            .value();
  ASSERT_EQ(findings.rows.size(), 1);
  const auto& finding = findings.rows[0].finding;
  EXPECT_EQ(finding.vulnerability.cve, cve("CVE-2024-1111"));
  EXPECT_EQ(finding.vulnerability.published, Date(2024y / 1 / 2));
  EXPECT_EQ(finding.vulnerability.cvss->score, 9.8);
  EXPECT_EQ(finding.exposure, risk::SystemExposure::Controlled);
  EXPECT_EQ(finding.criticality, risk::HumanImpact::VeryHigh);
  EXPECT_EQ(finding.mitigation, 0.5);
  EXPECT_THAT(findings.unused_columns, ElementsAre("Owner"));
}

TEST(Findings, KeepARowWhoseValueCanNotBeReadAndSayThatItCountsAsMissing) {
  const auto findings =
      parse_findings("cve,cvss_vector,exposure\nCVE-2024-1111,CVSS:3.1/AV:Q,internet\n,,\n", kToday).value();
  ASSERT_EQ(findings.rows.size(), 1) << "a hole is not closed by a typing error beside it";
  EXPECT_EQ(findings.rows[0].finding.exposure, std::nullopt);
  ASSERT_EQ(findings.set_aside.count, 3);
  EXPECT_THAT(findings.set_aside.rows[0].reason, HasSubstr("AV is 'Q'"));
  EXPECT_THAT(findings.set_aside.rows[1].reason,
              HasSubstr("exposure is 'internet', must be small, controlled or open"));
  EXPECT_EQ(findings.set_aside.rows[2].line, 3);
}

TEST(Findings, SayThatAMistypedCveIsNone) {
  const auto findings = parse_findings("cve\nCVE-2024-1\nGHSA-aaaa-bbbb-cccc\n", kToday).value();
  ASSERT_EQ(findings.rows.size(), 2) << "it stays in sight";
  ASSERT_EQ(findings.set_aside.count, 1) << "another name is no mistake";
  EXPECT_THAT(findings.set_aside.rows[0].reason, HasSubstr("cve is 'CVE-2024-1', must be CVE, a year and"));
}

TEST(Findings, FindTheCveAmongAliases) {
  const auto findings =
      parse_findings("id,aliases\nGHSA-xxxx-yyyy-zzzz,GO-2024-1;CVE-2024-1111\nGHSA-aaaa-bbbb-cccc,\n",
                     kToday)
          .value();
  ASSERT_EQ(findings.rows.size(), 2);
  EXPECT_EQ(findings.rows[0].id, "GHSA-xxxx-yyyy-zzzz");
  EXPECT_EQ(findings.rows[0].finding.vulnerability.cve, cve("CVE-2024-1111"));
  EXPECT_EQ(findings.rows[1].finding.vulnerability.cve, std::nullopt);
}

TEST(Findings, LeaveOutWhatWasPublishedLater) {
  const auto findings = parse_findings("cve,published\nCVE-2024-1111,2024-10-01\n", kToday).value();
  EXPECT_TRUE(findings.rows.empty());
  EXPECT_EQ(findings.later, 1);
}

TEST(Findings, KnowWhatTheirRowsSayOfExploits) {
  const auto findings = parse_findings(
                            "cve,kev,metasploit,nuclei,vex,justification\nCVE-2024-1111,1,2024-05-01,2025-01-"
                            "01,not_affected,not built in\n",
                            kToday)
                            .value();
  const auto& finding = findings.rows[0].finding;
  EXPECT_EQ(finding.vulnerability.kev->added, kToday);
  EXPECT_EQ(finding.vulnerability.signals.metasploit, Date(2024y / 5 / 1));
  EXPECT_EQ(finding.vulnerability.signals.nuclei, std::nullopt) << "next year's template";
  EXPECT_TRUE(finding.not_affected);
  EXPECT_EQ(finding.justification, "not built in");
}

TEST(Findings, NameTheColumnThatIsMissing) {
  EXPECT_THAT(parse_findings("package,severity\n", kToday).error().message, HasSubstr("no column cve"));
}

TEST(Feeds, AddWhatTheRowDoesNotSayItself) {
  Feeds feeds;
  feeds.kev = ByCve(std::vector{KevEntry{cve("CVE-2024-1111"), {Date(2024y / 3 / 1), false}}});
  risk::ExploitSignals signals;
  signals.nuclei = Date(2024y / 2 / 1);
  feeds.signals = ByCve(std::vector{SignalsEntry{cve("CVE-2024-1111"), signals}});
  auto findings = parse_findings("cve,nuclei\nCVE-2024-1111,2024-01-01\n", kToday).value();
  enrich(findings.rows[0], feeds, {}, kToday);
  EXPECT_EQ(findings.rows[0].finding.vulnerability.kev->added, Date(2024y / 3 / 1));
  EXPECT_EQ(findings.rows[0].finding.vulnerability.signals.nuclei, Date(2024y / 1 / 1));
}

}  // namespace
}  // namespace patchwave::intel
