// gtest's main with one more flag: --seed=N replays one seed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--seed=")) setenv("PATCHWAVE_SEED", argument.substr(7).data(), 1);
  }
  return RUN_ALL_TESTS();
}
