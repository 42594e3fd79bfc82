#include "operator/kube/config.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "operator/kube/credentials.hpp"
#include "operator/kube/encoding.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace patchwave::kube {
namespace {

/// What certificates of API servers name beside the Service's address.
constexpr std::string_view kServiceName = "kubernetes.default.svc";

/// By address, so that nothing here waits for the cluster's DNS, which may be what is being patched. Only an
/// IPv6 address is one that the HTTP library can't take.
std::string_view service_host(std::string_view host) {
  return host.contains(':') ? kServiceName : host;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(':'), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

template <class T>
Result<T> pick(const std::map<std::string, T>& from, const std::string& name, std::string_view wanted_by,
               std::string_view list) {
  if (const auto found = from.find(name); found != from.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, value] : from) names.push_back(known);
  return fail(ErrorKind::Invalid,
              fmt::format("{} is \"{}\", which is not among {} ({})", wanted_by, name, list,
                          names.empty() ? "there are none" : fmt::format("{}", fmt::join(names, ", "))));
}

/// The PEM text itself; Invalid names who wanted the file.
Result<std::string> pem_of(const Material& material, const std::string& origin, std::string_view field) {
  if (!material.inline_text.empty() || material.file.empty()) return material.inline_text;
  auto text = read_file(material.file);
  if (!text) return fail(text.error().within(fmt::format("{}.{}", origin, field)));
  return text;
}

/// Everything of a context that is needed to read its endpoint again.
struct Resolved {
  KubeconfigCluster cluster;
  KubeconfigUser user;
  std::shared_ptr<ExecCredentials> exec;  ///< Null without a plugin.
};

Result<http::Endpoint> endpoint_of(const Resolved& resolved) {
  auto ca = pem_of(resolved.cluster.certificate_authority, resolved.cluster.origin, "certificate-authority");
  auto certificate = pem_of(resolved.user.client_certificate, resolved.user.origin, "client-certificate");
  auto key = pem_of(resolved.user.client_key, resolved.user.origin, "client-key");
  for (const auto* part : {&ca, &certificate, &key}) {
    if (!*part) return fail(part->error());
  }
  http::Endpoint endpoint{resolved.cluster.server,          std::move(*ca),
                          std::move(*certificate),          std::move(*key),
                          resolved.cluster.tls_server_name, resolved.cluster.insecure_skip_tls_verify};
  if (resolved.exec && endpoint.client_certificate_pem.empty()) {
    auto credential = resolved.exec->current();
    if (!credential) return fail(credential.error().within(resolved.user.origin));
    endpoint.client_certificate_pem = std::move(credential->client_certificate_pem);
    endpoint.client_key_pem = std::move(credential->client_key_pem);
  }
  return endpoint;
}

/// kubectl's order: token, then tokenFile wins over it when both are there, then basic, then the plugin.
std::shared_ptr<Credentials> credentials_of(const Resolved& resolved, const Clock& clock) {
  const KubeconfigUser& user = resolved.user;
  if (!user.token_file.empty()) return std::make_shared<TokenFileCredentials>(user.token_file, clock);
  if (!user.token.empty()) return std::make_shared<FixedCredentials>("Bearer " + user.token);
  if (!user.username.empty()) {
    return std::make_shared<FixedCredentials>("Basic " + base64_encode(user.username + ":" + user.password));
  }
  if (resolved.exec) return resolved.exec;
  return std::make_shared<FixedCredentials>("");
}

Result<Connection> connect(Resolved resolved, const KubeconfigContext& context,
                           const std::string& context_name, const ConfigSource& source, const Clock& clock) {
  if (resolved.user.exec) {
    auto ca =
        pem_of(resolved.cluster.certificate_authority, resolved.cluster.origin, "certificate-authority");
    if (!ca) return fail(ca.error());
    resolved.exec = std::make_shared<ExecCredentials>(
        *resolved.user.exec, exec_info(*resolved.user.exec, resolved.cluster, *ca), clock, source.run);
  }
  auto endpoint = endpoint_of(resolved);
  if (!endpoint) return fail(endpoint.error());
  Connection connection;
  connection.endpoint = std::move(*endpoint);
  connection.credentials = credentials_of(resolved, clock);
  connection.namespace_ = context.ns.empty() ? "default" : context.ns;
  connection.origin = fmt::format("context \"{}\"", context_name);
  connection.current_endpoint = [resolved = std::move(resolved)] { return endpoint_of(resolved); };
  return connection;
}

bool is_there(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored);
}

