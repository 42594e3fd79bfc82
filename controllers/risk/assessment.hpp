// A finding judged: by when it must be closed, and how much it matters among those due at the same time.
//
//   score = threat × impact × exposure × (1 − mitigation)
//
// Threat is the expected number of exploitations within 90 days, so a score is the loss that closing the
// finding now avoids over that time, in units of what a system of medium criticality is worth.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controllers/risk/deadline.hpp"
#include "controllers/risk/threat.hpp"
#include "controllers/risk/vulnerability.hpp"

namespace patchwave::risk {

/// A vulnerability on something that runs. What is not given is assumed, and said to be.
struct Finding {
  Vulnerability vulnerability;
  std::optional<SystemExposure> exposure;           ///< Else Open.
  std::optional<HumanImpact> criticality;           ///< Else Medium.
  std::optional<Automatable> automatable;           ///< Else derived from the CVSS vector, else No.
  std::optional<TechnicalImpact> technical_impact;  ///< Else derived from the CVSS vector, else Partial.
  double mitigation = 0;      ///< Share of the threat that controls in place take away; at most 0.9 counts.
  bool not_affected = false;  ///< By a VEX statement, or fixed already.
  std::string justification;  ///< Of not_affected.
};

/// How much a step is worth. Each list is ascending.
struct Weights {
  std::array<double, 4> impact = {0.5, 1, 2, 4};   ///< By HumanImpact.
  std::array<double, 3> exposure = {0.1, 0.4, 1};  ///< By SystemExposure.
  double most_mitigation = 0.9;
};

struct Rules {
  DeadlinePolicy deadlines = DeadlinePolicy::Bod2604;
  Weights weights;
};

/// Where a value comes from.
enum class Origin : std::uint8_t { Stated, Derived, Assumed };
std::string_view to_string(Origin origin);

struct Assessment {
  DeadlineClass deadline = DeadlineClass::None;
  DecisionPoints points;
  Origin exposure_origin = Origin::Assumed;
  Origin criticality_origin = Origin::Assumed;
  Origin automatable_origin = Origin::Assumed;
  Origin technical_impact_origin = Origin::Assumed;
  double probability = 0;  ///< Of exploitation within 90 days.
  double score = 0;        ///< 0 for what is not affected.
  double severity = -1;    ///< CVSS score; −1 without one. Only breaks ties.
  /// Sums to ln(score); all zero for what is not affected, which has none.
  Contributions contributions{};
};

Assessment assess(const ThreatModel& model, const Rules& rules, const Finding& finding, Date as_of);

/// The part of an assessment that decides its place.
struct Place {
  DeadlineClass deadline = DeadlineClass::None;
  double score = 0;
  double severity = -1;
};
Place place_of(const Assessment& assessment);
/// True when `a` comes first: sooner deadline, then higher score, then higher severity. Whoever sorts breaks
/// what ties are left by name.
bool comes_before(const Place& a, const Place& b);

/// One thing that could be different, and where the finding would stand then.
struct Counterfactual {
  std::string_view change;  ///< "not exposed"
  Place place;
  double probability = 0;
};
/// The nearest lever, or news, that would move it: out of sight if it is exposed, known exploited if it isn't
/// yet. nullopt for what is not affected.
std::optional<Counterfactual> counterfactual(const ThreatModel& model, const Rules& rules,
                                             const Finding& finding, Date as_of);

}  // namespace patchwave::risk
