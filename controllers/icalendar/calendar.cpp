#include "controllers/icalendar/calendar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchwave::icalendar {
namespace {

constexpr std::size_t kMostEvents = 2'000;
constexpr std::array<std::string_view, 5> kPassedOver = {"VTIMEZONE", "VTODO", "VJOURNAL", "VALARM",
                                                         "VAVAILABILITY"};

/// Reads lines into events, a component within another at a time.
class CalendarReader {
 public:
  explicit CalendarReader(const std::vector<ContentLine>& lines) : lines_(lines) {}

  Result<Calendar> read() {
    for (; at_ < lines_.size(); ++at_) {
      if (auto done = read_line(lines_[at_]); !done) return fail(done.error());
    }
    if (inside_) return refuse(lines_.back().number, "the file ends before END:VCALENDAR");
    if (!any_) return fail(ErrorKind::Invalid, "it has no BEGIN:VCALENDAR");
    return std::move(calendar_);
  }

 private:
  Result<void> read_line(const ContentLine& line) {
    const std::string value = upper_case(line.value);
    if (!inside_) {
      if (line.name != "BEGIN" || value != "VCALENDAR")
        return refuse(line.number, fmt::format("{} stands where BEGIN:VCALENDAR is expected", line.name));
      inside_ = any_ = true;
      return {};
    }
    if (line.name == "BEGIN") return read_component(line, value);
    if (line.name == "END") {
      if (value != "VCALENDAR")
        return refuse(line.number, fmt::format("END:{} ends what did not begin", value));
      inside_ = false;
      return {};
    }
    if (line.name == "METHOD" && value == "CANCEL")
      return refuse(line.number, "METHOD:CANCEL is not understood: a calendar that takes events back");
    if (line.name == "CALSCALE" && value != "GREGORIAN")
      return refuse(line.number, fmt::format("CALSCALE:{} is not understood", value));
    return {};
  }

  Result<void> read_component(const ContentLine& begin, const std::string& name) {
    if (name == "VEVENT") return read_event(begin);
    if (std::ranges::find(kPassedOver, name) == kPassedOver.end() && !name.starts_with("X-"))
      return refuse(begin.number, fmt::format("BEGIN:{} is not understood", name));
    return pass_over(begin);
  }

  /// To the end of the component that begins here, and of those within it.
  Result<void> pass_over(const ContentLine& begin) {
    std::vector<std::string> open = {upper_case(begin.value)};
    while (!open.empty()) {
      if (++at_ == lines_.size()) return refuse(begin.number, fmt::format("{} does not end", open.front()));
      const ContentLine& line = lines_[at_];
      if (line.name == "BEGIN") open.push_back(upper_case(line.value));
      if (line.name != "END") continue;
      if (open.back() != upper_case(line.value))
        return refuse(line.number,
                      fmt::format("END:{} stands where END:{} is expected", line.value, open.back()));
      open.pop_back();
    }
    return {};
  }

  Result<void> read_event(const ContentLine& begin);

  const std::vector<ContentLine>& lines_;
  std::size_t at_ = 0;
  bool inside_ = false;
  bool any_ = false;
  Calendar calendar_;
};

/// One event, a line at a time.
class EventReader {
 public:
  explicit EventReader(std::size_t line) { event_.line = line; }

  Result<void> read(const ContentLine& line) {
    if (line.name == "RDATE" || line.name == "EXRULE" || line.name == "RECURRENCE-ID")
      return refuse(line.number, fmt::format("{} is not understood", line.name));
    if (line.name == "DTSTART") return read_moment(line, start_);
    if (line.name == "DTEND") return read_moment(line, event_.end);
    if (line.name == "DURATION") return read_duration(line);
    if (line.name == "RRULE") return read_rule(line);
    if (line.name == "EXDATE") return read_exceptions(line);
    if (line.name == "SUMMARY") event_.summary = plain_text(line.value);
    if (line.name == "STATUS") cancelled_ = upper_case(line.value) == "CANCELLED";
    return {};
  }

  [[nodiscard]] bool is_cancelled() const { return cancelled_; }

  Result<Event> finish() {
    if (!start_) return refuse(event_.line, "the event has no DTSTART");
    event_.start = *start_;
    if (auto checked = check_length(); !checked) return fail(checked.error());
    if (auto checked = check_rule(); !checked) return fail(checked.error());
    for (const auto& except : event_.except) {
      if (!is_alike(except))
        return refuse(event_.line, "the event's EXDATE must be a date, local or of a zone as its DTSTART is");
    }
    return std::move(event_);
  }

 private:
  template <class Value>
  static Result<void> once(const ContentLine& line, const std::optional<Value>& before) {
    if (before) return refuse(line.number, fmt::format("the event has {} twice", line.name));
    return {};
  }

