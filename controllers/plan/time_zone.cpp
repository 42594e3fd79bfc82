#include "controllers/plan/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace patchwave::plan {
namespace {

std::unexpected<Error> invalid(std::string_view field, std::string_view value, std::string_view wrong) {
  return fail(ErrorKind::Invalid, fmt::format("{} '{}' {}", field, value, wrong));
}

// cctz also reads paths, "libc:" zones and the machine's own zone: only names of the database get that far.
// The trees posix/ and right/ are not zones but other encodings of them, the latter with leap seconds.
bool may_be_zone(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '+' || c == '-';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, allowed) && name.front() >= 'A' &&
         name.front() <= 'Z';
}

// "2026-12-20T00:00", seconds optional.
std::optional<cctz::civil_second> parse_local_time(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (text.size() != 16 && text.size() != kShape.size()) return std::nullopt;
  std::array<int, 6> parts{};
  std::size_t part = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] != '0') {
      if (text[i] != kShape[i]) return std::nullopt;
      ++part;
    } else {
      if (text[i] < '0' || text[i] > '9') return std::nullopt;
      parts[part] = parts[part] * 10 + (text[i] - '0');
    }
  }
  const auto [year, month, day, hour, minute, second] = parts;
  const cctz::civil_second local(year, month, day, hour, minute, second);
  const bool exists = local.month() == month && local.day() == day && local.hour() == hour &&
                      local.minute() == minute && local.second() == second;
  return exists ? std::optional(local) : std::nullopt;
}

}  // namespace

Result<cctz::time_zone> read_time_zone(std::string_view name, std::string_view field) {
  cctz::time_zone zone;
  if (!may_be_zone(name) || !cctz::load_time_zone(std::string(name), &zone)) {
    return invalid(field, name, "is not a time zone of the IANA database, such as Europe/Amsterdam");
  }
  return zone;
}

Result<cctz::civil_second> read_local_time(std::string_view text, std::string_view field) {
  const auto local = parse_local_time(text);
  if (!local) return invalid(field, text, "is not a local time, such as 2026-12-20T00:00");
  return *local;
}

}  // namespace patchwave::plan
