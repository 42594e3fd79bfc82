#include <charconv>
#include <cmath>
#include <limits>

#include "controllers/drain/facts.hpp"

namespace patchwave::drain {
namespace {

constexpr double kMillis = 1000;
/// What binary fractions are off by at most, so that "0.1" does not round up to 101 thousandths.
constexpr double kSlack = 1e-6;

std::optional<double> scale_of(std::string_view suffix) {
  constexpr std::string_view kSmall = "num";
  constexpr std::string_view kLarge = "kMGTPE";
  constexpr std::string_view kBinary = "KMGTPE";
  if (suffix.empty()) return 1;
  if (suffix.size() == 2 && suffix[1] == 'i') {
    const auto power = kBinary.find(suffix[0]);
    if (power == std::string_view::npos) return std::nullopt;
    return std::pow(1024.0, static_cast<double>(power + 1));
  }
  if (suffix.size() != 1) return std::nullopt;
  if (const auto power = kSmall.find(suffix[0]); power != std::string_view::npos) {
    return std::pow(1000.0, static_cast<double>(power) - 3);
  }
  const auto power = kLarge.find(suffix[0]);
  if (power == std::string_view::npos) return std::nullopt;
  return std::pow(1000.0, static_cast<double>(power + 1));
}

}  // namespace

std::optional<std::int64_t> parse_quantity_millis(std::string_view text) {
  double number = 0;
  const auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (status != std::errc{} || !std::isfinite(number) || number < 0) return std::nullopt;
  const auto scale = scale_of(text.substr(static_cast<std::size_t>(rest - text.data())));
  if (!scale) return std::nullopt;
  const double millis = std::ceil(number * *scale * kMillis - kSlack);
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  if (millis >= static_cast<double>(kMost)) return kMost;
  return static_cast<std::int64_t>(millis);
}

}  // namespace patchwave::drain
