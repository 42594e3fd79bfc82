// How pressing a patch is, as reasons of its explanation.
#pragma once

#include <vector>

#include "operator/cli/explanation.hpp"

namespace patchwave::cli {

/// Rank, class and deadline; why; each factor with what it multiplies the score by and what it rests on; and
/// what would be otherwise. Nothing for a patch that was not assessed: its condition RiskAssessed says why.
void add_risk(const api::Patch& patch, std::vector<Reason>& reasons, Time now);

}  // namespace patchwave::cli
