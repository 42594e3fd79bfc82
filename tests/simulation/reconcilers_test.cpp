// The real reconcilers in simulated clusters. PATCHWAVE_SEED=n (or --seed=n) replays one seed,
// PATCHWAVE_SEEDS=n runs that many.
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

TEST(Reconcilers, EndUnderFaultsWhereAnUnbrokenRunEnds) {
  for (const auto seed : seeds()) {
    const RunOptions options{seed, true};
    const auto broken = run_simulation(options, assemble_operator);
    auto problems = broken.violations;
    if (broken.has_one_end) {
      const auto unbroken = run_simulation({seed, false}, assemble_operator);
      if (broken.end_state != unbroken.end_state)
        problems.push_back("the end differs from an unbroken run's:\n" + unbroken.end_state);
      for (const auto& [workload, counts] : unbroken.disruptions) {
        const auto found = broken.disruptions.find(workload);
        const Disruptions seen = found == broken.disruptions.end() ? Disruptions{} : found->second;
        if (seen != counts) {
          problems.push_back(workload + ": " + std::to_string(seen.image_changes) + " image changes and " +
                             std::to_string(seen.evictions) + " evictions, unbroken " +
                             std::to_string(counts.image_changes) + " and " +
                             std::to_string(counts.evictions));
        }
      }
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
