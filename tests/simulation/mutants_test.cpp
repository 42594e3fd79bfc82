// The simulation finds mistakes: each mutant breaks an invariant within a part of the seeds that are swept.
#include "tests/simulation/mutants.hpp"

#include <gtest/gtest.h>

#include "tests/simulation/assembled_operator.hpp"
#include "tests/simulation/simulation.hpp"

namespace patchwave::simulation {
namespace {

/// A mistake that shows only where a harmful patch meets an outage takes more than a hundred.
constexpr std::uint64_t kSeeds = 400;
/// A mutant may spin.
constexpr std::size_t kMostSteps = 20'000;

class Mutants : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Mutants, BreaksAnInvariantWithinTheFirstSeeds) {
  const auto mutant = mutants(assemble_operator).at(GetParam());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    RunOptions options{.seed = seed};
    options.most_steps = kMostSteps;
    const auto result = run_simulation(options, mutant.make);
    if (result.violations.empty()) continue;
    RecordProperty("caught_by_seed", static_cast<int>(seed));
    std::printf("%s: seed %d: %s\n", mutant.mistake, static_cast<int>(seed),
                result.violations.front().c_str());
    return;
  }
  FAIL() << mutant.mistake << ": not found within " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, Mutants, ::testing::Range(std::size_t{0}, mutants(assemble_operator).size()));

}  // namespace
}  // namespace patchwave::simulation
