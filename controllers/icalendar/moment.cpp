#include "controllers/icalendar/moment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "controllers/plan/time_zone.hpp"

namespace patchwave::icalendar {
namespace {

constexpr std::size_t kMostMoments = 1'000;
constexpr std::string_view kShape = "00000000T000000";
constexpr std::size_t kDateAlone = 8;
constexpr int kFirstYear = 1970;
constexpr int kLastYear = 2199;
constexpr std::int64_t kDaySeconds = 24LL * 60 * 60;

bool has_shape(std::string_view text) {
  if (text.size() != kDateAlone && text.size() != kShape.size()) return false;
  return std::ranges::equal(text, kShape.substr(0, text.size()), [](char c, char shape) {
    return shape == '0' ? c >= '0' && c <= '9' : c == shape;
  });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) value = value * 10 + (digit - '0');
  return value;
}

std::optional<cctz::civil_second> read_local(std::string_view text) {
  if (!has_shape(text)) return std::nullopt;
  const int year = number(text.substr(0, 4));
  const int month = number(text.substr(4, 2));
  const int day = number(text.substr(6, 2));
  const bool timed = text.size() > kDateAlone;
  const int hour = timed ? number(text.substr(9, 2)) : 0;
  const int minute = timed ? number(text.substr(11, 2)) : 0;
  const int second = timed ? number(text.substr(13, 2)) : 0;
  if (year < kFirstYear || year > kLastYear) return std::nullopt;
  const cctz::civil_second local(year, month, day, hour, minute, second);
  const bool exists = local.month() == month && local.day() == day && local.hour() == hour &&
                      local.minute() == minute && local.second() == second;
  return exists ? std::optional(local) : std::nullopt;
}

Result<void> check_parameters(const ContentLine& line) {
  for (const auto& [name, value] : line.parameters) {
    if (name == "TZID" || name.starts_with("X-")) continue;
    if (name != "VALUE")
      return refuse(line.number, fmt::format("{} with {}={} is not understood", line.name, name, value));
    const std::string type = upper_case(value);
    if (type != "DATE" && type != "DATE-TIME") {
      return refuse(
          line.number,
          fmt::format("{} with VALUE={} is not understood; it may be DATE or DATE-TIME", line.name, value));
    }
  }
  return {};
}

Result<Moment> read_moment(const ContentLine& line, std::string_view text) {
  auto moment = parse_moment(text);
  if (!moment) {
    return refuse(line.number, fmt::format("{} '{}' is not a date or a time such as 20240803, "
                                           "20240803T020000 or 20240803T020000Z, in the years {} to {}",
                                           line.name, text, kFirstYear, kLastYear));
  }
  const auto value = line.parameters.find("VALUE");
  const std::string type = value == line.parameters.end() ? "DATE-TIME" : upper_case(value->second);
  if (moment->is_date != (type == "DATE"))
    return refuse(line.number,
                  fmt::format("{} '{}' is not a {}, which it says it is", line.name, text, type));
  const auto zone = line.parameters.find("TZID");
  if (zone == line.parameters.end()) return *moment;
  if (moment->is_date || moment->zone)
    return refuse(line.number, fmt::format("{} '{}' may not have a TZID", line.name, text));
  auto named = plan::read_time_zone(zone->second, "TZID");
  if (!named) return refuse(line.number, named.error().message);
  moment->zone = *named;
  return *moment;
}

/// A number and what follows it, off `text`.
std::optional<std::int64_t> take_number(std::string_view& text) {
  constexpr std::size_t kMostDigits = 9;
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  if (end == 0 || end > kMostDigits) return std::nullopt;
  const std::int64_t value = number(text.substr(0, end));
  text.remove_prefix(end);
  return value;
}

/// Units in the order that they must have, a unit once.
bool take_parts(std::string_view& text, std::string_view units, std::array<std::int64_t, 3>& values) {
  std::size_t next = 0;
  while (!text.empty() && text.front() != 'T') {
    const auto value = take_number(text);
    if (!value || text.empty()) return false;
    const auto unit = units.find(text.front(), next);
    if (unit == std::string_view::npos) return false;
    values.at(unit) = *value;
    next = unit + 1;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

Time instant(const cctz::time_zone& zone, cctz::civil_second local) {
  return zone.lookup(local).pre;
}

std::optional<Moment> parse_moment(std::string_view text) {
  Moment moment;
  const bool is_utc = text.size() == kShape.size() + 1 && text.ends_with('Z');
  if (is_utc) {
    text.remove_suffix(1);
    moment.zone = cctz::utc_time_zone();
  }
  const auto local = read_local(text);
  if (!local) return std::nullopt;
  moment.local = *local;
  moment.is_date = text.size() == kDateAlone;
  return moment;
}

Result<std::vector<Moment>> read_moments(const ContentLine& line) {
  if (auto checked = check_parameters(line); !checked) return fail(checked.error());
  std::vector<Moment> moments;
  std::string_view rest = line.value;
  for (bool more = true; more;) {
    const auto comma = rest.find(',');
    more = comma != std::string_view::npos;
    auto moment = read_moment(line, rest.substr(0, comma));
    if (!moment) return fail(moment.error());
    if (moments.size() == kMostMoments)
      return refuse(line.number, fmt::format("{} has more than {} times", line.name, kMostMoments));
    moments.push_back(*moment);
    if (more) rest.remove_prefix(comma + 1);
  }
  return moments;
}

std::optional<Period> parse_period(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (!text.starts_with('P')) return std::nullopt;
  text.remove_prefix(1);
  if (text.ends_with('T')) return std::nullopt;
  std::array<std::int64_t, 3> dates{};
  std::array<std::int64_t, 3> times{};
  if (!take_parts(text, "WD", dates)) return std::nullopt;
  if (!text.empty()) {
    text.remove_prefix(1);
    if (!take_parts(text, "HMS", times) || !text.empty()) return std::nullopt;
  }
  const Period period{dates[0] * 7 + dates[1], seconds(times[0] * 3600 + times[1] * 60 + times[2])};
  const std::int64_t whole = period.days * kDaySeconds + period.exact.count();
  return whole > 0 && whole <= kLongestDays * kDaySeconds ? std::optional(period) : std::nullopt;
}

}  // namespace patchwave::icalendar
