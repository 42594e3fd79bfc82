// The real reconcilers in simulated clusters, a seed each.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>

#include "tests/simulation/assembled_operator.hpp"
#include "tests/simulation/seeds.hpp"
#include "tests/simulation/simulation.hpp"

namespace patchwave::simulation {
namespace {

/// Of seeds whose end depends on when others act, one in so many is run without faults, too.
constexpr std::uint64_t kUnbrokenAnyway = 5;

void print_speed(std::size_t runs, std::size_t seeds, std::chrono::steady_clock::duration took, double cpu) {
  const double wall = std::chrono::duration<double>(took).count();
  fmt::print("{} seeds, {} runs: {:.1f} s, {:.1f} seeds a second, {:.0f} ms of CPU a seed\n", seeds, runs,
             wall, static_cast<double>(seeds) / wall, cpu * 1000 / static_cast<double>(seeds));
}

/// Image changes are as many as without faults. So are evictions while the patch is good. How many copies
/// have a bad one when its harm is shown depends on when that is; each is replaced at most once there and
/// once back.
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
        broken.patch_is_good ? seen.evictions == wanted.evictions : seen.evictions <= 2 * seen.copies;
    if (seen.image_changes != wanted.image_changes || !evictions_match) {
      problems.push_back(fmt::format("{}: {} image changes and {} evictions, unbroken {} and {}", workload,
                                     seen.image_changes, seen.evictions, wanted.image_changes,
                                     wanted.evictions));
    }
  }
}

TEST(Reconcilers, KeepEveryInvariantAndEndUnderFaultsWhereAnUnbrokenRunEnds) {
  const auto began = std::chrono::steady_clock::now();
  const std::clock_t cpu_began = std::clock();
  std::size_t runs = 0;
  for (const auto seed : seeds()) {
    const RunOptions options{seed, true};
    const auto broken = run_simulation(options, assemble_operator);
    ++runs;
    auto problems = broken.violations;
    if (broken.has_one_end || seed % kUnbrokenAnyway == 0) {
      const RunOptions without_faults{seed, false};
      const auto unbroken = run_simulation(without_faults, assemble_operator);
      ++runs;
      if (!unbroken.violations.empty())
        ADD_FAILURE() << explain(without_faults, unbroken, unbroken.violations);
      if (broken.has_one_end) {
        if (broken.end_state != unbroken.end_state) {
          problems.push_back("the end differs from an unbroken run's:\n" + unbroken.end_state);
        }
        compare_disruptions(broken, unbroken, problems);
      }
    }
    if (!problems.empty()) ADD_FAILURE() << explain(options, broken, problems);
  }
  print_speed(runs, seeds().size(), std::chrono::steady_clock::now() - began,
              static_cast<double>(std::clock() - cpu_began) / CLOCKS_PER_SEC);
}

/// Two hours of being refused are some thousand looks at the waves, not tens of thousands.
constexpr std::size_t kMostStepsWhileDenied = 20'000;
constexpr std::size_t kDeniedSeeds = 3;

TEST(Denied, WavesHoldWithAReasonAndNothingSpins) {
  for (std::uint64_t seed = 1; seed <= kDeniedSeeds; ++seed) {
    const RunOptions options{seed, true, true, kMostStepsWhileDenied};
    const auto result = run_simulation(options, assemble_operator);
    if (!result.violations.empty()) ADD_FAILURE() << explain(options, result, result.violations);
  }
}

TEST(Reconcilers, TheSameSeedMakesTheSameCallsInTheSameOrder) {
  const auto first = run_simulation({seeds().front(), true}, assemble_operator);
  EXPECT_EQ(first.trace_hash, run_simulation({seeds().front(), true}, assemble_operator).trace_hash);
}

}  // namespace
}  // namespace patchwave::simulation
