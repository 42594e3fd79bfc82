// Reading and writing of a Patch's `status.risk`.
#pragma once

#include "controllers/api/object_reader.hpp"
#include "controllers/api/patch_risk.hpp"

namespace patchwave::api {

/// nullopt when the status has none.
std::optional<RiskStatus> read_risk(const ObjectReader& status);
Json print_risk(const RiskStatus& risk);

}  // namespace patchwave::api
