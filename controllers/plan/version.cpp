#include "controllers/plan/version.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

namespace patchwave::plan {
namespace {

struct Version {
  std::vector<std::uint64_t> numbers;
  std::vector<std::string> prerelease;
};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const auto found = text.find(at);
    parts.emplace_back(text.substr(0, found));
    if (found == std::string_view::npos) return parts;
    text.remove_prefix(found + 1);
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc{} || rest != end || text.empty()) return std::nullopt;
  return value;
}

std::optional<Version> parse(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  const auto dash = text.find('-');
  Version version;
  for (const auto& part : split(text.substr(0, dash), '.')) {
    const auto value = number(part);
    if (!value || version.numbers.size() == 4) return std::nullopt;
    version.numbers.push_back(*value);
  }
  if (version.numbers.size() < 2) return std::nullopt;
  version.numbers.resize(4, 0);
  if (dash != std::string_view::npos) version.prerelease = split(text.substr(dash + 1), '.');
  return version;
}

int order(const auto& a, const auto& b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

int compare_identifiers(const std::string& a, const std::string& b) {
  const auto x = number(a);
  const auto y = number(b);
  if (x && y) return order(*x, *y);
  if (x.has_value() != y.has_value()) return x ? -1 : 1;
  return order(a.compare(b), 0);
}

int compare_prerelease(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.empty() || b.empty()) return order(a.empty() ? 1 : 0, b.empty() ? 1 : 0);
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (const int found = compare_identifiers(a[i], b[i]); found != 0) return found;
  }
  return order(a.size(), b.size());
}

}  // namespace

std::optional<int> compare_versions(std::string_view a, std::string_view b) {
  const auto x = parse(a);
  const auto y = parse(b);
  if (!x || !y) return std::nullopt;
  if (const int found = order(x->numbers, y->numbers); found != 0) return found;
  return compare_prerelease(x->prerelease, y->prerelease);
}

}  // namespace patchwave::plan
