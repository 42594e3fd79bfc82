// The tree of commands and flags, bound to Options.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <memory>
#include <string>

#include "operator/cli/verbs.hpp"

namespace patchwave::cli {

/// What was chosen on the command line.
struct Chosen {
  Options options;
  /// One of them is set: the second where no cluster is needed.
  std::function<Result<int>(Context&)> verb;
  std::function<Result<int>(Environment&, const Options&)> local_verb;
  bool knows_its_formats = false;  ///< The verb itself refuses what it can't print.
};

/// `chosen` is filled by parsing and must outlive the app.
std::unique_ptr<CLI::App> make_commands(Chosen& chosen, const std::string& program);

}  // namespace patchwave::cli
