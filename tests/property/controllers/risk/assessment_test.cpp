#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>

#include "controllers/risk/assessment.hpp"

namespace patchwave::risk {
namespace {

using namespace std::chrono_literals;

constexpr Date kToday = 2024y / 9 / 30;

template <class Value>
std::optional<Value> maybe(const rc::Gen<Value>& gen) {
  return *rc::gen::inRange(0, 3) == 0 ? std::nullopt : std::optional(*gen);
}

rc::Gen<Date> day() {
  return rc::gen::map(rc::gen::inRange(0, 4000), [](int days) { return kToday - std::chrono::days(days); });
}

std::optional<Cvss> any_cvss() {
  if (*rc::gen::inRange(0, 4) == 0) return std::nullopt;
  std::string vector = "CVSS:3.1";
  for (const auto& [metric, values] : {std::pair("AV", "NALP"),
                                       {"AC", "LH"},
                                       {"PR", "NLH"},
                                       {"UI", "NR"},
                                       {"S", "UC"},
                                       {"C", "HLN"},
                                       {"I", "HLN"},
                                       {"A", "HLN"}}) {
    vector += std::string("/") + metric + ":" + *rc::gen::elementOf(std::string(values));
  }
  return score_cvss(vector).value();
}

template <class Value>
rc::Gen<Value> up_to(Value last) {
  return rc::gen::map(rc::gen::inRange(0, static_cast<int>(last) + 1),
                      [](int value) { return static_cast<Value>(value); });
}

Finding any_finding() {
  Finding finding;
  Vulnerability& vulnerability = finding.vulnerability;
  vulnerability.cve = CveId{static_cast<std::uint16_t>(*rc::gen::inRange(1999, 2025)), 1234};
  vulnerability.cvss = any_cvss();
  vulnerability.published = maybe(day());
  if (*rc::gen::inRange(0, 3) > 0) {
    vulnerability.epss = Epss{0.01, *rc::gen::inRange(0, 1200) / 100.0, kToday, std::nullopt};
    if (*rc::gen::arbitrary<bool>()) vulnerability.epss->trend = *rc::gen::inRange(-600, 600) / 100.0;
  }
  if (*rc::gen::inRange(0, 4) == 0) vulnerability.kev = Kev{*day(), *rc::gen::arbitrary<bool>()};
  vulnerability.signals = {maybe(day()), maybe(day()), maybe(day()), maybe(day())};
  const auto chance = rc::gen::arbitrary<bool>();
  vulnerability.listed = {*chance, *chance, *chance, *chance};
  finding.exposure = maybe(up_to(SystemExposure::Open));
  finding.criticality = maybe(up_to(HumanImpact::VeryHigh));
  finding.automatable = maybe(up_to(Automatable::Yes));
  finding.technical_impact = maybe(up_to(TechnicalImpact::Total));
  finding.mitigation = *rc::gen::inRange(0, 101) / 100.0;
  return finding;
}

Rules any_rules() {
  return {*up_to(DeadlinePolicy::Tiers), {}};
}

Assessment assessed(const Finding& finding, const Rules& rules) {
  return assess(built_in_threat_model(), rules, finding, kToday);
}

/// True when `worse` comes no later than `finding` and is no less likely.
bool is_no_better(const Finding& worse, const Finding& finding, const Rules& rules) {
  const auto before = assessed(finding, rules);
  const auto after = assessed(worse, rules);
  return !comes_before(place_of(before), place_of(after)) && after.probability >= before.probability;
}

RC_GTEST_PROP(AssessmentProperties, ContributionsSumToTheScore, ()) {
  const auto finding = any_finding();
  const auto assessment = assessed(finding, any_rules());
  const auto& parts = assessment.contributions;
  const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
  RC_ASSERT(std::abs(std::exp(sum) / assessment.score - 1) < 1e-12);
}

RC_GTEST_PROP(AssessmentProperties, NewsOfExploitationNeverMovesAFindingBack, ()) {
  const auto rules = any_rules();
  const auto finding = any_finding();
  auto worse = finding;
  auto& signals = worse.vulnerability.signals;
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      signals.metasploit = kToday;
      break;
    case 1:
      signals.nuclei = kToday;
      break;
    case 2:
      signals.proof_of_concept = kToday;
      break;
    case 3:
      signals.in_the_wild = kToday;
      break;
    default:
      worse.vulnerability.kev = Kev{kToday, false};
  }
  RC_ASSERT(is_no_better(worse, finding, rules));
}

RC_GTEST_PROP(AssessmentProperties, AHigherEpssNeverMovesAFindingBack, ()) {
  const auto rules = any_rules();
  auto finding = any_finding();
  if (!finding.vulnerability.epss) finding.vulnerability.epss = Epss{0.01, 1, kToday, std::nullopt};
  auto worse = finding;
  worse.vulnerability.epss->place += *rc::gen::inRange(0, 500) / 100.0;
  if (worse.vulnerability.epss->trend) *worse.vulnerability.epss->trend += *rc::gen::inRange(0, 500) / 100.0;
  RC_ASSERT(is_no_better(worse, finding, rules));
}

RC_GTEST_PROP(AssessmentProperties, AYoungerVulnerabilityNeverComesLater, ()) {
  const auto rules = any_rules();
  auto finding = any_finding();
  finding.vulnerability.published = *day();
  auto worse = finding;
  worse.vulnerability.published =
      std::min(kToday, *finding.vulnerability.published + std::chrono::days(*rc::gen::inRange(0, 400)));
  RC_ASSERT(is_no_better(worse, finding, rules));
}

RC_GTEST_PROP(AssessmentProperties, MoreExposureOrImpactOrLessMitigationNeverMovesAFindingBack, ()) {
  const auto rules = any_rules();
  auto finding = any_finding();
  finding.exposure = *up_to(SystemExposure::Open);
  finding.criticality = *up_to(HumanImpact::VeryHigh);
  finding.automatable = *up_to(Automatable::Yes);
  finding.technical_impact = *up_to(TechnicalImpact::Total);
  auto worse = finding;
  worse.exposure = std::max(*finding.exposure, *up_to(SystemExposure::Open));
  worse.criticality = std::max(*finding.criticality, *up_to(HumanImpact::VeryHigh));
  worse.automatable = std::max(*finding.automatable, *up_to(Automatable::Yes));
  worse.technical_impact = std::max(*finding.technical_impact, *up_to(TechnicalImpact::Total));
  worse.mitigation = finding.mitigation * *rc::gen::inRange(0, 101) / 100.0;
  RC_ASSERT(is_no_better(worse, finding, rules));
}

RC_GTEST_PROP(AssessmentProperties, PlacesAreAStrictOrder, ()) {
  const auto rules = any_rules();
  const auto a = place_of(assessed(any_finding(), rules));
  const auto b = place_of(assessed(any_finding(), rules));
  RC_ASSERT(!comes_before(a, a));
  RC_ASSERT(!(comes_before(a, b) && comes_before(b, a)));
}

}  // namespace
}  // namespace patchwave::risk
