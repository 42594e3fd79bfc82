#include "operator/cli/app.hpp"

#include <CLI/Error.hpp>
#include <optional>
#include <ostream>

#include "operator/cli/commands.hpp"
#include "operator/cli/completion.hpp"

namespace patchwave::cli {
namespace {

constexpr milliseconds kCompletionLimit{1000};
constexpr const char* kComplete = "__complete";

int tell(const Environment& environment, const Error& error) {
  environment.err << "error: " << error.message << "\n";
  return exit_code::kError;
}

int run_complete(Environment& environment, const std::vector<std::string>& words, const CLI::App& app) {
  const auto live = [&](const kube::Resource& resource) -> std::vector<std::string> {
    ConnectOptions connect;
    connect.kubeconfig = flag_value(words, "kubeconfig", "");
    connect.context = flag_value(words, "context", "");
    connect.request_timeout = kCompletionLimit;
    const auto session = environment.connect(connect);
    if (!session) return {};
    const std::string ns = flag_value(words, "namespace", "n");
    const Cluster cluster(session->client);
    return cluster.names(resource, resource.namespaced ? (ns.empty() ? session->ns : ns) : "")
        .value_or(std::vector<std::string>{});
  };
  for (const auto& candidate : complete(app, words, live)) environment.out << candidate << "\n";
  // Cobra's directive 4: don't fall back to file names.
  environment.out << ":4\n";
  return exit_code::kOk;
}

/// What a verb can't be printed as that says nothing of it itself.
std::optional<Error> only_for_files(Format format) {
  const auto refuse = [](const char* message) {
    return Error{ErrorKind::Invalid, message, 0, std::nullopt, {}};
  };
  switch (format) {
    case Format::Csv:
      return refuse("only rank prints csv");
    case Format::Markdown:
    case Format::Icalendar:
    case Format::Html:
      return refuse("only plan prints markdown, ics and html");
    default:
      return std::nullopt;
  }
}

int run_chosen(Environment& environment, const Chosen& chosen) {
  if (!chosen.knows_its_formats) {
    if (const auto refusal = only_for_files(chosen.options.format)) return tell(environment, *refusal);
  }
  const auto done = [&]() -> Result<int> {
    if (chosen.local_verb) return chosen.local_verb(environment, chosen.options);
    auto context = make_context(environment, chosen.options);
    if (!context) return fail(context.error());
    return chosen.verb(*context);
  };
  const auto code = done();
  return code ? *code : tell(environment, code.error());
}

}  // namespace

int run(const std::vector<std::string>& arguments, Environment& environment) {
  Chosen chosen;
  const auto app = make_commands(chosen, environment.program);
  // Not a command of the tree: what follows is half a command line, which no parser should judge.
  if (!arguments.empty() && arguments.front() == kComplete) {
    return run_complete(environment, {arguments.begin() + 1, arguments.end()}, *app);
  }
  try {
    app->parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    environment.out << app->help();
    return exit_code::kOk;
  } catch (const CLI::ParseError& error) {
    environment.err << "error: " << error.what() << "\nSee '" << environment.program << " --help'\n";
    return exit_code::kError;
  }
  return run_chosen(environment, chosen);
}

}  // namespace patchwave::cli
