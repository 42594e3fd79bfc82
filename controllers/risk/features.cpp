#include "controllers/risk/features.hpp"

#include <algorithm>
#include <cmath>

namespace patchwave::risk {
namespace {

using namespace std::chrono_literals;

constexpr double kDaysOfYear = 365.25;
constexpr double kDaysOfWeek = 7;
constexpr double kHighestPlace = 9;
constexpr double kLowerPlaces = 2;
constexpr double kSteepestTrend = 4;
constexpr double kNoveltyWeeks = 8;

constexpr std::array<std::string_view, kFeatures> kNames = {
    "epssPlace",     "epssPlaceToTwo", "epssTrend",      "novelty",    "age",
    "metasploit",    "nuclei",         "proofOfConcept", "inTheWild",  "networkVector",
    "lowComplexity", "noPrivileges",   "noInteraction",  "totalImpact"};

void add_signals(const Vulnerability& vulnerability, Date as_of, const auto& set) {
  const auto add = [&](Feature feature, const std::optional<Date>& seen, bool listed) {
    if (seen && *seen <= as_of) {
      set(feature, 1);
    } else if (listed) {
      set(feature, 0);
    }
  };
  const ExploitSignals& signals = vulnerability.signals;
  const SignalKinds& listed = vulnerability.listed;
  add(Feature::Metasploit, signals.metasploit, listed.metasploit);
  add(Feature::Nuclei, signals.nuclei, listed.nuclei);
  add(Feature::ProofOfConcept, signals.proof_of_concept, listed.proof_of_concept);
  add(Feature::InTheWild, signals.in_the_wild, listed.in_the_wild);
}

void add_epss(const Epss& epss, const auto& set) {
  set(Feature::EpssPlace, std::min(epss.place, kHighestPlace));
  set(Feature::EpssPlaceToTwo, std::min(epss.place, kLowerPlaces));
  if (epss.trend) set(Feature::EpssTrend, std::clamp(*epss.trend, -kSteepestTrend, kSteepestTrend) / 3);
}

void add_cvss(const Cvss& cvss, const auto& set) {
  set(Feature::NetworkVector, cvss.attack_vector == 'N' ? 1 : 0);
  set(Feature::LowComplexity, cvss.attack_complexity == 'L' ? 1 : 0);
  set(Feature::NoPrivileges, cvss.privileges_required == 'N' ? 1 : 0);
  set(Feature::NoInteraction, cvss.user_interaction ? 0 : 1);
  set(Feature::TotalImpact, cvss.confidentiality == 'H' && cvss.integrity == 'H' ? 1 : 0);
}

}  // namespace

std::string_view to_string(Feature feature) {
  return kNames[static_cast<std::size_t>(feature)];
}

std::optional<Feature> parse_feature(std::string_view name) {
  const auto known = std::ranges::find(kNames, name);
  if (known == kNames.end()) return std::nullopt;
  return static_cast<Feature>(known - kNames.begin());
}

std::optional<Date> known_since(const Vulnerability& vulnerability, Date as_of) {
  if (vulnerability.published) return std::min(*vulnerability.published, as_of);
  if (!vulnerability.cve) return std::nullopt;
  const std::chrono::year year{vulnerability.cve->year};
  const Date begin = year / 1 / 1;
  const Date end = std::min<Date>((year + std::chrono::years(1)) / 1 / 1, as_of);
  return end <= begin ? as_of : begin + (end - begin) / 2;
}

Features features_of(const Vulnerability& vulnerability, Date as_of) {
  Features features;
  const auto set = [&](Feature feature, double value) {
    features[static_cast<std::size_t>(feature)] = value;
  };
  if (vulnerability.epss && vulnerability.epss->date <= as_of) add_epss(*vulnerability.epss, set);
  if (const auto since = known_since(vulnerability, as_of)) {
    const auto days = static_cast<double>((as_of - *since).count());
    set(Feature::Novelty, std::exp(-days / kDaysOfWeek / kNoveltyWeeks));
    set(Feature::Age, std::log1p(days / kDaysOfYear));
  }
  add_signals(vulnerability, as_of, set);
  if (vulnerability.cvss) add_cvss(*vulnerability.cvss, set);
  return features;
}

}  // namespace patchwave::risk
