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
  std::function<Result<int>(Context&)> verb;  ///< Needs the cluster. Empty: one of those below, or none.
  bool version = false;
  bool completion = false;
  bool judge = false;
  bool rank = false;
  bool plan = false;
};

/// `chosen` is filled by parsing and must outlive the app.
std::unique_ptr<CLI::App> make_commands(Chosen& chosen, const std::string& program);

}  // namespace patchwave::cli
