// Running a credential plugin: one command, no shell, no input, limited in time and output.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace patchwave::kube {

struct Command {
  std::vector<std::string> argv;  ///< argv[0] is looked up in PATH unless it has a slash.
  std::vector<std::pair<std::string, std::string>> env;  ///< On top of this process's own.
  milliseconds time_limit{30'000};
  std::size_t max_output = 1024 * 1024;
};

/// What the command printed. NotFound when there is no such program, Timeout, TooLarge, and Unavailable
/// with the beginning of its standard error when it failed. Whatever the command started in its own
/// process group ends with it.
using RunCommand = std::function<Result<std::string>(const Command&)>;

Result<std::string> run_command(const Command& command);

}  // namespace patchwave::kube
