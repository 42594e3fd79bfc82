#include "controllers/plan/openings.hpp"

#include <algorithm>
#include <utility>

namespace patchwave::plan {
namespace {

constexpr auto kDay = std::chrono::hours(24);

cctz::civil_second at_minute(cctz::civil_day day, int minute) {
  return cctz::civil_second(day) + std::int64_t{minute} * 60;
}

cctz::civil_day local_day(const cctz::time_zone& zone, Time time) {
  return cctz::civil_day(cctz::convert(std::chrono::floor<seconds>(time), zone));
}

void append_merged(std::vector<Interval>& intervals, Interval next) {
  if (!intervals.empty() && next.begin <= intervals.back().end) {
    intervals.back().end = std::max(intervals.back().end, next.end);
  } else {
    intervals.push_back(next);
  }
}

}  // namespace

Time first_instant(const cctz::time_zone& zone, cctz::civil_second local) {
  const auto found = zone.lookup(local);
  return found.kind == cctz::time_zone::civil_lookup::SKIPPED ? found.trans : found.pre;
}

Time last_instant(const cctz::time_zone& zone, cctz::civil_second local) {
  const auto found = zone.lookup(local);
  return found.kind == cctz::time_zone::civil_lookup::SKIPPED ? found.trans : found.post;
}

AllowRule::AllowRule(CronSchedule schedule, microseconds open_for, cctz::time_zone time_zone)
    : cron(std::move(schedule)), duration(open_for), zone(std::move(time_zone)) {
  for (const int minute : cron.minutes_of_day) {
    const Time begin{std::chrono::minutes(minute)};
    append_merged(ordinary_day, {begin, begin + duration});
  }
}

// One day more on either side than the times ask for: local dates run apart from instants by up to a day.
Openings::Openings(const AllowRule& rule, Time from, Time until)
    : rule_(rule),
      from_(from),
      until_(until),
      day_(local_day(rule.zone, from - rule.duration) - 1),
      last_day_(local_day(rule.zone, until) + 1) {}

std::vector<Interval> Openings::of_day(cctz::civil_day day) const {
  const auto midnight = rule_.zone.lookup(cctz::civil_second(day));
  const auto next_midnight = rule_.zone.lookup(cctz::civil_second(day + 1));
  std::vector<Interval> intervals;
  if (midnight.kind == cctz::time_zone::civil_lookup::UNIQUE &&
      next_midnight.kind == cctz::time_zone::civil_lookup::UNIQUE &&
      next_midnight.pre - midnight.pre == kDay) {
    const auto shift = Time(midnight.pre).time_since_epoch();
    for (const auto& interval : rule_.ordinary_day) {
      intervals.push_back({interval.begin + shift, interval.end + shift});
    }
    return intervals;
  }
  for (const int minute : rule_.cron.minutes_of_day) {
    const auto begin = first_instant(rule_.zone, at_minute(day, minute));
    append_merged(intervals, {begin, begin + rule_.duration});
  }
  return intervals;
}

std::optional<Interval> Openings::next_unmerged() {
  for (;;) {
    while (at_ < today_.size()) {
      const auto interval = today_[at_++];
      if (interval.begin >= until_) return std::nullopt;
      if (interval.end > from_) return interval;
    }
    while (day_ <= last_day_ && !rule_.cron.matches(day_)) ++day_;
    if (day_ > last_day_) return std::nullopt;
    today_ = of_day(day_++);
    at_ = 0;
  }
}

std::optional<Interval> Openings::next() {
  auto merged = ahead_ ? std::exchange(ahead_, std::nullopt) : next_unmerged();
  if (!merged) return std::nullopt;
  while (merged->end < until_) {
    ahead_ = next_unmerged();
    if (!ahead_ || ahead_->begin > merged->end) break;
    merged->end = std::max(merged->end, ahead_->end);
    ahead_.reset();
  }
  return merged;
}

}  // namespace patchwave::plan
