// How commands and flags are declared here.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"

namespace patchwave::cli {

/// Reads a value into `into` by name; the error lists the names.
template <class Value>
void add_choice(CLI::App& app, const std::string& flags, Value& into,
                const std::map<std::string, Value>& choices, const std::string& description) {
  std::string names;
  for (const auto& [name, value] : choices) names += (names.empty() ? "" : "|") + name;
  const auto read = [&into, choices, names](const std::string& text) {
    const auto choice = choices.find(text);
    if (choice == choices.end()) throw CLI::ValidationError("'" + text + "' is not one of " + names);
    into = choice->second;
  };
  app.add_option_function<std::string>(flags, read, description)->type_name(names);
}

void add_duration(CLI::App& app, const std::string& flag, milliseconds& into, const std::string& description);

/// `examples` are one a line.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::vector<std::string>& examples, const std::string& program);

}  // namespace patchwave::cli