Result<Kubeconfig> load_files(const std::vector<std::string>& files, bool must_exist) {
  Kubeconfig merged;
  for (const std::string& file : files) {
    if (!must_exist && !is_there(file)) continue;
    const auto text = read_file(file);
    if (!text) return fail(text.error().within("kubeconfig"));
    auto config = parse_kubeconfig(*text, file);
    if (!config) return fail(std::move(config.error()));
    merged.merge(std::move(*config));
  }
  return merged;
}

Result<Connection> from_kubeconfig(const std::vector<std::string>& files, bool must_exist,
                                   const ConfigSource& source, const Clock& clock) {
  const auto config = load_files(files, must_exist);
  if (!config) return fail(config.error());
  const std::string where = fmt::format("kubeconfig {}", fmt::join(files, ":"));
  const std::string& name = source.context.empty() ? config->current_context : source.context;
  if (name.empty()) {
    const bool there = std::ranges::any_of(files, is_there);
    return fail(ErrorKind::Invalid, where + (there ? ": current-context is not set and no --context is given"
                                                   : " does not exist"));
  }
  const auto context =
      pick(config->contexts, name,
           source.context.empty() ? where + ": current-context" : where + ": --context", "contexts");
  if (!context) return fail(context.error());
  const auto chosen = [&](const std::string& flag, const std::string& named, std::string_view field) {
    return flag.empty() ? std::pair(named, fmt::format("{}.{}", context->origin, field))
                        : std::pair(flag, fmt::format("{}: --{}", where, field));
  };
  const auto [cluster_name, cluster_origin] = chosen(source.cluster, context->cluster, "cluster");
  const auto [user_name, user_origin] = chosen(source.user, context->user, "user");
  auto cluster = pick(config->clusters, cluster_name, cluster_origin, "clusters");
  if (!cluster) return fail(cluster.error());
  Resolved resolved{std::move(*cluster), {}, nullptr};
  if (!user_name.empty()) {
    auto user = pick(config->users, user_name, user_origin, "users");
    if (!user) return fail(user.error());
    resolved.user = std::move(*user);
  }
  return connect(std::move(resolved), *context, name, source, clock);
}

Result<Connection> from_service_account(const ConfigSource& source, std::string_view host,
                                        std::string_view port, const Clock& clock) {
  const std::string& folder = source.service_account_folder;
  const std::string url = fmt::format("https://{}:{}", service_host(host), port);
  const auto read_endpoint = [folder, url]() -> Result<http::Endpoint> {
    auto ca = read_file(folder + "/ca.crt");
    if (!ca) return fail(ca.error().within("the service account's certificate authority"));
    return http::Endpoint{url, std::move(*ca), "", "", "", false};
  };
  auto endpoint = read_endpoint();
  if (!endpoint) return fail(endpoint.error());
  Connection connection;
  connection.endpoint = std::move(*endpoint);
  connection.current_endpoint = read_endpoint;
  connection.credentials = std::make_shared<TokenFileCredentials>(folder + "/token", clock);
  if (auto usable = connection.credentials->authorization(); !usable) return fail(usable.error());
  auto ns = read_file(folder + "/namespace", 1024);
  connection.namespace_ = ns ? *ns : "";
  while (!connection.namespace_.empty() && connection.namespace_.back() == '\n')
    connection.namespace_.pop_back();
  if (connection.namespace_.empty()) connection.namespace_ = "default";
  connection.origin = "the service account";
  return connection;
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value =
      std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<Connection> load_connection(const ConfigSource& source, const Clock& clock) {
  const auto variable = [&source](const std::string& name) {
    return (source.environment ? source.environment(name) : process_environment(name)).value_or("");
  };
  if (!source.kubeconfig.empty()) return from_kubeconfig({source.kubeconfig}, true, source, clock);
  if (const auto list = split_list(variable("KUBECONFIG")); !list.empty()) {
    return from_kubeconfig(list, false, source, clock);
  }
  const std::string host = variable("KUBERNETES_SERVICE_HOST");
  const std::string port = variable("KUBERNETES_SERVICE_PORT");
  if (!host.empty() && !port.empty() && source.context.empty() && source.cluster.empty() &&
      source.user.empty()) {
    return from_service_account(source, host, port, clock);
  }
  const std::string home = variable("HOME");
  const std::string file = home + "/.kube/config";
  std::error_code ignored;
  if (home.empty() || !std::filesystem::exists(file, ignored)) {
    return fail(ErrorKind::Invalid,
                fmt::format("no cluster to talk to: --kubeconfig and KUBECONFIG are not set, this "
                            "is not a pod, and {} does not exist",
                            file));
  }
  return from_kubeconfig({file}, true, source, clock);
}

}  // namespace patchwave::kube
