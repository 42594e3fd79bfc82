// How dangerous the holes are that a Patch closes, and by when it is due: `status.risk` of a Patch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/api/common.hpp"

namespace patchwave::api {

// Numbers are decimal text without an exponent: the API has no floats.

/// One of what the score is made of.
struct RiskFactor {
  std::string name;          ///< "epss", "knownExploited", "exposure"
  std::string contribution;  ///< To the natural logarithm of the score; all of a patch sum to it.
  std::string source;        ///< What it rests on, with feed, version and date, or the path in the cluster.
  bool operator==(const RiskFactor&) const = default;
};

/// One thing that could be different, and where the patch's worst finding would stand then.
struct RiskCounterfactual {
  std::string change;  ///< `if`: "not exposed"
  std::string deadline_class;
  std::string score;
  bool operator==(const RiskCounterfactual&) const = default;
};

struct RiskStatus {
  int rank = 0;                ///< From 1, among all patches that the operator sees.
  std::string deadline_class;  ///< The words of the published table: "3 days"; "none" when nothing is due.
  std::string score;           ///< Of all findings together.
  std::string probability;     ///< That one of them is exploited within 90 days.
  std::string finding;         ///< The one that decides the class, "CVE-2026-1234"; "" without one.
  int findings = 0;
  std::string reason;
  std::vector<RiskFactor> factors;
  std::optional<RiskCounterfactual> otherwise;
  bool operator==(const RiskStatus&) const = default;
};

/// What an assessment says of one patch, for its status.
struct RiskReport {
  std::optional<RiskStatus> risk;
  std::optional<Time> deadline;
  Condition condition;  ///< RiskAssessed.
  bool operator==(const RiskReport&) const = default;
};

inline constexpr std::string_view kRiskAssessed = "RiskAssessed";
/// On a workload or its namespace, as a label or an annotation: "low", "medium", "high", "very-high".
inline constexpr std::string_view kCriticalityKey = "patchwave.dev/criticality";
/// On a workload, as a label or an annotation: "small", "controlled", "open".
inline constexpr std::string_view kExposureKey = "patchwave.dev/exposure";

}  // namespace patchwave::api
