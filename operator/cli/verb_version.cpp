#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>
#include <ostream>

#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

constexpr const char* kUnknown = "<unknown>";

/// Of the operator's Deployment, which the chart labels; needs the right to list Deployments.
std::string operator_version(const kube::Client& client) {
  const auto found =
      client.list(kube::resources::kDeployments, "", {"app.kubernetes.io/name=patchwave", "", 10});
  if (!found) return kUnknown;
  const Json& items = array_at(*found, {"items"});
  if (items.empty()) return "<none>";
  return string_at(items.front(), {"metadata", "labels", "app.kubernetes.io/version"}, kUnknown);
}

std::string served_version(const kube::Client& client) {
  const auto served = client.raw("GET", "/apis/patchwave.dev/v1alpha1");
  if (served) return "v1alpha1";
  return served.error().kind == ErrorKind::NotFound ? "<none>" : kUnknown;
}

std::string cluster_version(const kube::Client& client) {
  const auto version = client.raw("GET", "/version");
  return version ? string_at(*version, {"gitVersion"}, kUnknown) : kUnknown;
}

std::optional<int> minor_of(std::string_view version) {
  const auto dot = version.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  int minor = 0;
  const auto read = std::from_chars(version.data() + dot + 1, version.data() + version.size(), minor);
  return read.ec == std::errc() ? std::optional(minor) : std::nullopt;
}

std::optional<Context> reach(Environment& environment, const Options& options) {
  if (options.client_only) return std::nullopt;
  auto context = make_context(environment, options);
  if (context) return std::move(*context);
  environment.err << "warning: " << context.error().message << "\n";
  return std::nullopt;
}

}  // namespace

Result<int> show_version(Environment& environment, const Options& options) {
  Json versions = {{"client", PATCHWAVE_VERSION}};
  if (const auto context = reach(environment, options)) {
    const kube::Client& client = context->cluster.client();
    versions["operator"] = operator_version(client);
    versions["crds"] = served_version(client);
    versions["cluster"] = cluster_version(client);
    const auto ours = minor_of(PATCHWAVE_VERSION);
    const auto theirs = minor_of(string_at(versions, {"operator"}));
    if (ours && theirs && std::abs(*ours - *theirs) > 1) {
      environment.err << "warning: this program and the operator are more than one minor version apart\n";
    }
  }
  if (options.format == Format::Json || options.format == Format::Yaml) {
    environment.out << print_object(computed("Version", versions), options.format);
    return exit_code::kOk;
  }
  for (const char* name : {"client", "operator", "crds", "cluster"}) {
    if (versions.contains(name))
      environment.out << pad(name + std::string(":"), 10) << string_at(versions, {name}) << "\n";
  }
  return exit_code::kOk;
}

}  // namespace patchwave::cli
