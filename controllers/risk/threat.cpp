#include "controllers/risk/threat.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace patchwave::risk {
namespace {

constexpr std::array<std::string_view, kFactors> kFactorNames = {
    "base",      "epss", "epssTrend",      "novelty", "age",    "metasploit", "nuclei",    "proofOfConcept",
    "inTheWild", "cvss", "knownExploited", "limit",   "impact", "exposure",   "mitigation"};

Factor factor_of(Feature feature) {
  switch (feature) {
    case Feature::EpssPlace:
    case Feature::EpssPlaceToTwo:
      return Factor::EpssScore;
    case Feature::EpssTrend:
      return Factor::EpssTrend;
    case Feature::Novelty:
      return Factor::Novelty;
    case Feature::Age:
      return Factor::Age;
    case Feature::Metasploit:
      return Factor::Metasploit;
    case Feature::Nuclei:
      return Factor::Nuclei;
    case Feature::ProofOfConcept:
      return Factor::ProofOfConcept;
    case Feature::InTheWild:
      return Factor::InTheWild;
    default:
      return Factor::CvssParts;
  }
}

/// ln of the expected count that has this probability of at least one.
double log_expected(double probability) {
  return std::log(-std::log1p(-probability));
}

}  // namespace

std::string_view to_string(Factor factor) {
  return kFactorNames[static_cast<std::size_t>(factor)];
}

std::optional<double> epss_place(const ThreatModel& model, EpssVersion version, double score) {
  const auto& knots = model.epss_places[static_cast<std::size_t>(version)];
  if (knots.empty()) return std::nullopt;
  const auto above = std::ranges::lower_bound(knots, score, {}, &EpssPlaceKnot::score);
  if (above == knots.begin()) return above->place;
  if (above == knots.end()) return knots.back().place;
  const auto below = above - 1;
  const double share = std::log(score / below->score) / std::log(above->score / below->score);
  return below->place + share * (above->place - below->place);
}

Threat estimate_threat(const ThreatModel& model, const Vulnerability& vulnerability, Date as_of) {
  Threat threat;
  const auto at = [&](Factor factor) -> double& {
    return threat.contributions[static_cast<std::size_t>(factor)];
  };
  at(Factor::Base) = model.intercept;
  const Features features = features_of(vulnerability, as_of);
  for (const ThreatTerm& term : model.terms) {
    const auto& value = features[static_cast<std::size_t>(term.feature)];
    if (value) at(factor_of(term.feature)) += term.weight * (*value - term.reference);
  }
  double total = std::accumulate(threat.contributions.begin(), threat.contributions.end(), 0.0);
  const double most = log_expected(model.known_exploited);
  if (total > most) {
    at(Factor::Limit) = most - total;
    total = most;
  }
  if (vulnerability.kev && vulnerability.kev->added <= as_of) {
    at(Factor::KnownExploited) = most - total;
    total = most;
  }
  threat.expected = std::exp(total);
  threat.probability = -std::expm1(-threat.expected);
  return threat;
}

}  // namespace patchwave::risk
