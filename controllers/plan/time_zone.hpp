// Names of time zones and local times in them, as people write them.
#pragma once

#include <cctz/time_zone.h>

#include <string_view>

#include "operator/base/result.hpp"

namespace patchwave::plan {

/// Errors are Invalid and name `field` and the text.
Result<cctz::time_zone> read_time_zone(std::string_view name, std::string_view field);
/// "2026-12-20T00:00", seconds optional, on the wall clock of a zone that stands elsewhere.
Result<cctz::civil_second> read_local_time(std::string_view text, std::string_view field);

}  // namespace patchwave::plan
