// `status`: what is happening, what waits and what for, in one page; the answer in the first line.
#pragma once

#include <string>
#include <vector>

#include "controllers/api/patch.hpp"
#include "controllers/api/wave.hpp"
#include "operator/cli/style.hpp"

namespace patchwave::cli {

struct StatusInput {
  std::string ns;  ///< Empty: all namespaces.
  std::vector<api::PatchWave> waves;
  std::vector<api::Patch> patches;
  std::string program;
};

std::string render_status(const StatusInput& input, const Style& style, Time now);
/// The same as a computed answer of kind Status.
Json print_status(const StatusInput& input, Time now);

}  // namespace patchwave::cli
