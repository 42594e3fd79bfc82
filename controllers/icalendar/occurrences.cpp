#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controllers/icalendar/calendar.hpp"
#include "controllers/plan/openings.hpp"

namespace patchwave::icalendar {
namespace {

constexpr std::size_t kMostOccurrences = 10'000;
/// More than any zone is from another, and a change of the clock.
constexpr int kDaysBetweenZones = 2;

cctz::civil_day day_at(Time time) {
  return cctz::civil_day(cctz::convert(std::chrono::floor<seconds>(time), cctz::utc_time_zone()));
}

/// The standard's reading first.
struct Readings {
  std::vector<Time> begins;
  std::vector<Time> ends;
};

void add_readings(std::vector<Time>& into, const cctz::time_zone& zone, cctz::civil_second local) {
  into.push_back(instant(zone, local));
  into.push_back(plan::first_instant(zone, local));
  into.push_back(plan::last_instant(zone, local));
}

/// RFC 5545 has a DTEND say how much time passes; people read it as a time of the wall clock.
Readings readings_of(const Event& event, const cctz::time_zone& reader, cctz::civil_second start) {
  const cctz::time_zone zone = event.start.zone.value_or(reader);
  Readings readings;
  add_readings(readings.begins, zone, start);
  if (!event.end) {
    const auto end = start + event.duration->days * std::int64_t{24 * 60 * 60};
    if (event.duration->exact.count() == 0) {
      add_readings(readings.ends, zone, end);
    } else {
      readings.ends.push_back(instant(zone, end) + event.duration->exact);
    }
    return readings;
  }
  const Time exact = readings.begins.front() + (event.end->instant(reader) - event.start.instant(reader));
  if (!event.start.is_date) readings.ends.push_back(exact);
  if (event.end->zone.value_or(reader) == zone)
    add_readings(readings.ends, zone, start + (event.end->local - event.start.local));
  return readings;
}

plan::Interval interval_of(const Readings& readings, Reading reading) {
  const auto [first_begin, last_begin] = std::ranges::minmax(readings.begins);
  const auto [first_end, last_end] = std::ranges::minmax(readings.ends);
  if (reading == Reading::Widest) return {first_begin, last_end};
  if (last_begin < first_end) return {last_begin, first_end};
  return {readings.begins.front(), readings.ends.front()};
}

class Expansion {
 public:
  Expansion(const cctz::time_zone& reader, plan::Interval span, Reading reading)
      : reader_(reader), span_(span), reading_(reading) {}

  /// False when there are too many.
  bool add(const Event& event) {
    std::set<Time> except;
    for (const auto& moment : event.except) except.insert(moment.instant(reader_));
    if (!event.rule) return add_one(event, except, event.start.local);
    const cctz::civil_day start(event.start.local);
    const cctz::civil_day from = day_at(span_.begin) - (kLongestDays + kDaysBetweenZones);
    const cctz::civil_day last = day_at(span_.end) + kDaysBetweenZones;
    int left = event.rule->count.value_or(0);
    bool fits = true;
    for_each_day(*event.rule, start, from, last, [&](cctz::civil_day day) {
      const cctz::civil_second local = event.start.local + (day - start) * std::int64_t{24 * 60 * 60};
      if (is_past(event, local)) return false;
      fits = add_one(event, except, local);
      return fits && (!event.rule->count || --left > 0);
    });
    return fits;
  }

  std::vector<Occurrence> take() {
    std::ranges::stable_sort(found_, {}, [](const Occurrence& each) { return each.interval.begin; });
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool is_past(const Event& event, cctz::civil_second local) const {
    const auto& until = event.rule->until;
    return until && instant(event.start.zone.value_or(reader_), local) > until->instant(reader_);
  }

  bool add_one(const Event& event, const std::set<Time>& except, cctz::civil_second local) {
    if (except.contains(instant(event.start.zone.value_or(reader_), local))) return true;
    const auto interval = interval_of(readings_of(event, reader_, local), reading_);
    if (interval.begin >= interval.end || interval.end <= span_.begin || interval.begin >= span_.end)
      return true;
    if (found_.size() == kMostOccurrences) return false;
    found_.push_back({interval, event.summary});
    return true;
  }

  const cctz::time_zone& reader_;
  plan::Interval span_;
  Reading reading_;
  std::vector<Occurrence> found_;
};

}  // namespace

Result<std::vector<Occurrence>> occurrences(const Calendar& calendar, const cctz::time_zone& reader,
                                            plan::Interval span, Reading reading) {
  Expansion expansion(reader, span, reading);
  for (const auto& event : calendar) {
    if (!expansion.add(event)) {
      return fail(ErrorKind::TooLarge,
                  fmt::format("line {}: with this event there are more than {} in the days that are planned",
                              event.line, kMostOccurrences));
    }
  }
  return expansion.take();
}

}  // namespace patchwave::icalendar
