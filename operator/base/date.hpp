// Days of the calendar in UTC: what public feeds date their rows by.
#pragma once

#include <string>
#include <string_view>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace patchwave {

using Date = std::chrono::sys_days;

/// "2024-09-30"; years 0 to 9999.
std::string format_date(Date date);
/// "2024-09-30", also with a time of the day behind it, which is passed over. Invalid names the text.
Result<Date> parse_date(std::string_view text);

}  // namespace patchwave
