// How an event recurs, RFC 5545 section 3.3.10: the days of an RRULE. Its time of the day is always that of
// the event.
#pragma once

#include <cctz/civil_time.h>

#include <bitset>
#include <functional>
#include <optional>
#include <vector>

#include "controllers/icalendar/moment.hpp"

namespace patchwave::icalendar {

/// "-1FR" is the last Friday of a month; ordinal 0 is each one.
struct WeekdayRule {
  int ordinal = 0;
  cctz::weekday day = cctz::weekday::monday;
};

struct Recurrence {
  enum class Frequency : std::uint8_t { Daily, Weekly, Monthly };

  Frequency frequency = Frequency::Daily;
  int interval = 1;
  std::vector<WeekdayRule> days;
  std::vector<int> days_of_month;  ///< Negative from the month's end.
  std::optional<int> count;
  std::optional<Moment> until;  ///< The last start that there may be.
  cctz::weekday week_start = cctz::weekday::monday;
};

/// FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL and WKST; Invalid names any other part, and the line.
Result<Recurrence> parse_recurrence(const ContentLine& line);

/// Whether `start` is one of its own days, as RFC 5545 asks.
bool recurs_on(const Recurrence& rule, cctz::civil_day start);

/// Calls `visit` with the days in ascending order, from `start` to `last`, until it answers false. Days
/// before `from` may be left out when no COUNT counts them. UNTIL is for the caller to see to.
void for_each_day(const Recurrence& rule, cctz::civil_day start, cctz::civil_day from, cctz::civil_day last,
                  const std::function<bool(cctz::civil_day)>& visit);

}  // namespace patchwave::icalendar
