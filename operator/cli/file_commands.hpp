// The commands that work on what was recorded and need no cluster: judge, rank and plan.
#pragma once

#include <CLI/App.hpp>
#include <string>

#include "operator/cli/commands.hpp"

namespace patchwave::cli {

void add_file_commands(CLI::App& app, Chosen& chosen, const std::string& program);

}  // namespace patchwave::cli
