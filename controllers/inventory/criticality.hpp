// How much a workload matters, and who or what says so.
#pragma once

#include <string>

#include "controllers/inventory/exposure.hpp"
#include "controllers/risk/decision_points.hpp"

namespace patchwave::inventory {

struct Criticality {
  risk::HumanImpact level = risk::HumanImpact::Medium;
  std::string evidence;  ///< "label patchwave.dev/criticality of the namespace"; never empty.
  bool operator==(const Criticality&) const = default;
};

/// What a label or an annotation patchwave.dev/criticality says counts: the workload's, else the namespace's.
/// Else it is inferred, by the first that holds:
/// - very high: a system priority class;
/// - high: in kube-system;
/// - low: the namespace's name has dev, test, testing, sandbox, staging or preview in it as a word;
/// - high: openly exposed, in three copies or more;
/// - medium.
Criticality criticality_of(const Json& workload, const Json& ns, const Exposure& exposure);

}  // namespace patchwave::inventory
