// The events of an iCalendar file, RFC 5545: change freezes and maintenance windows as other tools export
// them.
//
// What can't be understood is refused and not passed over, so that no freeze is lost: another frequency than
// days, weeks and months, RDATE, RECURRENCE-ID, zones that the IANA database lacks. Zones' own definitions
// (VTIMEZONE), tasks, journals and alarms are passed over, and events that are cancelled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/icalendar/recurrence.hpp"
#include "controllers/plan/windows.hpp"

namespace patchwave::icalendar {

/// Has an end, or a duration; a day alone has a duration of one day.
struct Event {
  std::size_t line = 0;  ///< That it begins on.
  std::string summary;
  Moment start;
  std::optional<Moment> end;
  std::optional<Period> duration;
  std::optional<Recurrence> rule;
  std::vector<Moment> except;
};

using Calendar = std::vector<Event>;

/// TooLarge above 1 MiB, Invalid with the line and what is wrong in it; at most 2,000 events.
Result<Calendar> parse_calendar(std::string_view text);

/// Which reading of a local time counts that a change of the clock repeats or skips, and of an end that is
/// another one by the wall clock than by the time that passes.
enum class Reading : std::uint8_t {
  Widest,     ///< For what must not be touched: all that any reading has.
  Narrowest,  ///< For what may be: only what all of them have, or the standard's if they have nothing in
              ///< common.
};

struct Occurrence {
  plan::Interval interval;
  std::string summary;
};

/// What of the events meets `span`, by begin; `reader`'s zone counts for events without one. TooLarge above
/// 10,000.
Result<std::vector<Occurrence>> occurrences(const Calendar& calendar, const cctz::time_zone& reader,
                                            plan::Interval span, Reading reading);

}  // namespace patchwave::icalendar
