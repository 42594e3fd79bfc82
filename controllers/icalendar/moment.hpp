// Dates, times and durations as iCalendar writes them, RFC 5545 section 3.3.
#pragma once

#include <cctz/time_zone.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "controllers/icalendar/content_line.hpp"
#include "operator/base/clock.hpp"

namespace patchwave::icalendar {

/// The instant that RFC 5545 means: of a local time that comes twice the first, of one that is skipped the
/// one that the clock before the change would have shown.
Time instant(const cctz::time_zone& zone, cctz::civil_second local);

struct Moment {
  cctz::civil_second local;
  bool is_date = false;                 ///< A whole day; `local` is its midnight.
  std::optional<cctz::time_zone> zone;  ///< None: on the wall clock of whoever reads it.

  /// `reader`'s zone counts when it has none.
  [[nodiscard]] Time instant(const cctz::time_zone& reader) const {
    return icalendar::instant(zone.value_or(reader), local);
  }
};

/// "20240803", "20240803T020000" or "20240803T020000Z"; years 1970 to 2199.
std::optional<Moment> parse_moment(std::string_view text);

/// The value, or the list of them, of a line such as DTSTART;TZID=Europe/Amsterdam:20240803T020000. Invalid
/// names the line and what it does not understand.
Result<std::vector<Moment>> read_moments(const ContentLine& line);

/// A nominal part, by the wall clock, and an exact one behind it.
struct Period {
  std::int64_t days = 0;
  seconds exact{0};
};

/// "P2W", "P1DT2H", "PT30M"; above nothing and up to 366 days.
std::optional<Period> parse_period(std::string_view text);

/// The longest that an event may last.
constexpr std::int64_t kLongestDays = 366;

}  // namespace patchwave::icalendar
