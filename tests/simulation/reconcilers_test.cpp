// The real reconcilers in simulated clusters. PATCHWAVE_SEED=n (or --seed=n) replays one seed,
// PATCHWAVE_SEEDS=n runs that many.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/simulation/assembled_operator.hpp"
#include "tests/simulation/simulation.hpp"

namespace patchwave::simulation {
namespace {

constexpr std::uint64_t kSeedsByDefault = 100;

std::vector<std::uint64_t> seeds() {
  if (const char* one = std::getenv("PATCHWAVE_SEED")) return {std::strtoull(one, nullptr, 10)};
  const char* many = std::getenv("PATCHWAVE_SEEDS");
  std::vector<std::uint64_t> all(many == nullptr ? kSeedsByDefault : std::strtoull(many, nullptr, 10));
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i + 1;
  return all;
}

TEST(Reconcilers, KeepEveryInvariantWhenNothingGoesWrong) {
  for (const auto seed : seeds()) {
    const RunOptions options{seed, false};
    const auto result = run_simulation(options, assemble_operator);
    if (!result.violations.empty()) ADD_FAILURE() << explain(options, result, result.violations);
  }
}

/// Image changes are as many as without faults. So are evictions while the patch is good; of a bad one, how
/// many pods are stuck on it when it is put back depends on when that happens.
void compare_disruptions(const RunResult& broken, const RunResult& unbroken,
                         std::vector<std::string>& problems) {
  std::map<std::string, Disruptions> all = unbroken.disruptions;
  all.insert(broken.disruptions.begin(), broken.disruptions.end());
  for (const auto& [workload, counts] : all) {
    const auto in = [&](const RunResult& run) {
      const auto found = run.disruptions.find(workload);
      return found == run.disruptions.end() ? Disruptions{} : found->second;
    };
    const Disruptions seen = in(broken);
    const Disruptions wanted = in(unbroken);
    const bool evictions_match =
        broken.patch_is_good ? seen.evictions == wanted.evictions : seen.evictions <= wanted.evictions + 1;
    if (seen.image_changes != wanted.image_changes || !evictions_match) {
      problems.push_back(fmt::format("{}: {} image changes and {} evictions, unbroken {} and {}", workload,
                                     seen.image_changes, seen.evictions, wanted.image_changes,
                                     wanted.evictions));
    }
  }
}

TEST(Reconcilers, EndUnderFaultsWhereAnUnbrokenRunEnds) {
  for (const auto seed : seeds()) {
    const RunOptions options{seed, true};
    const auto broken = run_simulation(options, assemble_operator);
    auto problems = broken.violations;
    if (broken.has_one_end) {
      const auto unbroken = run_simulation({seed, false}, assemble_operator);
      if (broken.end_state != unbroken.end_state) {
        problems.push_back("the end differs from an unbroken run's:\n" + unbroken.end_state);
      }
      compare_disruptions(broken, unbroken, problems);
    }
    if (!problems.empty()) ADD_FAILURE() << explain(options, broken, problems);
  }
}

TEST(Reconcilers, TheSameSeedMakesTheSameCallsInTheSameOrder) {
  const auto first = run_simulation({seeds().front(), true}, assemble_operator);
  EXPECT_EQ(first.trace_hash, run_simulation({seeds().front(), true}, assemble_operator).trace_hash);
}

}  // namespace
}  // namespace patchwave::simulation