  static Result<void> read_moment(const ContentLine& line, std::optional<Moment>& into) {
    if (auto first = once(line, into); !first) return first;
    const auto moments = read_moments(line);
    if (!moments) return fail(moments.error());
    if (moments->size() > 1) return refuse(line.number, fmt::format("{} is more than one time", line.name));
    into = moments->front();
    return {};
  }

  Result<void> read_duration(const ContentLine& line) {
    if (auto first = once(line, event_.duration); !first) return first;
    event_.duration = parse_period(upper_case(line.value));
    if (!event_.duration) {
      return refuse(line.number,
                    fmt::format("DURATION '{}' is not a duration such as PT4H or P1DT12H, of at most {} "
                                "days",
                                line.value, kLongestDays));
    }
    return {};
  }

  Result<void> read_rule(const ContentLine& line) {
    if (auto first = once(line, event_.rule); !first) return first;
    auto rule = parse_recurrence(line);
    if (!rule) return fail(rule.error());
    event_.rule = std::move(*rule);
    rule_line_ = line.number;
    return {};
  }

  Result<void> read_exceptions(const ContentLine& line) {
    const auto moments = read_moments(line);
    if (!moments) return fail(moments.error());
    event_.except.insert(event_.except.end(), moments->begin(), moments->end());
    return {};
  }

  /// Both days, or both of a zone, or neither.
  [[nodiscard]] bool is_alike(const Moment& other) const {
    return other.is_date == event_.start.is_date && other.zone.has_value() == event_.start.zone.has_value();
  }

  Result<void> check_length() {
    if (event_.end && event_.duration) return refuse(event_.line, "the event has both DTEND and DURATION");
    if (!event_.end && !event_.duration) {
      if (!event_.start.is_date) return refuse(event_.line, "the event has neither DTEND nor DURATION");
      event_.duration = Period{1, seconds(0)};
    }
    if (event_.duration && event_.start.is_date && event_.duration->exact.count() != 0)
      return refuse(event_.line, "the event's DURATION must be of whole days, as its DTSTART is a date");
    if (!event_.end) return {};
    if (!is_alike(*event_.end))
      return refuse(event_.line, "the event's DTEND must be a date, local or of a zone as its DTSTART is");
    const auto utc = cctz::utc_time_zone();
    const auto length = event_.end->instant(utc) - event_.start.instant(utc);
    if (length <= length.zero()) return refuse(event_.line, "the event's DTEND is not after its DTSTART");
    if (length > std::chrono::days(kLongestDays))
      return refuse(event_.line, fmt::format("the event is longer than {} days", kLongestDays));
    return {};
  }

  Result<void> check_rule() const {
    if (!event_.rule) return {};
    if (!recurs_on(*event_.rule, cctz::civil_day(event_.start.local)))
      return refuse(rule_line_, "the event's RRULE does not have the day of its DTSTART");
    const auto& until = event_.rule->until;
    if (until && !is_alike(*until)) {
      return refuse(rule_line_, event_.start.is_date ? "RRULE must have a date as UNTIL, as DTSTART is one"
                                : event_.start.zone  ? "RRULE must have a time in UTC as UNTIL"
                                                     : "RRULE must have a local time as UNTIL");
    }
    return {};
  }

  Event event_;
  std::optional<Moment> start_;
  std::size_t rule_line_ = 0;
  bool cancelled_ = false;
};

Result<void> CalendarReader::read_event(const ContentLine& begin) {
  EventReader reader(begin.number);
  while (++at_ < lines_.size()) {
    const ContentLine& line = lines_[at_];
    if (line.name == "BEGIN") {
      if (auto done = read_component(line, upper_case(line.value)); !done) return done;
      continue;
    }
    if (line.name != "END") {
      if (auto done = reader.read(line); !done) return done;
      continue;
    }
    if (upper_case(line.value) != "VEVENT")
      return refuse(line.number, fmt::format("END:{} stands where END:VEVENT is expected", line.value));
    auto event = reader.finish();
    if (!event) return fail(event.error());
    if (calendar_.size() == kMostEvents)
      return refuse(begin.number, fmt::format("there are more than {} events", kMostEvents));
    if (!reader.is_cancelled()) calendar_.push_back(std::move(*event));
    return {};
  }
  return refuse(begin.number, "VEVENT does not end");
}

}  // namespace

Result<Calendar> parse_calendar(std::string_view text) {
  const auto lines = parse_content_lines(text);
  if (!lines) return fail(lines.error());
  return CalendarReader(*lines).read();
}

}  // namespace patchwave::icalendar
