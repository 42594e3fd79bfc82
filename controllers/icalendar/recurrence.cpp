#include "controllers/icalendar/recurrence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace patchwave::icalendar {
namespace {

constexpr int kMostInterval = 1'000;
constexpr int kMostCount = 10'000;
constexpr std::size_t kMostItems = 62;
constexpr int kMostOrdinal = 5;
constexpr int kLongestMonth = 31;
constexpr std::array<std::string_view, 7> kWeekdays = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

std::string_view take_up_to(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

std::optional<int> read_integer(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> read_within(std::string_view text, int least, int most) {
  const auto value = read_integer(text);
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

std::optional<cctz::weekday> read_weekday(std::string_view text) {
  const auto found = std::ranges::find(kWeekdays, text);
  if (found == kWeekdays.end()) return std::nullopt;
  return static_cast<cctz::weekday>(found - kWeekdays.begin());
}

std::optional<WeekdayRule> read_weekday_rule(std::string_view text) {
  constexpr std::size_t kLetters = 2;
  if (text.size() < kLetters) return std::nullopt;
  const auto day = read_weekday(text.substr(text.size() - kLetters));
  const std::string_view digits = text.substr(0, text.size() - kLetters);
  if (!day || digits.empty()) return day ? std::optional(WeekdayRule{0, *day}) : std::nullopt;
  const auto ordinal = read_within(digits, -kMostOrdinal, kMostOrdinal);
  if (!ordinal || *ordinal == 0) return std::nullopt;
  return WeekdayRule{*ordinal, *day};
}

/// Reads a list whole or not at all.
template <class Value, class Read>
bool read_list(std::string_view text, std::vector<Value>& into, Read read) {
  for (bool more = true; more;) {
    more = text.find(',') != std::string_view::npos;
    const std::optional<Value> value = read(take_up_to(text, ','));
    if (!value || into.size() == kMostItems) return false;
    into.push_back(*value);
  }
  return true;
}

std::optional<Recurrence::Frequency> read_frequency(std::string_view text) {
  if (text == "DAILY") return Recurrence::Frequency::Daily;
  if (text == "WEEKLY") return Recurrence::Frequency::Weekly;
  if (text == "MONTHLY") return Recurrence::Frequency::Monthly;
  return std::nullopt;
}

/// Sets `into` when there is a value.
template <class Target, class Value>
bool set(Target& into, const std::optional<Value>& value) {
  if (value)
    into = value.value();  // NOLINT(bugprone-optional-value-conversion): COUNT's target is optional itself
  return value.has_value();
}

/// What a part may be; empty when it was read.
std::string_view read_part(Recurrence& rule, std::string_view name, std::string_view value) {
  if (name == "FREQ")
    return set(rule.frequency, read_frequency(value)) ? "" : "it may be DAILY, WEEKLY or MONTHLY";
  if (name == "INTERVAL")
    return set(rule.interval, read_within(value, 1, kMostInterval)) ? "" : "it may be 1 to 1000";
  if (name == "COUNT")
    return set(rule.count, read_within(value, 1, kMostCount)) ? "" : "it may be 1 to 10000";
  if (name == "UNTIL")
    return set(rule.until, parse_moment(value)) ? "" : "it is a date or a time such as 20240803T020000Z";
  if (name == "WKST") return set(rule.week_start, read_weekday(value)) ? "" : "it may be MO to SU";
  if (name == "BYDAY") {
    return read_list(value, rule.days, read_weekday_rule)
               ? ""
               : "it is a list of MO to SU, of a month with -5 to 5 before them";
  }
  if (name == "BYMONTHDAY") {
    const auto read = [](std::string_view text) {
      const auto day = read_within(text, -kLongestMonth, kLongestMonth);
      return day && *day != 0 ? day : std::nullopt;
    };
    return read_list(value, rule.days_of_month, read) ? "" : "it is a list of 1 to 31 and -31 to -1";
  }
  return "there may be FREQ, INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL and WKST";
}

bool has_ordinals(const Recurrence& rule) {
  return std::ranges::any_of(rule.days, [](const WeekdayRule& each) { return each.ordinal != 0; });
}

cctz::civil_day last_of_month(cctz::civil_day day) {
  return cctz::civil_day(cctz::civil_month(day) + 1) - 1;
}

bool is_day_of_month(const std::vector<int>& days, cctz::civil_day day) {
  const int from_end = day.day() - last_of_month(day).day() - 1;
  return std::ranges::any_of(days, [&](int each) { return each == day.day() || each == from_end; });
}

bool is_weekday(const std::vector<WeekdayRule>& rules, cctz::civil_day day) {
  constexpr int kWeek = 7;
  const int nth = (day.day() - 1) / kWeek + 1;
  const int nth_last = -((last_of_month(day).day() - day.day()) / kWeek + 1);
  return std::ranges::any_of(rules, [&](const WeekdayRule& each) {
    return each.day == cctz::get_weekday(day) &&
           (each.ordinal == 0 || each.ordinal == nth || each.ordinal == nth_last);
  });
}

/// By the parts that name days; one that names none of them is for the frequency to say.
bool is_named(const Recurrence& rule, cctz::civil_day day) {
  return (rule.days.empty() || is_weekday(rule.days, day)) &&
         (rule.days_of_month.empty() || is_day_of_month(rule.days_of_month, day));
}

bool is_on(const Recurrence& rule, cctz::civil_day start, cctz::civil_day day) {
  switch (rule.frequency) {
    case Recurrence::Frequency::Daily:
      return is_named(rule, day);
    case Recurrence::Frequency::Weekly:
      return rule.days.empty() ? cctz::get_weekday(day) == cctz::get_weekday(start) : is_named(rule, day);
    case Recurrence::Frequency::Monthly:
      return rule.days.empty() && rule.days_of_month.empty() ? day.day() == start.day() : is_named(rule, day);
  }
  return false;
}

/// The first and the last day of one of the rule's days, weeks or months; `number` 0 is that of the start.
struct Span {
  cctz::civil_day first;
  cctz::civil_day last;
};
Span span_of(const Recurrence& rule, cctz::civil_day start, std::int64_t number) {
  constexpr int kWeek = 7;
  const std::int64_t ahead = number * rule.interval;
  switch (rule.frequency) {
    case Recurrence::Frequency::Daily:
      return {start + ahead, start + ahead};
    case Recurrence::Frequency::Weekly: {
      const auto first = cctz::prev_weekday(start + 1, rule.week_start) + ahead * kWeek;
      return {first, first + (kWeek - 1)};
    }
    case Recurrence::Frequency::Monthly: {
      const auto month = cctz::civil_month(start) + ahead;
      return {cctz::civil_day(month), cctz::civil_day(month + 1) - 1};
    }
  }
  return {start, start};
}

/// A span that ends before `from`, or the first.
std::int64_t first_span(const Recurrence& rule, cctz::civil_day start, cctz::civil_day from) {
  if (rule.count || from <= start) return 0;
  constexpr std::array<std::int64_t, 3> kLongest = {1, 7, kLongestMonth};
  const std::int64_t days = kLongest.at(static_cast<std::size_t>(rule.frequency)) * rule.interval;
  return std::max<std::int64_t>(0, (from - start) / days - 1);
}

}  // namespace

Result<Recurrence> parse_recurrence(const ContentLine& line) {
  Recurrence rule;
  std::set<std::string> names;
  const std::string text = upper_case(line.value);
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view value = take_up_to(rest, ';');
    const std::string whole(value);
    const std::string name(take_up_to(value, '='));
    const std::string_view wrong = read_part(rule, name, value);
    if (!wrong.empty())
      return refuse(line.number, fmt::format("RRULE with {} is not understood: {}", whole, wrong));
    if (!names.insert(name).second) return refuse(line.number, fmt::format("RRULE has {} twice", name));
  }
  if (!names.contains("FREQ")) return refuse(line.number, "RRULE lacks FREQ: DAILY, WEEKLY or MONTHLY");
  if (rule.count && rule.until) return refuse(line.number, "RRULE has both COUNT and UNTIL");
  if (has_ordinals(rule) && rule.frequency != Recurrence::Frequency::Monthly)
    return refuse(line.number, "RRULE with an ordinal in BYDAY must be FREQ=MONTHLY");
  if (!rule.days_of_month.empty() && rule.frequency == Recurrence::Frequency::Weekly)
    return refuse(line.number, "RRULE with FREQ=WEEKLY can't have BYMONTHDAY");
  return rule;
}

bool recurs_on(const Recurrence& rule, cctz::civil_day start) {
  return is_on(rule, start, start);
}

void for_each_day(const Recurrence& rule, cctz::civil_day start, cctz::civil_day from, cctz::civil_day last,
                  const std::function<bool(cctz::civil_day)>& visit) {
  for (std::int64_t number = first_span(rule, start, from);; ++number) {
    const Span span = span_of(rule, start, number);
    if (span.first > last) return;
    for (cctz::civil_day day = std::max(span.first, start); day <= std::min(span.last, last); ++day) {
      if (is_on(rule, start, day) && !visit(day)) return;
    }
  }
}

}  // namespace patchwave::icalendar
