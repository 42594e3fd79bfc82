#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "controllers/api/common.hpp"

namespace patchwave::api {
namespace {

constexpr int kMaxCount = 99'999;
constexpr int kMaxPercent = 100;

}  // namespace

int CountOrPercent::of(int total) const {
  if (value <= 0) return 0;
  const std::int64_t share =
      percent ? (static_cast<std::int64_t>(total) * value + 99) / 100 : std::min(value, total);
  return static_cast<int>(std::max<std::int64_t>(share, 1));
}

Result<CountOrPercent> parse_count_or_percent(std::string_view text) {
  const bool percent = text.ends_with('%');
  const auto digits = percent ? text.substr(0, text.size() - 1) : text;
  int value = 0;
  const auto [rest, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = status == std::errc{} && rest == digits.data() + digits.size();
  const bool canonical = !digits.starts_with('0') && !digits.starts_with('-');
  if (!whole || !canonical || value > (percent ? kMaxPercent : kMaxCount)) {
    return fail(ErrorKind::Invalid,
                fmt::format("'{}' must be a count from 1 to {} or a percentage from '1%' to '{}%'", text,
                            kMaxCount, kMaxPercent));
  }
  return CountOrPercent{value, percent};
}

std::string to_string(const CountOrPercent& value) {
  return fmt::format("{}{}", value.value, value.percent ? "%" : "");
}

}  // namespace patchwave::api
