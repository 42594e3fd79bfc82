#include "tests/simulation/seeds.hpp"

#include <charconv>
#include <numeric>
#include <optional>

namespace patchwave::simulation {
namespace {

constexpr std::uint64_t kSeedsByDefault = 1000;
constexpr std::uint64_t kMostSeeds = 10'000'000;

std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all(last - first + 1);
  std::iota(all.begin(), all.end(), first);
  return all;
}

std::vector<std::uint64_t>& chosen() {
  static std::vector<std::uint64_t> all = range(1, kSeedsByDefault);
  return all;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

const std::vector<std::uint64_t>& seeds() {
  return chosen();
}

bool take_seeds(std::string_view argument) {
  constexpr std::string_view kOne = "--seed=";
  constexpr std::string_view kMany = "--seeds=";
  const bool one = argument.starts_with(kOne);
  if (!one && !argument.starts_with(kMany)) return false;
  const auto text = argument.substr(one ? kOne.size() : kMany.size());
  const auto dash = text.find('-');
  const auto first = number(one ? text : text.substr(0, dash));
  const auto last = one ? first : (dash == std::string_view::npos ? first : number(text.substr(dash + 1)));
  if (!first || !last || *last < *first || *last - *first >= kMostSeeds) return false;
  chosen() = range(*first, *last);
  return true;
}

}  // namespace patchwave::simulation
