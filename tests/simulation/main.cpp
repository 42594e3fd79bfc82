// gtest's main with two more flags: --seed=N replays one seed, --seeds=FIRST-LAST runs those.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <span>

#include "tests/simulation/seeds.hpp"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const std::span arguments(argv, static_cast<std::size_t>(argc));
  for (const char* argument : arguments.subspan(1)) {
    if (!patchwave::simulation::take_seeds(argument)) {
      fmt::print(stderr, "{}: unknown; allowed are --seed=N, --seeds=FIRST-LAST and gtest's own flags\n",
                 argument);
      return 2;
    }
    if (GTEST_FLAG_GET(filter) == "*") GTEST_FLAG_SET(filter, "Reconcilers.*");
  }
  return RUN_ALL_TESTS();
}
