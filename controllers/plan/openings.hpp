// The intervals of one allow window, one after the other.
#pragma once

#include <cctz/time_zone.h>

#include <optional>
#include <vector>

#include "controllers/plan/cron.hpp"
#include "controllers/plan/windows.hpp"

namespace patchwave::plan {

/// The instant of a local time: the first of two, or the jump that skips it.
Time first_instant(const cctz::time_zone& zone, cctz::civil_second local);
/// The same, but the second of two.
Time last_instant(const cctz::time_zone& zone, cctz::civil_second local);

struct AllowRule {
  AllowRule(CronSchedule schedule, microseconds open_for, cctz::time_zone time_zone);

  CronSchedule cron;
  microseconds duration;
  cctz::time_zone zone;
  /// What the schedule opens on a day of 24 hours, from its midnight on; overlaps merged. So that a
  /// schedule of every minute costs one interval a day and not 1440.
  std::vector<Interval> ordinary_day;
};

/// Disjoint intervals in ascending order that end after `from` and begin before `until`. What reaches
/// `until` is not followed beyond it.
class Openings {
 public:
  Openings(const AllowRule& rule, Time from, Time until);
  std::optional<Interval> next();

 private:
  [[nodiscard]] std::vector<Interval> of_day(cctz::civil_day day) const;
  [[nodiscard]] std::optional<Interval> next_unmerged();

  const AllowRule& rule_;
  Time from_;
  Time until_;
  cctz::civil_day day_;
  cctz::civil_day last_day_;
  std::vector<Interval> today_;
  std::size_t at_ = 0;
  std::optional<Interval> ahead_;  ///< Read, but not part of what next() returned last.
};

}  // namespace patchwave::plan
