// Maintenance windows in the words of a change calendar: "Sat 02:00-06:00", "Mon-Fri 20:00-06:00(+1d)".
//
// Both ends are local wall clock, right across changes of daylight saving. A window is read strictly, so that
// nobody's reading of it is broken: of a local time that comes twice it begins the second time and ends the
// first, unless nothing were left of it so. A local time that is skipped is the instant of the jump.
#pragma once

#include <cctz/time_zone.h>

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/plan/windows.hpp"
#include "operator/base/date.hpp"

namespace patchwave::schedule {

struct WeeklyWindow {
  std::bitset<7> days;  ///< On which it begins; 0 is Monday. "Mon-Fri" nights begin Monday to Friday.
  int begin = 0;        ///< Minutes of the local day.
  int end = 0;          ///< Minutes from the same midnight; above 1440 it ends on the next day.
  std::string text;     ///< As it was written.
};

/// Days are names, ranges and lists of them, or "daily"; an end that isn't after the begin is the next day's.
/// Invalid names the field, the text and what is allowed.
Result<WeeklyWindow> parse_weekly_window(std::string_view text, std::string_view field);

/// Local time, [from, to).
struct Denial {
  cctz::civil_second from;
  cctz::civil_second to;
  std::string reason;
};

/// One time that a window is open.
struct Opening {
  plan::Interval interval;
  std::string window;  ///< The text of its rule, of all rules where they overlap.
};

/// What calendars add to the rules of the week.
struct Dated {
  std::vector<Opening> windows;  ///< They begin on days that are planned.
  std::vector<plan::Interval> freezes;
};

/// What opens on one of the `days` days from `first` on, cut by denials and freezes and to the end of the
/// last day; ascending and apart.
std::vector<Opening> openings(const std::vector<WeeklyWindow>& windows, const std::vector<Denial>& denials,
                              const cctz::time_zone& zone, Date first, int days, const Dated& dated = {});

cctz::civil_day civil_day_of(Date date);
/// The first instant of a local day.
Time midnight(const cctz::time_zone& zone, Date date);

}  // namespace patchwave::schedule
