// Which seeds this program runs.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace patchwave::simulation {

/// 1 to 1000, or what the command line named.
const std::vector<std::uint64_t>& seeds();

/// Takes "--seed=N" and "--seeds=FIRST-LAST". False for any other argument, or one that names no seed.
bool take_seeds(std::string_view argument);

}  // namespace patchwave::simulation
