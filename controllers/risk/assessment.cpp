#include "controllers/risk/assessment.hpp"

#include <algorithm>
#include <cmath>

namespace patchwave::risk {
namespace {

template <class Value>
Value take(const std::optional<Value>& stated, Value otherwise, Origin& origin) {
  origin = stated ? Origin::Stated : Origin::Assumed;
  return stated.value_or(otherwise);
}

template <class Value>
Value take_or_derive(const std::optional<Value>& stated, const std::optional<Cvss>& cvss,
                     Value (*derive)(const Cvss&), Value otherwise, Origin& origin) {
  if (stated || !cvss) return take(stated, otherwise, origin);
  origin = Origin::Derived;
  return derive(*cvss);
}

bool is_known(const std::optional<Date>& date, Date as_of) {
  return date && *date <= as_of;
}

Exploitation exploitation_of(const Vulnerability& vulnerability, Date as_of) {
  const ExploitSignals& signals = vulnerability.signals;
  const bool in_kev = vulnerability.kev && vulnerability.kev->added <= as_of;
  if (in_kev || is_known(signals.in_the_wild, as_of)) return Exploitation::Active;
  const bool has_exploit = is_known(signals.metasploit, as_of) || is_known(signals.nuclei, as_of) ||
                           is_known(signals.proof_of_concept, as_of);
  return has_exploit ? Exploitation::PublicPoc : Exploitation::None;
}

void add_decision_points(const Finding& finding, Date as_of, Assessment& assessment) {
  const Vulnerability& vulnerability = finding.vulnerability;
  DecisionPoints& points = assessment.points;
  points.in_kev = vulnerability.kev && vulnerability.kev->added <= as_of;
  points.exploitation = exploitation_of(vulnerability, as_of);
  points.exposure = take(finding.exposure, SystemExposure::Open, assessment.exposure_origin);
  points.human_impact = take(finding.criticality, HumanImpact::Medium, assessment.criticality_origin);
  points.automatable = take_or_derive(finding.automatable, vulnerability.cvss, derive_automatable,
                                      Automatable::No, assessment.automatable_origin);
  points.technical_impact =
      take_or_derive(finding.technical_impact, vulnerability.cvss, derive_technical_impact,
                     TechnicalImpact::Partial, assessment.technical_impact_origin);
}

void add_score(const Rules& rules, const Finding& finding, const Threat& threat, Assessment& assessment) {
  assessment.contributions = threat.contributions;
  // The product itself, not what its logarithms sum to: what is equal stays equal to the last bit.
  assessment.score = threat.expected;
  const auto multiply = [&](Factor factor, double value) {
    assessment.score *= value;
    assessment.contributions[static_cast<std::size_t>(factor)] = std::log(value);
  };
  const DecisionPoints& points = assessment.points;
  const Weights& weights = rules.weights;
  multiply(Factor::Impact, weights.impact[static_cast<std::size_t>(points.human_impact)]);
  multiply(Factor::Exposure, weights.exposure[static_cast<std::size_t>(points.exposure)]);
  multiply(Factor::Mitigation, 1 - std::clamp(finding.mitigation, 0.0, weights.most_mitigation));
}

}  // namespace

std::string_view to_string(Origin origin) {
  switch (origin) {
    case Origin::Stated:
      return "stated";
    case Origin::Derived:
      return "derived";
    case Origin::Assumed:
      break;
  }
  return "assumed";
}

Assessment assess(const ThreatModel& model, const Rules& rules, const Finding& finding, Date as_of) {
  Assessment assessment;
  add_decision_points(finding, as_of, assessment);
  const Threat threat = estimate_threat(model, finding.vulnerability, as_of);
  assessment.probability = threat.probability;
  if (finding.vulnerability.cvss) assessment.severity = finding.vulnerability.cvss->score;
  if (finding.not_affected) return assessment;
  assessment.deadline = decide_deadline(rules.deadlines, assessment.points);
  add_score(rules, finding, threat, assessment);
  return assessment;
}

Place place_of(const Assessment& assessment) {
  return {assessment.deadline, assessment.score, assessment.severity};
}

bool comes_before(const Place& a, const Place& b) {
  if (a.deadline != b.deadline) return a.deadline < b.deadline;
  if (a.score != b.score) return a.score > b.score;
  return a.severity > b.severity;
}

std::optional<Counterfactual> counterfactual(const ThreatModel& model, const Rules& rules,
                                             const Finding& finding, Date as_of) {
  if (finding.not_affected) return std::nullopt;
  Finding other = finding;
  std::string_view change = "known exploited";
  if (finding.exposure.value_or(SystemExposure::Open) != SystemExposure::Small) {
    other.exposure = SystemExposure::Small;
    change = "not exposed";
  } else if (finding.vulnerability.kev && finding.vulnerability.kev->added <= as_of) {
    other.not_affected = true;
    change = "not affected";
  } else {
    other.vulnerability.kev = Kev{as_of, false};
  }
  const Assessment assessment = assess(model, rules, other, as_of);
  return Counterfactual{change, place_of(assessment), assessment.probability};
}

}  // namespace patchwave::risk
