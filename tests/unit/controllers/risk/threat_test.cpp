#include "controllers/risk/threat.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "tests/unit/controllers/risk/given.hpp"

namespace patchwave::risk {
namespace {

using namespace std::chrono_literals;
using given::kToday;
using ::testing::HasSubstr;

double contribution(const Threat& threat, Factor factor) {
  return threat.contributions[static_cast<std::size_t>(factor)];
}

TEST(Threat, IsTheSumOfWhatIsKnown) {
  auto finding = given::finding();
  finding.vulnerability.epss = given::epss(0.2, 3);
  finding.vulnerability.signals.metasploit = kToday;
  finding.vulnerability.published = kToday;
  const auto threat = estimate_threat(given::model(), finding.vulnerability, kToday);
  // e^-5 on average; × 2 for the module, × e for two places above the average.
  EXPECT_NEAR(threat.expected, std::exp(-5) * 2 * std::exp(1), 1e-12);
  EXPECT_NEAR(threat.probability, 1 - std::exp(-threat.expected), 1e-12);
}

TEST(Threat, TakesWhatIsMissingForTheAverageAndNotForZero) {
  auto finding = given::finding();
  finding.vulnerability.published = kToday;
  const auto unknown = estimate_threat(given::model(), finding.vulnerability, kToday);
  finding.vulnerability.epss = given::epss(0.0001, 0);
  finding.vulnerability.cvss = given::cvss("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N");
  const auto low = estimate_threat(given::model(), finding.vulnerability, kToday);
  EXPECT_NEAR(unknown.expected, std::exp(-5), 1e-12);
  EXPECT_LT(low.expected, unknown.expected);
}

TEST(Threat, TakesNoExploitForAGoodSignOnlyWhereAFeedListsExploits) {
  auto model = given::model();
  model.terms = {{Feature::ProofOfConcept, 2, 0.25}};
  auto finding = given::finding();
  const auto unknown = estimate_threat(model, finding.vulnerability, kToday);
  EXPECT_NEAR(unknown.expected, std::exp(-5), 1e-12);
  finding.vulnerability.listed.proof_of_concept = true;
  EXPECT_NEAR(estimate_threat(model, finding.vulnerability, kToday).expected, std::exp(-5.5), 1e-12);
}

TEST(Threat, DoesNotKnowTheFuture) {
  auto finding = given::finding();
  const auto before = estimate_threat(given::model(), finding.vulnerability, kToday);
  const Date tomorrow = kToday + std::chrono::days(1);
  finding.vulnerability.signals = {tomorrow, tomorrow, tomorrow, tomorrow};
  finding.vulnerability.kev = Kev{tomorrow, true};
  finding.vulnerability.epss = Epss{0.9, 7, tomorrow, 3.0};
  EXPECT_EQ(estimate_threat(given::model(), finding.vulnerability, kToday).expected, before.expected);
}

TEST(Threat, OfWhatIsKnownToBeExploitedIsTheHighestOfAll) {
  auto model = given::model();
  model.intercept = 20;
  auto finding = given::finding();
  const auto limited = estimate_threat(model, finding.vulnerability, kToday);
  EXPECT_NEAR(limited.probability, model.known_exploited, 1e-12);
  EXPECT_LT(contribution(limited, Factor::Limit), 0);
  finding.vulnerability.kev = Kev{kToday, false};
  const auto known = estimate_threat(given::model(), finding.vulnerability, kToday);
  EXPECT_NEAR(known.probability, given::model().known_exploited, 1e-12);
  EXPECT_GT(contribution(known, Factor::KnownExploited), 0);
}

TEST(Threat, TakesAnAgeFromTheYearOfTheNameWhenNothingElseTells) {
  Vulnerability vulnerability;
  vulnerability.cve = parse_cve("CVE-2022-1000");
  EXPECT_EQ(known_since(vulnerability, kToday), Date(2022y / 7 / 2));
  vulnerability.cve = parse_cve("CVE-2024-1000");
  EXPECT_EQ(known_since(vulnerability, kToday), Date(2024y / 1 / 1) + std::chrono::days(273 / 2));
  vulnerability.cve = parse_cve("CVE-2025-1000");
  EXPECT_EQ(known_since(vulnerability, kToday), kToday);
}

TEST(ThreatModel, ThatIsBuiltInReadsAndSaysWhatItWasFittedTo) {
  const auto& model = built_in_threat_model();
  EXPECT_THAT(model.provenance, HasSubstr("outcomes until 2024-09-30"));
  EXPECT_GE(model.terms.size(), 9);
  EXPECT_FALSE(model.epss_places[4].empty());
}

TEST(ThreatModel, IsRefusedWhenASeenExploitWouldWeighLessThanNotKnowing) {
  const auto model = parse_threat_model(
      R"({"name": "a", "provenance": "b", "intercept": -9, "knownExploited": 0.9,
          "terms": [{"feature": "metasploit", "weight": 1, "reference": 1.5}]})");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("metasploit: reference is 1.5, which must be between 0 and 1"));
}

TEST(ThreatModel, IsRefusedWhenAnExploitWouldLowerTheThreat) {
  const auto model = parse_threat_model(
      R"({"name": "a", "provenance": "b", "intercept": -9, "knownExploited": 0.9,
          "terms": [{"feature": "metasploit", "weight": -1, "reference": 0}]})");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("metasploit: weight is -1, which has the wrong sign"));
}

TEST(ThreatModel, IsRefusedWithoutProvenance) {
  const auto model =
      parse_threat_model(R"({"name": "a", "intercept": -9, "knownExploited": 0.9, "terms": []})");
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("provenance"));
}

TEST(EpssPlace, LiesBetweenItsKnots) {
  ThreatModel model;
  model.epss_places[3] = {{0.001, 1}, {0.01, 2}, {0.1, 4}};
  EXPECT_DOUBLE_EQ(epss_place(model, EpssVersion::V3, 0.0001).value(), 1);
  EXPECT_DOUBLE_EQ(epss_place(model, EpssVersion::V3, 0.01).value(), 2);
  EXPECT_NEAR(epss_place(model, EpssVersion::V3, std::sqrt(0.001)).value(), 3, 1e-12);
  EXPECT_DOUBLE_EQ(epss_place(model, EpssVersion::V3, 0.5).value(), 4);
  EXPECT_EQ(epss_place(model, EpssVersion::V4, 0.5), std::nullopt);
}

TEST(EpssVersion, ChangesOnTheDaysThatFirstChangedIt) {
  EXPECT_EQ(epss_version_on(Date(2025y / 3 / 16)), EpssVersion::V3);
  EXPECT_EQ(epss_version_on(Date(2025y / 3 / 17)), EpssVersion::V4);
}

TEST(CveId, IsReadAndWrittenAsItStands) {
  for (const char* text : {"CVE-2024-3094", "CVE-1999-0001", "CVE-2024-1234567"})
    EXPECT_EQ(format_cve(parse_cve(text).value()), text);
  EXPECT_EQ(parse_cve("cve-2024-3094"), parse_cve("CVE-2024-3094"));
  for (const char* text : {"", "CVE-2024", "CVE-2024-309", "CVE-24-3094", "GHSA-xxxx", "CVE-2024-30x4",
                           "CVE-2024-1234567890123"})
    EXPECT_EQ(parse_cve(text), std::nullopt) << text;
}

}  // namespace
}  // namespace patchwave::risk
