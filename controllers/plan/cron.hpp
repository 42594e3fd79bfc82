// Five-field cron schedules, crontab(5): minute, hour, day of month, month, day of week.
//
// A field is a list of numbers, ranges and steps ("1,15-20,*/5"); months and days of the week may be named
// by their first three letters in any case; Sunday is 0 and 7. Day of month and day of week: when neither
// begins with '*', a day that matches either counts; otherwise it has to match both.
#pragma once

#include <cctz/civil_time.h>

#include <bitset>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"

namespace patchwave::plan {

struct CronSchedule {
  std::vector<int> minutes_of_day;  ///< Ascending, 0 to 1439: every "hour and minute" of a day that matches.
  std::bitset<32> days;             ///< 1 to 31.
  std::bitset<13> months;           ///< 1 to 12.
  std::bitset<7> weekdays;          ///< 0 is Sunday.
  bool either_day = false;          ///< Day of month or day of week is enough.

  [[nodiscard]] bool matches(cctz::civil_day day) const;
};

/// Invalid says which field is wrong and what it may be. A schedule that matches no day of any year is wrong.
Result<CronSchedule> parse_cron(std::string_view text);

}  // namespace patchwave::plan
