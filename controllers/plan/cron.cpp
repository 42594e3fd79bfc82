#include "controllers/plan/cron.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>

namespace patchwave::plan {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                      "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kWeekdays = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
constexpr std::size_t kLongestSchedule = 256;

struct Field {
  std::string_view title;
  int first;
  int last;
  std::span<const std::string_view> names;  ///< names[i] stands for first + i.
};
const std::array<Field, 5> kFields = {{{"minute", 0, 59, {}},
                                       {"hour", 0, 23, {}},
                                       {"day of month", 1, 31, {}},
                                       {"month", 1, 12, kMonths},
                                       {"day of week", 0, 7, kWeekdays}}};

using Values = std::bitset<60>;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  for (const auto tabs : split(text, '\t')) {
    for (const auto word : split(tabs, ' ')) {
      if (!word.empty()) found.push_back(word);
    }
  }
  return found;
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<int> named(const Field& field, std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  const auto found = std::ranges::find(field.names, upper);
  if (found == field.names.end()) return std::nullopt;
  return field.first + static_cast<int>(found - field.names.begin());
}

Result<int> value_of(const Field& field, std::string_view text) {
  const auto value = number(text);
  if (value && *value >= field.first && *value <= field.last) return *value;
  if (const auto name = named(field, text)) return *name;
  const std::string names =
      field.names.empty() ? ""
                          : fmt::format(" or a name from {} to {}", field.names.front(), field.names.back());
  return fail(ErrorKind::Invalid, fmt::format("{} '{}' is not a number from {} to {}{}", field.title, text,
                                              field.first, field.last, names));
}

Result<int> step_of(const Field& field, std::string_view text) {
  const auto step = number(text);
  if (step && *step >= 1 && *step <= field.last) return *step;
  return fail(ErrorKind::Invalid,
              fmt::format("{} step '{}' is not a number from 1 to {}", field.title, text, field.last));
}

struct Range {
  int first;
  int last;
};

// "*", "5", "1-5". A single value with a step runs to the field's end, as other cron readers have it.
Result<Range> range_of(const Field& field, std::string_view text, bool stepped) {
  if (text == "*") return Range{field.first, field.last};
  const auto dash = text.find('-');
  const auto first = value_of(field, text.substr(0, dash));
  if (!first) return fail(first.error());
  if (dash == std::string_view::npos) return Range{*first, stepped ? field.last : *first};
  auto last = value_of(field, text.substr(dash + 1));
  if (!last) return fail(last.error());
  // A range that ends on Sunday ends on the Sunday after it began: "FRI-SUN".
  if (field.last == 7 && *last == 0 && *first > 0) last = 7;
  if (*first > *last) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} range '{}' begins after its end; write two ranges", field.title, text));
  }
  return Range{*first, *last};
}

Result<Values> values_of(const Field& field, std::string_view text) {
  Values values;
  for (const auto item : split(text, ',')) {
    const auto slash = item.find('/');
    const bool stepped = slash != std::string_view::npos;
    const auto range = range_of(field, item.substr(0, slash), stepped);
    if (!range) return fail(range.error());
    const auto step = stepped ? step_of(field, item.substr(slash + 1)) : Result<int>(1);
    if (!step) return fail(step.error());
    for (int value = range->first; value <= range->last; value += *step) {
      values.set(static_cast<std::size_t>(value));
    }
  }
  return values;
}

// Whether some month of some year has a day that matches. Only a day of month can be too late for its month.
bool ever_matches(const CronSchedule& schedule) {
  constexpr std::array<std::size_t, 13> kLongest = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (schedule.either_day) return true;
  for (std::size_t month = 1; month <= 12; ++month) {
    for (std::size_t day = 1; schedule.months.test(month) && day <= kLongest[month]; ++day) {
      if (schedule.days.test(day)) return true;
    }
  }
  return false;
}

template <std::size_t N>
std::bitset<N> narrowed(const Values& values) {
  std::bitset<N> narrow;
  for (std::size_t i = 0; i < N; ++i) narrow.set(i, values.test(i));
  return narrow;
}

CronSchedule assemble(std::array<Values, 5>& values) {
  auto& [minutes, hours, days, months, weekdays] = values;
  if (weekdays.test(7)) weekdays.set(0);
  CronSchedule schedule;
  for (std::size_t hour = 0; hour < 24; ++hour) {
    for (std::size_t minute = 0; hours.test(hour) && minute < 60; ++minute) {
      if (minutes.test(minute)) schedule.minutes_of_day.push_back(static_cast<int>(hour * 60 + minute));
    }
  }
  schedule.days = narrowed<32>(days);
  schedule.months = narrowed<13>(months);
  schedule.weekdays = narrowed<7>(weekdays);
  return schedule;
}

}  // namespace

bool CronSchedule::matches(cctz::civil_day day) const {
  if (!months.test(static_cast<std::size_t>(day.month()))) return false;
  const auto from_monday = static_cast<std::size_t>(cctz::get_weekday(day));
  const bool by_day = days.test(static_cast<std::size_t>(day.day()));
  const bool by_weekday = weekdays.test((from_monday + 1) % 7);
  return either_day ? by_day || by_weekday : by_day && by_weekday;
}

Result<CronSchedule> parse_cron(std::string_view text) {
  if (text.size() > kLongestSchedule) {
    return fail(ErrorKind::Invalid, fmt::format("it is longer than {} characters", kLongestSchedule));
  }
  if (text.starts_with('@')) {
    return fail(ErrorKind::Invalid,
                "names such as @daily are not taken; write the five fields, as in '0 2 * * SAT'");
  }
  if (text.find('=') != std::string_view::npos) {
    return fail(ErrorKind::Invalid, "it sets a variable; the time zone belongs into the field timeZone");
  }
  const auto fields = words(text);
  if (fields.size() != kFields.size()) {
    return fail(ErrorKind::Invalid,
                fmt::format("it has {} fields and not five: minute, hour, day of month, month, day of week",
                            fields.size()));
  }
  std::array<Values, 5> values;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    auto parsed = values_of(kFields[i], fields[i]);
    if (!parsed) return fail(parsed.error());
    values[i] = *parsed;
  }
  auto schedule = assemble(values);
  schedule.either_day = !fields[2].starts_with('*') && !fields[4].starts_with('*');
  if (!ever_matches(schedule)) {
    return fail(ErrorKind::Invalid, fmt::format("no month it names has a day {}", fields[2]));
  }
  return schedule;
}

}  // namespace patchwave::plan
