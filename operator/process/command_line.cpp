#include <CLI/CLI.hpp>

#include "operator/process/configuration.hpp"
#include "operator/process/configuration_keys.hpp"

namespace patchwave::process {
namespace {

struct Flags {
  std::string config;
  std::vector<std::string> values;  ///< One a key of configuration_keys(), in its order.
};

std::vector<CLI::Option*> add_flags(CLI::App& app, Flags& flags) {
  app.set_version_flag("--version", "patchwave " PATCHWAVE_VERSION);
  app.add_option("--config", flags.config, "YAML file with the keys of docs/reference/configuration.md");
  const auto& keys = configuration_keys();
  flags.values.resize(keys.size());
  const Configuration defaults;
  std::vector<CLI::Option*> options;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string standard = keys[i].print(defaults);
    const std::string text =
        keys[i].name + ": " + keys[i].allowed + (standard.empty() ? "" : " [" + standard + "]");
    options.push_back(app.add_option(flag_of(keys[i].name), flags.values[i], text));
  }
  return options;
}

Result<void> apply_flags(const std::vector<CLI::Option*>& options, const Flags& flags,
                         Configuration& configuration) {
  const auto& keys = configuration_keys();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (options[i]->count() == 0 || keys[i].set(configuration, flags.values[i])) continue;
    return fail(ErrorKind::Invalid, flag_of(keys[i].name) + ": '" + flags.values[i] +
                                        "' is not allowed; it must be " + keys[i].allowed);
  }
  return {};
}

}  // namespace

Result<Invocation> parse_command_line(const std::vector<std::string>& arguments) {
  CLI::App app("Patchwave rolls patches out through a Kubernetes cluster in waves.", "patchwave");
  Flags flags;
  const auto options = add_flags(app, flags);
  Invocation invocation;
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return Invocation{Invocation::Action::PrintAndExit, app.help(), {}};
  } catch (const CLI::CallForVersion& version) {
    return Invocation{Invocation::Action::PrintAndExit, std::string(version.what()) + "\n", {}};
  } catch (const CLI::ParseError& error) {
    return fail(ErrorKind::Invalid, error.what());
  }
  if (!flags.config.empty()) {
    auto read = read_configuration(flags.config);
    if (!read) return fail(read.error());
    invocation.configuration = std::move(*read);
  }
  if (auto applied = apply_flags(options, flags, invocation.configuration); !applied)
    return fail(applied.error());
  if (auto valid = validate(invocation.configuration); !valid) return fail(valid.error());
  return invocation;
}

}  // namespace patchwave::process
