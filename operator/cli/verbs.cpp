#include "operator/cli/verbs.hpp"

#include <fmt/format.h>

#include <istream>
#include <ostream>

namespace patchwave::cli {
namespace {

Style style_for(const Environment& environment, const Options& options, bool is_terminal) {
  return choose_style(options.colour, is_terminal, options.ascii, environment.variable);
}

std::string namespace_of(const Options& options, const Session& session) {
  if (options.all_namespaces) return "";
  return options.ns.empty() ? session.ns : options.ns;
}

}  // namespace

Result<Context> make_context(Environment& environment, const Options& options) {
  auto session = environment.connect(options.connect);
  if (!session) return fail(session.error());
  return Context{environment,
                 options,
                 Cluster(session->client),
                 style_for(environment, options, environment.out_is_terminal),
                 style_for(environment, options, environment.err_is_terminal),
                 namespace_of(options, *session)};
}

Result<void> confirm(const Context& context, const std::string& question) {
  const Environment& environment = context.environment;
  if (context.options.yes || context.options.dry_run != DryRun::None) return {};
  if (!environment.in_is_terminal) {
    return fail(ErrorKind::Invalid,
                "this asks for confirmation: add --yes where standard input is not a terminal");
  }
  environment.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(environment.in, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return fail(ErrorKind::Cancelled, "not confirmed; nothing was changed");
}

void report_change(const Context& context, const kube::Resource& resource, const std::string& name,
                   std::string_view done, const Json& object) {
  std::ostream& out = context.environment.out;
  switch (context.options.format) {
    case Format::Json:
    case Format::Yaml:
      out << print_object(object, context.options.format);
      return;
    case Format::Name:
      out << print_name(resource, name) << "\n";
      return;
    default:  // A table; what only files are printed as is refused before it comes here.
      break;
  }
  std::string_view dry;
  if (context.options.dry_run == DryRun::Client) dry = " (dry run)";
  if (context.options.dry_run == DryRun::Server) dry = " (server dry run)";
  out << print_name(resource, name) << " " << done << dry << "\n";
}

void warn_skipped(const Context& context, const std::vector<std::string>& skipped) {
  for (const auto& line : skipped) context.environment.err << "warning: " << line << "\n";
}

}  // namespace patchwave::cli
