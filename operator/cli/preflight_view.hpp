// What would keep nodes from being drained, for people and for machines.
#pragma once

#include <string>

#include "controllers/drain/preflight.hpp"
#include "operator/base/json.hpp"
#include "operator/cli/style.hpp"

namespace patchwave::cli {

std::string render_preflight(const drain::Report& report, int at_once, const Style& style);
/// Kind NodePreflight.
Json print_preflight(const drain::Report& report, int at_once);

}  // namespace patchwave::cli
