#include "operator/cli/flags.hpp"

#include "operator/base/time.hpp"

namespace patchwave::cli {

void add_duration(CLI::App& app, const std::string& flag, milliseconds& into,
                  const std::string& description) {
  const auto read = [&into, flag](const std::string& text) {
    const auto duration = parse_duration(text);
    if (!duration) throw CLI::ValidationError(flag + ": " + duration.error().message);
    into = *duration;
  };
  app.add_option_function<std::string>(flag, read, description)->type_name("DURATION");
}

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::vector<std::string>& examples, const std::string& program) {
  CLI::App* command = parent.add_subcommand(name, description);
  std::string footer = "Examples:\n";
  for (const std::string& example : examples) footer += "  " + program + " " + example + "\n";
  command->footer(footer);
  return *command;
}

}  // namespace patchwave::cli
