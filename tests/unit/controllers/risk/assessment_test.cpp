#include "controllers/risk/assessment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "controllers/risk/evidence.hpp"
#include "controllers/risk/reason.hpp"
#include "tests/unit/controllers/risk/given.hpp"

namespace patchwave::risk {
namespace {

using given::kToday;
using ::testing::HasSubstr;
using ::testing::Not;

Assessment assessed(const Finding& finding, const Rules& rules = {}) {
  return assess(given::model(), rules, finding, kToday);
}

TEST(Assessment, IsThreatTimesImpactTimesExposureTimesWhatIsNotMitigated) {
  auto finding = given::finding();
  const double plain = assessed(finding).score;
  finding.criticality = HumanImpact::VeryHigh;
  finding.exposure = SystemExposure::Controlled;
  finding.mitigation = 0.5;
  EXPECT_NEAR(assessed(finding).score, plain * 4 * 0.4 * 0.5, 1e-12);
}

TEST(Assessment, CountsAtMostNineTenthsOfMitigation) {
  auto finding = given::finding();
  const double plain = assessed(finding).score;
  finding.mitigation = 1;
  EXPECT_NEAR(assessed(finding).score, plain * 0.1, 1e-12);
}

TEST(Assessment, SaysWhatWasAssumedAndWhatWasDerived) {
  auto finding = given::finding();
  EXPECT_EQ(assessed(finding).exposure_origin, Origin::Assumed);
  EXPECT_EQ(assessed(finding).automatable_origin, Origin::Assumed);
  finding.vulnerability.cvss = given::cvss();
  EXPECT_EQ(assessed(finding).automatable_origin, Origin::Derived);
  EXPECT_EQ(assessed(finding).points.automatable, Automatable::Yes);
  EXPECT_EQ(assessed(finding).points.technical_impact, TechnicalImpact::Total);
  finding.automatable = Automatable::No;
  EXPECT_EQ(assessed(finding).automatable_origin, Origin::Stated);
  EXPECT_EQ(assessed(finding).points.automatable, Automatable::No);
}

TEST(Assessment, HasItsDeadlineShortenedByKev) {
  auto finding = given::finding();
  finding.vulnerability.cvss = given::cvss("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:N");
  EXPECT_EQ(assessed(finding).deadline, DeadlineClass::SixtyDays);
  finding.vulnerability.kev = Kev{kToday, false};
  EXPECT_EQ(assessed(finding).deadline, DeadlineClass::FourteenDays);
}

TEST(Assessment, TellsActiveExploitationFromAPublicExploit) {
  auto finding = given::finding();
  EXPECT_EQ(assessed(finding).points.exploitation, Exploitation::None);
  finding.vulnerability.signals.proof_of_concept = kToday;
  EXPECT_EQ(assessed(finding).points.exploitation, Exploitation::PublicPoc);
  finding.vulnerability.signals.in_the_wild = kToday;
  EXPECT_EQ(assessed(finding).points.exploitation, Exploitation::Active);
}

TEST(Assessment, TakesOffWhatIsNotAffectedWithTheJustification) {
  auto finding = given::finding();
  finding.vulnerability.kev = Kev{kToday, false};
  finding.not_affected = true;
  finding.justification = "vulnerable_code_not_in_execute_path";
  EXPECT_EQ(assessed(finding).deadline, DeadlineClass::None);
  EXPECT_EQ(assessed(finding).score, 0);
  EXPECT_EQ(reason(finding, assessed(finding), kToday), "not affected: vulnerable_code_not_in_execute_path");
  EXPECT_TRUE(comes_before(place_of(assessed(given::finding())), place_of(assessed(finding))));
}

TEST(Assessment, ComesInTheOrderOfDeadlinesAndOfScoresInsideThem) {
  auto dull_but_due = given::finding();
  dull_but_due.vulnerability.cvss = given::cvss();
  auto hot = given::finding();
  hot.vulnerability.signals.metasploit = kToday;
  EXPECT_TRUE(comes_before(place_of(assessed(dull_but_due)), place_of(assessed(hot))));
  EXPECT_TRUE(comes_before(place_of(assessed(hot)), place_of(assessed(given::finding()))));
}

TEST(Counterfactual, OfWhatIsExposedIsNotToBe) {
  auto finding = given::finding();
  finding.vulnerability.cvss = given::cvss();
  const auto other = counterfactual(given::model(), {}, finding, kToday);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->change, "not exposed");
  auto closed = finding;
  closed.exposure = SystemExposure::Small;
  EXPECT_EQ(other->place.deadline, assessed(closed).deadline);
  EXPECT_EQ(other->place.score, assessed(closed).score);
}

TEST(Counterfactual, OfWhatIsNotExposedIsTheNewsThatItIsExploited) {
  auto finding = given::finding();
  finding.exposure = SystemExposure::Small;
  const auto other = counterfactual(given::model(), {}, finding, kToday);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->change, "known exploited");
  EXPECT_EQ(other->place.deadline, DeadlineClass::FourteenDays);
}

TEST(Reason, NamesTheTableTheChanceAndTheHeaviestFactorFirst) {
  auto finding = given::finding();
  finding.exposure = SystemExposure::Open;
  finding.vulnerability.published = kToday;
  finding.vulnerability.signals.metasploit = kToday;
  finding.vulnerability.epss = given::epss(0.2, 5);
  const auto text = reason(finding, assessed(finding), kToday);
  EXPECT_THAT(text, HasSubstr("exposure open + automatable no (assumed)"));
  EXPECT_THAT(text,
              HasSubstr("in 90 days: EPSS v3 0.2 of 2024-09-30 is above 99.326 % of all ×7.39 + Metasploit"));
  EXPECT_THAT(text, Not(HasSubstr(",")));
}

TEST(Evidence, IsThereForEveryFactorWhateverIsKnown) {
  auto known = given::finding();
  known.vulnerability.cvss = given::cvss();
  known.vulnerability.epss = Epss{0.2, 5, kToday, 0.5};
  known.vulnerability.kev = Kev{kToday, true};
  known.vulnerability.signals = {kToday, kToday, kToday, kToday};
  for (const Finding& finding : {Finding{}, known}) {
    for (std::size_t i = 0; i < kFactors; ++i)
      EXPECT_FALSE(evidence(static_cast<Factor>(i), finding, kToday).empty()) << i;
  }
  EXPECT_EQ(evidence(Factor::EpssScore, Finding{}, kToday), "no EPSS score");
}

}  // namespace
}  // namespace patchwave::risk
