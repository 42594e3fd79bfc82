#include "controllers/schedule/weekly_window.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "controllers/plan/openings.hpp"

namespace patchwave::schedule {
namespace {

constexpr int kMinutesOfDay = 24 * 60;
constexpr std::size_t kLongestText = 200;
constexpr std::array<std::string_view, 7> kDays = {"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};
constexpr std::size_t kShortDay = 3;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

/// "sat", "saturday" or "saturdays".
std::optional<std::size_t> find_day(std::string_view word) {
  for (std::size_t i = 0; i < kDays.size(); ++i) {
    const std::string_view name = kDays[i];
    if (word == name || word == name.substr(0, kShortDay)) return i;
    if (word.size() == name.size() + 1 && word.starts_with(name) && word.back() == 's') return i;
  }
  return std::nullopt;
}

/// Takes what stands before `separator` off `rest`.
std::string_view take_up_to(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return trimmed(part);
}

std::optional<std::bitset<7>> read_days(std::string_view words) {
  const std::string text = lower(words);
  std::bitset<7> days;
  if (text == "daily") return days.set();
  std::string_view rest = text;
  do {
    std::string_view range = take_up_to(rest, ',');
    const bool is_range = range.find('-') != std::string_view::npos;
    const auto first = find_day(take_up_to(range, '-'));
    const auto last = is_range ? find_day(trimmed(range)) : first;
    if (!first || !last) return std::nullopt;
    // "Fri-Mon" goes round the end of the week.
    for (std::size_t day = *first;; day = (day + 1) % days.size()) {
      days.set(day);
      if (day == *last) break;
    }
  } while (!rest.empty());
  return days;
}

std::optional<int> read_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 2) return std::nullopt;
  int value = 0;
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value;
}

/// "HH:MM" as minutes of the day, up to 24:00.
std::optional<int> read_time_of_day(std::string_view text) {
  std::string_view rest = text;
  const auto hours = read_number(take_up_to(rest, ':'));
  const auto minutes = read_number(rest);
  if (!hours || !minutes || *minutes >= 60) return std::nullopt;
  const int total = *hours * 60 + *minutes;
  return total <= kMinutesOfDay ? std::optional(total) : std::nullopt;
}

/// Takes "(+1d)" or "+1d" off the end.
bool take_next_day(std::string_view& text) {
  for (const std::string_view mark : {"(+1d)", "+1d"}) {
    if (!text.ends_with(mark)) continue;
    text = trimmed(text.substr(0, text.size() - mark.size()));
    return true;
  }
  return false;
}

std::optional<WeeklyWindow> read_window(std::string_view text) {
  const auto digit = text.find_first_of("0123456789");
  if (digit == std::string_view::npos || text.size() > kLongestText) return std::nullopt;
  const auto days = read_days(trimmed(text.substr(0, digit)));
  std::string_view times = trimmed(text.substr(digit));
  const bool ends_next_day = take_next_day(times);
  const auto begin = read_time_of_day(take_up_to(times, '-'));
  const auto end = read_time_of_day(trimmed(times));
  if (!days || !begin || !end || *begin == kMinutesOfDay) return std::nullopt;
  const bool crosses = ends_next_day || *end <= *begin;
  return WeeklyWindow{*days, *begin, crosses ? *end + kMinutesOfDay : *end, std::string(text)};
}

cctz::civil_second at_minute(cctz::civil_day day, int minute) {
  return cctz::civil_second(day) + std::int64_t{minute} * 60;
}

/// Empty when nothing is left of it.
plan::Interval strict_interval(const cctz::time_zone& zone, cctz::civil_second begin,
                               cctz::civil_second end) {
  const plan::Interval strict{plan::last_instant(zone, begin), plan::first_instant(zone, end)};
  if (strict.begin < strict.end) return strict;
  return {plan::first_instant(zone, begin), strict.end};
}

void add_merged(std::vector<Opening>& merged, Opening next) {
  if (merged.empty() || next.interval.begin > merged.back().interval.end) {
    merged.push_back(std::move(next));
    return;
  }
  Opening& last = merged.back();
  last.interval.end = std::max(last.interval.end, next.interval.end);
  if (last.window.find(next.window) == std::string::npos) last.window += ", " + next.window;
}

/// `denied` in ascending order.
void add_without(std::vector<Opening>& result, Opening open, const std::vector<plan::Interval>& denied) {
  for (const auto& deny : denied) {
    if (deny.begin >= open.interval.end) break;
    if (deny.end <= open.interval.begin) continue;
    if (deny.begin > open.interval.begin) result.push_back({{open.interval.begin, deny.begin}, open.window});
    open.interval.begin = deny.end;
    if (open.interval.begin >= open.interval.end) return;
  }
  result.push_back(std::move(open));
}

std::vector<plan::Interval> denied_intervals(const std::vector<Denial>& denials, const cctz::time_zone& zone,
                                             std::vector<plan::Interval> denied) {
  for (const auto& denial : denials) {
    const plan::Interval interval{plan::first_instant(zone, denial.from),
                                  plan::last_instant(zone, denial.to)};
    if (interval.begin < interval.end) denied.push_back(interval);
  }
  std::ranges::sort(denied, {}, &plan::Interval::begin);
  return denied;
}

}  // namespace

Result<WeeklyWindow> parse_weekly_window(std::string_view text, std::string_view field) {
  if (auto window = read_window(trimmed(text))) return std::move(*window);
  return fail(ErrorKind::Invalid,
              fmt::format("{} '{}' is not days and times of the day, such as 'Sat 02:00-06:00', "
                          "'Mon-Fri 20:00-06:00(+1d)', 'Tue,Thu 22:00-24:00' or 'daily 01:00-03:00'",
                          field, text.substr(0, kLongestText)));
}

std::vector<Opening> openings(const std::vector<WeeklyWindow>& windows, const std::vector<Denial>& denials,
                              const cctz::time_zone& zone, Date first, int days, const Dated& dated) {
  const Time until = midnight(zone, first + std::chrono::days(days));
  std::vector<Opening> all = dated.windows;
  for (auto& opening : all) opening.interval.end = std::min(opening.interval.end, until);
  for (int i = 0; i < days; ++i) {
    const cctz::civil_day day = civil_day_of(first) + i;
    const auto weekday = static_cast<std::size_t>(cctz::get_weekday(day));
    for (const auto& window : windows) {
      if (!window.days.test(weekday)) continue;
      auto interval = strict_interval(zone, at_minute(day, window.begin), at_minute(day, window.end));
      interval.end = std::min(interval.end, until);
      if (interval.begin < interval.end) all.push_back({interval, window.text});
    }
  }
  std::ranges::stable_sort(all, {}, [](const Opening& opening) { return opening.interval.begin; });
  std::vector<Opening> merged;
  for (auto& opening : all) add_merged(merged, std::move(opening));
  const auto denied = denied_intervals(denials, zone, dated.freezes);
  std::vector<Opening> result;
  for (auto& opening : merged) add_without(result, std::move(opening), denied);
  return result;
}

cctz::civil_day civil_day_of(Date date) {
  return cctz::civil_day() + date.time_since_epoch().count();
}

Time midnight(const cctz::time_zone& zone, Date date) {
  return plan::first_instant(zone, cctz::civil_second(civil_day_of(date)));
}

}  // namespace patchwave::schedule
