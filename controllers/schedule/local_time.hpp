// Instants on the wall clock of a zone.
#pragma once

#include <cctz/time_zone.h>

#include <string>

#include "operator/base/clock.hpp"

namespace patchwave::schedule {

/// RFC 3339 with the zone's offset: "2024-08-03T02:00:00-04:00".
std::string format_offset_time(const cctz::time_zone& zone, Time time);
/// For people: "Sat 2024-08-03 02:00".
std::string format_local_time(const cctz::time_zone& zone, Time time);

}  // namespace patchwave::schedule
