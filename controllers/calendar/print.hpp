// A month's plan as others take it in.
#pragma once

#include <string>

#include "controllers/calendar/month_plan.hpp"
#include "operator/base/json.hpp"

namespace patchwave::calendar {

/// Everything, for programs: times are RFC 3339 with the offset of the group's zone.
Json print_json(const MonthPlan& plan);
/// For a ticket or a wiki.
std::string print_markdown(const MonthPlan& plan);
/// RFC 5545: an event for each session, a tentative one for each emergency.
std::string print_icalendar(const MonthPlan& plan);
/// One page that needs nothing beside it: no script, no other file.
std::string print_html(const MonthPlan& plan);

}  // namespace patchwave::calendar
