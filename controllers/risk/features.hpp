// What the threat model sees of a vulnerability: numbers, one definition for fitting and for scoring.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "controllers/risk/vulnerability.hpp"

namespace patchwave::risk {

enum class Feature : std::uint8_t {
  EpssPlace,       ///< Epss::place, at most 9.
  EpssPlaceToTwo,  ///< The same, at most 2: the lower ranks tell more apart than the upper ones.
  EpssTrend,       ///< Epss::trend / 3, within ±4/3.
  Novelty,         ///< exp(−weeks known / 8).
  Age,             ///< ln(1 + years known).
  Metasploit,      ///< 1 when there is a module.
  Nuclei,          ///< 1 when there is a template.
  ProofOfConcept,  ///< 1 when there is public code.
  InTheWild,       ///< 1 when there is a public report of exploitation.
  NetworkVector,   ///< 1 for AV:N.
  LowComplexity,   ///< 1 for AC:L.
  NoPrivileges,    ///< 1 for PR:N.
  NoInteraction,   ///< 1 for UI:N.
  TotalImpact,     ///< 1 for C:H and I:H.
};
inline constexpr std::size_t kFeatures = 14;

/// As in the data file of the model: "epssPlace".
std::string_view to_string(Feature feature);
std::optional<Feature> parse_feature(std::string_view name);

/// nullopt where nothing is known. What is dated after `as_of` is not known.
using Features = std::array<std::optional<double>, kFeatures>;
Features features_of(const Vulnerability& vulnerability, Date as_of);

/// Since when it is known: Vulnerability::published, else the middle of the year of its name as far as it has
/// passed on `as_of`. nullopt without both.
std::optional<Date> known_since(const Vulnerability& vulnerability, Date as_of);

}  // namespace patchwave::risk
