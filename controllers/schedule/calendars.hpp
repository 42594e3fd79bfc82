// Change freezes and windows that stand in calendars of other tools.
#pragma once

#include "controllers/icalendar/calendar.hpp"
#include "controllers/schedule/environment.hpp"

namespace patchwave::schedule {

/// Nothing is touched while an event goes on, in any group; local events are in each group's zone. Answers
/// how many there are in the days of the plan. TooLarge names the event.
Result<std::size_t> add_freezes(Environment& environment, const icalendar::Calendar& calendar);

/// Events that begin on a day of the plan are windows of the group beside its others.
Result<std::size_t> add_windows(const Environment& environment, Group& group,
                                const icalendar::Calendar& calendar);

}  // namespace patchwave::schedule
