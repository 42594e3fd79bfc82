// The command line as a whole: arguments in, exit code out.
#pragma once

#include <string>
#include <vector>

#include "operator/cli/environment.hpp"

namespace patchwave::cli {

/// `arguments` without the program's name. Data goes to environment.out, everything else to environment.err.
int run(const std::vector<std::string>& arguments, Environment& environment);

}  // namespace patchwave::cli
