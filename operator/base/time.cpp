#include "operator/base/time.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

namespace patchwave {
namespace {

std::string format_civil(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<seconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

// Reads exactly `width` digits at `at` and moves past them.
std::optional<int> take_number(std::string_view text, std::size_t& at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const char digit = text[at + i];
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  at += width;
  return value;
}

bool take(std::string_view text, std::size_t& at, std::string_view any_of) {
  if (at >= text.size() || any_of.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

microseconds take_fraction(std::string_view text, std::size_t& at) {
  std::int64_t value = 0;
  int digits = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    if (digits < 6) {
      value = value * 10 + (text[at] - '0');
      ++digits;
    }
  }
  for (; digits < 6; ++digits) value *= 10;
  return microseconds(value);
}

std::optional<seconds> take_offset(std::string_view text, std::size_t& at) {
  if (take(text, at, "Zz")) return seconds(0);
  const bool behind = at < text.size() && text[at] == '-';
  if (!take(text, at, "+-")) return std::nullopt;
  const auto hours = take_number(text, at, 2);
  if (!hours || !take(text, at, ":")) return std::nullopt;
  const auto minutes = take_number(text, at, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return behind ? -offset : offset;
}

std::optional<Time> read_time(std::string_view text) {
  std::size_t at = 0;
  const auto year = take_number(text, at, 4);
  if (!year || !take(text, at, "-")) return std::nullopt;
  const auto month = take_number(text, at, 2);
  if (!month || !take(text, at, "-")) return std::nullopt;
  const auto day = take_number(text, at, 2);
  if (!day || !take(text, at, "Tt")) return std::nullopt;
  const auto hour = take_number(text, at, 2);
  if (!hour || !take(text, at, ":")) return std::nullopt;
  const auto minute = take_number(text, at, 2);
  if (!minute || !take(text, at, ":")) return std::nullopt;
  const auto second = take_number(text, at, 2);
  if (!second) return std::nullopt;
  microseconds fraction{0};
  if (take(text, at, ".")) fraction = take_fraction(text, at);
  const auto offset = take_offset(text, at);
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  const bool valid = offset && at == text.size() && date.ok() && *hour < 24 && *minute < 60 && *second < 61;
  if (!valid) return std::nullopt;
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second) + fraction - *offset;
}

}  // namespace

std::string format_time(Time time) {
  return format_civil(time) + "Z";
}

std::string format_micro_time(Time time) {
  const auto fraction = time - std::chrono::floor<seconds>(time);
  return fmt::format("{}.{:06}Z", format_civil(time), fraction.count());
}

Result<Time> parse_time(std::string_view text) {
  if (const auto time = read_time(text)) return *time;
  return fail(ErrorKind::Invalid,
              fmt::format("'{}' is not a time; it must be RFC 3339, e.g. 2026-11-21T02:00:00Z", text));
}

Result<milliseconds> parse_duration(std::string_view text) {
  const auto invalid = [&] {
    return fail(ErrorKind::Invalid,
                fmt::format("'{}' is not a duration; it must be up to four groups of up to five digits and a "
                            "unit out of h, m, s and ms, e.g. 1h30m",
                            text));
  };
  milliseconds total{0};
  std::size_t at = 0;
  int groups = 0;
  for (; at < text.size(); ++groups) {
    const auto* const begin = text.data() + at;
    const auto* const end = text.data() + text.size();
    std::uint32_t value = 0;
    const auto [rest, status] = std::from_chars(begin, end, value);
    const auto digits = static_cast<std::size_t>(rest - begin);
    if (status != std::errc{} || digits > 5 || groups == 4) return invalid();
    at += digits;
    if (text.substr(at, 2) == "ms") {
      total += milliseconds(value);
      at += 2;
    } else if (take(text, at, "h")) {
      total += std::chrono::hours(value);
    } else if (take(text, at, "m")) {
      total += std::chrono::minutes(value);
    } else if (take(text, at, "s")) {
      total += seconds(value);
    } else {
      return invalid();
    }
  }
  if (groups == 0) return invalid();
  return total;
}

std::string format_duration(milliseconds duration) {
  if (duration <= milliseconds::zero()) return "0s";
  std::string text;
  const auto take_unit = [&](auto unit, std::string_view name) {
    const auto count = duration / unit;
    if (count > 0) text += fmt::format("{}{}", count, name);
    duration -= unit * count;
  };
  take_unit(std::chrono::hours(1), "h");
  take_unit(std::chrono::minutes(1), "m");
  take_unit(seconds(1), "s");
  take_unit(milliseconds(1), "ms");
  return text;
}

std::string format_age(milliseconds age) {
  const auto total = std::chrono::floor<seconds>(age).count();
  if (total < 0) return "0s";
  const auto minutes = total / 60;
  const auto hours = minutes / 60;
  const auto days = hours / 24;
  const auto with_rest = [](auto whole, char unit, auto rest, char rest_unit) {
    return rest == 0 ? fmt::format("{}{}", whole, unit)
                     : fmt::format("{}{}{}{}", whole, unit, rest, rest_unit);
  };
  if (total < 120) return fmt::format("{}s", total);
  if (minutes < 10) return with_rest(minutes, 'm', total % 60, 's');
  if (hours < 3) return fmt::format("{}m", minutes);
  if (hours < 8) return with_rest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  if (days < 8) return with_rest(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return fmt::format("{}d", days);
  if (days < 365 * 8) return with_rest(days / 365, 'y', days % 365, 'd');
  return fmt::format("{}y", days / 365);
}

}  // namespace patchwave
