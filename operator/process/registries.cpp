#include "operator/process/registries.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <optional>

#include "operator/http/cpprest_transport.hpp"
#include "operator/kube/credentials.hpp"
#include "operator/process/pull_credentials.hpp"

namespace patchwave::process {
namespace {

constexpr std::size_t kMaxCredentialsFile = 1024 * 1024;

std::string field_of(std::size_t index, std::string_view key) {
  return fmt::format("registries[{}].{}", index, key);
}

Result<registry::DockerConfig> read_credentials(const RegistrySettings& settings) {
  registry::DockerConfig config;
  auto text = kube::read_file(settings.credentials_file, kMaxCredentialsFile);
  if (!text) return fail(std::move(text.error()));
  if (auto added = config.add(*text); !added) return fail(added.error().within(settings.credentials_file));
  return config;
}

// One transport for each host, made when it is first asked for.
class Transports {
 public:
  explicit Transports(const std::vector<RegistrySettings>& settings) {
    for (const auto& registry : settings) {
      settings_[registry.host] = registry;
      if (!registry.token_server.empty()) settings_.try_emplace(registry.token_server, registry);
    }
  }

  std::shared_ptr<http::Transport> at(const std::string& host) {
    const std::scoped_lock lock(mutex_);
    auto& transport = transports_[host];
    if (!transport) transport = make(host);
    return transport;
  }

 private:
  std::shared_ptr<http::Transport> make(const std::string& host) const {
    const auto found = settings_.find(host);
    const auto settings = found == settings_.end() ? RegistrySettings{} : found->second;
    const auto url = (settings.plain_http ? "http://" : "https://") + host;
    return http::make_cpprest_transport(url, [url, file = settings.ca_file]() -> Result<http::Endpoint> {
      http::Endpoint endpoint;
      endpoint.base_url = url;
      if (file.empty()) return endpoint;
      auto ca = kube::read_file(file);
      if (!ca) return fail(std::move(ca.error()));
      endpoint.ca_pem = std::move(*ca);
      return endpoint;
    });
  }

  std::map<std::string, RegistrySettings> settings_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<http::Transport>> transports_;
};

Result<void> check_files(const std::vector<RegistrySettings>& settings) {
  for (std::size_t index = 0; index < settings.size(); ++index) {
    if (!settings[index].ca_file.empty()) {
      if (auto ca = kube::read_file(settings[index].ca_file); !ca) {
        return fail(ca.error().within(field_of(index, "caFile")));
      }
    }
    if (!settings[index].credentials_file.empty()) {
      if (auto credentials = read_credentials(settings[index]); !credentials) {
        return fail(credentials.error().within(field_of(index, "credentialsFile")));
      }
    }
  }
  return {};
}

}  // namespace

patch::Lookup Registries::resolve(const patch::ImageQuestion& question, const kube::Client& client,
                                  std::stop_token stop) const {
  const auto reference = registry::parse_reference(question.repository + ":" + question.tag);
  if (!reference) return {"", {}, reference.error().message, std::nullopt};
  const auto resolved = question.pullers.empty() ? registry_->resolve(*reference, std::move(stop))
                                                 : resolve_as_pullers(question, *reference, client, stop);
  if (!resolved) return {"", {}, resolved.error().message, resolved.error().retry_after};
  patch::Lookup lookup{resolved->digest, {}, "", std::nullopt};
  for (const auto& [platform, digest] : resolved->platform_digests) lookup.platform_digests.push_back(digest);
  return lookup;
}

// Each credential is tried with a registry client of its own, so that no token of one namespace serves
// another.
Result<registry::ResolvedImage> Registries::resolve_as_pullers(const patch::ImageQuestion& question,
                                                               const registry::Reference& reference,
                                                               const kube::Client& client,
                                                               const std::stop_token& stop) const {
  std::optional<PullCredentials> found;
  std::size_t attempt = 0;
  auto options = options_;
  options.credentials = [&](const std::string& host,
                            const std::string& repository) -> Result<std::optional<registry::Credential>> {
    if (!found) {
      found = read_pull_credentials(client, question.pullers, host, repository);
      auto configured = options_.credentials(host, repository);
      if (!configured) {
        found->problems.push_back(configured.error().message);
      } else if (*configured) {
        found->credentials.push_back(std::move(**configured));
      }
    }
    if (attempt < found->credentials.size()) return found->credentials[attempt];
    return std::optional<registry::Credential>();
  };
  while (true) {
    registry::Registry registry(options, clock_);
    auto resolved = registry.resolve(reference, stop);
    const bool refused = !resolved && (resolved.error().kind == ErrorKind::Unauthorized ||
                                       resolved.error().kind == ErrorKind::Forbidden);
    if (refused && found && ++attempt < found->credentials.size()) continue;
    if (!resolved && found) {
      for (const auto& problem : found->problems) resolved.error().message += "; " + problem;
    }
    return resolved;
  }
}

Result<Registries> make_registries(const std::vector<RegistrySettings>& settings, const Clock& clock) {
  if (auto usable = check_files(settings); !usable) return fail(std::move(usable.error()));
  registry::RegistryOptions options;
  auto transports = std::make_shared<Transports>(settings);
  options.transport = [transports](const std::string& host) { return transports->at(host); };
  for (const auto& registry : settings) {
    if (registry.plain_http) options.plain_http_hosts.insert(registry.host);
    if (registry.token_server.empty()) continue;
    options.token_servers[registry.host].insert(registry.token_server);
    if (registry.plain_http) options.plain_http_hosts.insert(registry.token_server);
  }
  // Read for each look-up: whoever rotates the file needs to tell nobody.
  options.credentials = [settings](
                            const std::string& host,
                            const std::string& repository) -> Result<std::optional<registry::Credential>> {
    for (const auto& registry : settings) {
      if (registry.host != host || registry.credentials_file.empty()) continue;
      auto config = read_credentials(registry);
      if (!config) return fail(std::move(config.error()));
      return config->find(host, repository);
    }
    return std::optional<registry::Credential>();
  };
  return Registries(std::move(options), clock);
}

}  // namespace patchwave::process
