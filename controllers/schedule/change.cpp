#include "controllers/schedule/change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace patchwave::schedule {
namespace {

constexpr double kPriorFailures = 24;  // The second parameter of Beta(1, b); its mean is 1 / (1 + b).
constexpr double kTestingDays = 14;
constexpr std::size_t kLeastTested = 5;
constexpr std::size_t kMostTested = 8;
constexpr double kTestedShare = 0.03;
constexpr std::size_t kLargestPart = 4;  // A quarter.

constexpr std::array<std::string_view, 4> kKinds = {"application", "database", "operating system",
                                                    "firmware"};
/// An application is put back by installing the version before; a database has data of the new one; an
/// operating system needs a restart, and firmware often can't be put back at all.
constexpr std::array<double, 4> kHardness = {1, 2.5, 3, 4};

constexpr std::array<std::string_view, 10> kFirmware = {
    "firmware", "bios",  "uefi",  "bmc", "idrac", "poweredge", "xclarity controller",
    "router",   "nx-os", "ios xe"};
constexpr std::array<std::string_view, 9> kDatabases = {
    "sql", "database", "db2", "mongodb", "mariadb", "redis", "cassandra", "elasticsearch", "informix"};
/// What the name of an operating system begins with: "Zoom for Windows" is none.
constexpr std::array<std::string_view, 19> kSystems = {"windows",
                                                       "linux",
                                                       "android",
                                                       "red hat enterprise linux",
                                                       "enterprise linux",
                                                       "ubuntu",
                                                       "debian",
                                                       "suse",
                                                       "sles",
                                                       "macos",
                                                       "mac os",
                                                       "ios",
                                                       "ipados",
                                                       "esxi",
                                                       "aix",
                                                       "solaris",
                                                       "freebsd",
                                                       "kernel",
                                                       "chrome os"};

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

double failure_bound() {
  return 1 - std::pow(0.05, 1 / kPriorFailures);
}

risk::HumanImpact criticality_of(const Group& group) {
  return group.criticality.value_or(risk::HumanImpact::Medium);
}

/// Of one system.
double change_cost(const Environment& environment, const Patch& patch) {
  const auto impact = static_cast<std::size_t>(criticality_of(environment.groups[patch.group]));
  const auto kind = static_cast<std::size_t>(change_kind(patch.vendor, patch.product));
  return failure_bound() * risk::Weights().impact[impact] * kHardness[kind] * environment.failure_cost;
}

double share_of(const Environment& environment, const Patch& patch) {
  return std::min(1.0, static_cast<double>(patch.affected) / environment.groups[patch.group].count);
}

std::string cost_reason(const Environment& environment, const Patch& patch) {
  const Group& group = environment.groups[patch.group];
  const ChangeKind kind = change_kind(patch.vendor, patch.product);
  return fmt::format(
      "a costly change if it fails: {} of {} systems of {}, criticality {}, {} (×{:g} to take back), and "
      "without a "
      "history up to {:.1f} % fail",
      patch.affected, group.count, group.name, risk::to_string(criticality_of(group)), to_string(kind),
      kHardness[static_cast<std::size_t>(kind)], 100 * failure_bound());
}

struct Candidate {
  std::size_t patch = 0;
  double cost = 0;
};

/// The costliest first; among equals what matters less, for it can wait the longest.
std::vector<Candidate> by_cost(const Environment& environment, const std::vector<Patch>& patches,
                               const std::vector<bool>& taken) {
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    if (!taken[i])
      candidates.push_back({i, change_cost(environment, patches[i]) * share_of(environment, patches[i])});
  }
  std::ranges::sort(candidates, [&](const Candidate& a, const Candidate& b) {
    if (a.cost != b.cost) return a.cost > b.cost;
    const Patch& one = patches[a.patch];
    const Patch& other = patches[b.patch];
    if (risk::comes_before(other.place, one.place)) return true;
    if (risk::comes_before(one.place, other.place)) return false;
    return one.name < other.name;
  });
  return candidates;
}

std::size_t tested_count(std::size_t patches) {
  const auto share = static_cast<std::size_t>(std::lround(kTestedShare * static_cast<double>(patches)));
  return std::min(std::clamp(share, kLeastTested, kMostTested), (patches + kLargestPart - 1) / kLargestPart);
}

std::vector<std::size_t> by_name(const std::vector<Patch>& patches) {
  std::vector<std::size_t> order(patches.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return patches[i].name; });
  return order;
}

}  // namespace

std::string_view to_string(ChangeKind kind) {
  return kKinds[static_cast<std::size_t>(kind)];
}

ChangeKind change_kind(std::string_view vendor, std::string_view product) {
  const std::string name = lower(product);
  const std::string maker = lower(vendor);
  const auto contains = [&](std::string_view word) { return name.find(word) != std::string::npos; };
  const auto begins = [&](std::string_view word) {
    return name.starts_with(word) || name.starts_with(maker + " " + std::string(word));
  };
  if (std::ranges::any_of(kFirmware, contains)) return ChangeKind::Firmware;
  if (std::ranges::any_of(kSystems, begins) || contains("linux kernel")) return ChangeKind::OperatingSystem;
  return std::ranges::any_of(kDatabases, contains) ? ChangeKind::Database : ChangeKind::Application;
}

std::vector<Remark> fast_track(const Environment& environment, const std::vector<Patch>& patches) {
  std::vector<Remark> fast;
  for (const auto i : by_name(patches)) {
    const Patch& patch = patches[i];
    const double at_risk = patch.place.score * kTestingDays / kScoreDays;
    const double cost = change_cost(environment, patch);
    if (!patch.known_issue.empty() || at_risk <= cost) continue;
    fast.push_back(
        {i, fmt::format("waiting {:g} days for extended testing would lose {:.2g} on each system, more than "
                        "the {:.2g} that its change is expected to cost at worst",
                        kTestingDays, at_risk, cost)});
  }
  return fast;
}

std::vector<Remark> extended_testing(const Environment& environment, const std::vector<Patch>& patches,
                                     const std::vector<Remark>& fast) {
  std::vector<bool> taken(patches.size(), false);
  for (const auto& remark : fast) taken[remark.patch] = true;
  std::vector<Remark> tested;
  for (const auto i : by_name(patches)) {
    if (patches[i].known_issue.empty()) continue;
    taken[i] = true;
    tested.push_back({i, "known issue: " + patches[i].known_issue});
  }
  const std::size_t count = tested_count(patches.size());
  for (const auto& candidate : by_cost(environment, patches, taken)) {
    if (tested.size() >= count) break;
    tested.push_back({candidate.patch, cost_reason(environment, patches[candidate.patch])});
  }
  return tested;
}

}  // namespace patchwave::schedule
