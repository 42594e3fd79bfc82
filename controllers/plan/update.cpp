#include "controllers/plan/update.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <ranges>
#include <vector>

#include "controllers/plan/hash.hpp"
#include "controllers/plan/version.hpp"

namespace patchwave::plan {
namespace {

constexpr std::int64_t kMaxPatternMemory = 1 << 20;
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kHashDigits = 8;
constexpr std::array<std::string_view, 14> kPrereleaseWords = {
    "alpha",  "beta", "rc", "pre", "dev",  "snapshot", "nightly",
    "canary", "next", "cr", "ea",  "edge", "test",     "milestone"};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// What a tag that is a version is made of.
struct Written {
  bool v = false;
  std::vector<std::uint64_t> numbers;
  bool prerelease = false;
  bool revision = false;
  std::string variant;
};

// "rc", "rc1", "rc.1", but not "rcutils".
bool is_prerelease(std::string_view segment) {
  std::string lower(segment);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  return std::ranges::any_of(kPrereleaseWords, [&](std::string_view word) {
    const auto rest = std::string_view(lower).substr(std::min(word.size(), lower.size()));
    return lower.starts_with(word) && (rest.empty() || rest.front() == '.' || is_digit(rest.front()));
  });
}

bool is_numeric(std::string_view segment) {
  return !segment.empty() && std::ranges::all_of(segment, [](char c) { return is_digit(c) || c == '.'; });
}

std::vector<std::uint64_t> numbers_of(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  for (const auto part : std::views::split(text, '.')) {
    std::uint64_t value = 0;
    const std::string_view digits(part.begin(), part.end());
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    numbers.push_back(value);
  }
  return numbers;
}

// Of a text that compare_versions takes for a version.
Written read(std::string_view text) {
  Written tag;
  tag.v = text.starts_with('v');
  if (tag.v) text.remove_prefix(1);
  const auto dash = text.find('-');
  tag.numbers = numbers_of(text.substr(0, std::min(dash, text.find('+'))));
  if (dash == std::string_view::npos) return tag;
  auto rest = text.substr(dash + 1);
  const auto end = std::min(rest.find('-'), rest.size());
  tag.prerelease = is_prerelease(rest.substr(0, end));
  tag.revision = is_numeric(rest.substr(0, end));
  if (tag.prerelease || tag.revision) rest.remove_prefix(end);
  tag.variant = rest;
  return tag;
}

bool written_alike(const Written& from, const Written& to) {
  return from.v == to.v && from.numbers.size() == to.numbers.size() && from.variant == to.variant &&
         from.revision == to.revision && (from.prerelease || !to.prerelease);
}

bool is_year(std::uint64_t number) {
  return number >= 1900 && number < 3000;
}

bool near_enough(api::UpdateScope scope, const Written& from, const Written& to) {
  const bool calendar = is_year(from.numbers[0]) && is_year(to.numbers[0]);
  const bool same_major = from.numbers[0] == to.numbers[0];
  if (scope == api::UpdateScope::Minor) return same_major || calendar;
  return scope == api::UpdateScope::Patch && same_major && from.numbers[1] == to.numbers[1];
}

}  // namespace

Result<UpdateRule> UpdateRule::make(const api::Updates& updates) {
  std::shared_ptr<const RE2> tags;
  if (!updates.tags.empty()) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMaxPatternMemory);
    tags = std::make_shared<const RE2>(updates.tags, options);
    if (!tags->ok()) {
      return fail(ErrorKind::Invalid, fmt::format("spec.updates.tags is '{}', which is no pattern of RE2: {}",
                                                  updates.tags, tags->error()));
    }
  }
  return UpdateRule(updates.semver, std::move(tags));
}

Result<UpdateRule> UpdateRule::of(const api::PatchPolicy& policy) {
  if (policy.spec.updates) return make(*policy.spec.updates);
  return UpdateRule(api::UpdateScope::None, nullptr);
}

bool UpdateRule::counts(std::string_view from, std::string_view to) const {
  if (!counts_versions() || compare_versions(to, from).value_or(0) <= 0) return false;
  const auto running = read(from);
  const auto later = read(to);
  if (!written_alike(running, later) || !near_enough(scope_, running, later)) return false;
  return tags_ == nullptr || RE2::FullMatch(re2::StringPiece(to.data(), to.size()), *tags_);
}

std::string discoverer(std::string_view policy) {
  if (policy.size() <= kLongestLabel) return std::string(policy);
  const auto hash = sha256_hex(policy).substr(0, kHashDigits);
  return fmt::format("{}.{}", policy.substr(0, kLongestLabel - kHashDigits - 1), hash);
}

bool discovered_by(const api::Patch& patch, const api::PatchPolicy& policy) {
  const auto label = patch.metadata.labels.find(std::string(api::kDiscoveredByLabel));
  return label != patch.metadata.labels.end() && label->second == discoverer(policy.metadata.name);
}

bool owned_by(const api::Patch& patch, const api::PatchPolicy& policy) {
  if (!discovered_by(patch, policy)) return false;
  return std::ranges::any_of(patch.metadata.owner_references, [&](const Json& owner) {
    return bool_at(owner, {"controller"}) && string_at(owner, {"uid"}) == policy.metadata.uid;
  });
}

bool is_for(const api::Patch& patch, const api::PatchPolicy& policy) {
  return !patch.metadata.labels.contains(std::string(api::kDiscoveredByLabel)) ||
         discovered_by(patch, policy);
}

}  // namespace patchwave::plan
