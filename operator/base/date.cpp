#include "operator/base/date.hpp"

#include <fmt/format.h>

#include <optional>

namespace patchwave {
namespace {

constexpr std::size_t kLength = 10;  // YYYY-MM-DD

std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value;
}

std::optional<Date> read_date(std::string_view text) {
  if (text.size() < kLength || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text.size() > kLength && text[kLength] != 'T' && text[kLength] != ' ') return std::nullopt;
  const auto year = digits(text.substr(0, 4));
  const auto month = digits(text.substr(5, 2));
  const auto day = digits(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional<Date>(date) : std::nullopt;
}

}  // namespace

std::string format_date(Date date) {
  const std::chrono::year_month_day civil{date};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(civil.year()),
                     static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()));
}

Result<Date> parse_date(std::string_view text) {
  if (const auto date = read_date(text)) return *date;
  return fail(ErrorKind::Invalid,
              fmt::format("'{}' is not a date; it must be YYYY-MM-DD, e.g. 2024-09-30", text));
}

}  // namespace patchwave
