// How likely a vulnerability is to be exploited within 90 days: a log-linear hazard, small enough to be
// explained.
//
//   expected exploitations  L = exp(intercept + sum of weight * (feature - reference)),   probability = 1 -
//   exp(-L)
//
// (Poisson regression with a log link; Cox & Oakes, Analysis of Survival Data, 1984, ch. 6.) A feature that
// isn't known adds nothing, which is what the average vulnerability of the fit adds: missing is not zero.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/risk/features.hpp"
#include "operator/base/result.hpp"

namespace patchwave::risk {

struct ThreatTerm {
  Feature feature = Feature::EpssPlace;
  double weight = 0;
  double reference = 0;  ///< Of the average vulnerability.
};

/// A score of one version of EPSS and the place it had among all on the day that is named in the data file.
struct EpssPlaceKnot {
  double score = 0;
  double place = 0;
};

struct ThreatModel {
  std::string name;        ///< "threat-2024-09-30"
  std::string provenance;  ///< What it was fitted to, when, by which command: a sentence for people.
  double intercept = 0;
  double known_exploited = 0.99;  ///< Probability of what is known to be exploited, and the highest of all.
  std::vector<ThreatTerm> terms;
  /// For scores that come without their distribution; by EpssVersion, ascending. Empty: not known.
  std::array<std::vector<EpssPlaceKnot>, 5> epss_places;
};

/// Invalid names the field. A weight with the wrong sign is refused: more exploits never mean less threat.
Result<ThreatModel> parse_threat_model(std::string_view text);
/// The one that is built in, from threat_model.json.
const ThreatModel& built_in_threat_model();

/// Interpolated; nullopt when the model has no knots for the version.
std::optional<double> epss_place(const ThreatModel& model, EpssVersion version, double score);

/// What a score is the sum of, on the scale of natural logarithms.
enum class Factor : std::uint8_t {
  Base,  ///< The average vulnerability.
  EpssScore,
  EpssTrend,
  Novelty,
  Age,
  Metasploit,
  Nuclei,
  ProofOfConcept,
  InTheWild,
  CvssParts,
  KnownExploited,  ///< What lifts it to the probability of the known exploited.
  Limit,           ///< What keeps it from being above that.
  Impact,
  Exposure,
  Mitigation,
};
inline constexpr std::size_t kFactors = 15;
std::string_view to_string(Factor factor);

using Contributions = std::array<double, kFactors>;

struct Threat {
  double expected = 0;     ///< Exploitations within 90 days.
  double probability = 0;  ///< Of at least one.
  /// Sums to ln(expected).
  Contributions contributions{};
};

Threat estimate_threat(const ThreatModel& model, const Vulnerability& vulnerability, Date as_of);

}  // namespace patchwave::risk
