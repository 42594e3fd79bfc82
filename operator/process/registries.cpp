#include "operator/process/registries.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <optional>
#include <utility>

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

// Asks with the credentials of those who pull, one after the other, and then with the configured one. Each is
// tried with a registry client of its own, so that no token of one namespace serves another.
class AsPullers {
 public:
  AsPullers(const registry::RegistryOptions& options, const Clock& clock, const kube::Client& client,
            std::vector<patch::Puller> pullers)
      : configured_(options.credentials),
        options_(options),
        clock_(clock),
        client_(client),
        pullers_(std::move(pullers)) {
    options_.credentials = [this](const std::string& host, const std::string& repository) {
      return credential(host, repository);
    };
    registry_.emplace(options_, clock_);
  }
  AsPullers(const AsPullers&) = delete;
  AsPullers& operator=(const AsPullers&) = delete;

  /// What worked once is used for the next question too.
  template <class Question>
  auto ask(const Question& question) -> decltype(question(std::declval<registry::Registry&>())) {
    while (true) {
      auto answer = question(*registry_);
      const bool refused = !answer && (answer.error().kind == ErrorKind::Unauthorized ||
                                       answer.error().kind == ErrorKind::Forbidden);
      if (refused && found_ && attempt_ + 1 < found_->credentials.size()) {
        ++attempt_;
        registry_.emplace(options_, clock_);
        continue;
      }
      if (!answer && found_) {
        for (const auto& problem : found_->problems) answer.error().message += "; " + problem;
      }
      return answer;
    }
  }

 private:
  Result<std::optional<registry::Credential>> credential(const std::string& host,
                                                         const std::string& repository) {
    if (!found_) {
      found_ = read_pull_credentials(client_, pullers_, host, repository);
      auto configured = configured_(host, repository);
      if (!configured) {
        found_->problems.push_back(configured.error().message);
      } else if (*configured) {
        found_->credentials.push_back(std::move(**configured));
      }
    }
    if (attempt_ < found_->credentials.size()) return found_->credentials[attempt_];
    return std::optional<registry::Credential>();
  }

  decltype(registry::RegistryOptions::credentials) configured_;
  registry::RegistryOptions options_;
  const Clock& clock_;
  const kube::Client& client_;
  std::vector<patch::Puller> pullers_;
  std::optional<PullCredentials> found_;
  std::size_t attempt_ = 0;
  std::optional<registry::Registry> registry_;
};

class OpenedRepository final : public discovery::Repository {
 public:
  OpenedRepository(std::string repository, std::unique_ptr<AsPullers> pullers, std::stop_token stop)
      : repository_(std::move(repository)), pullers_(std::move(pullers)), stop_(std::move(stop)) {}

  Result<std::vector<std::string>> tags() override {
    const auto reference = registry::parse_reference(repository_);
    if (!reference) return fail(reference.error());
    return pullers_->ask([&](registry::Registry& registry) { return registry.list_tags(*reference, stop_); });
  }

  Result<discovery::Release> release(const std::string& tag) override {
    const auto reference = registry::parse_reference(repository_ + ":" + tag);
    if (!reference) return fail(reference.error());
    const auto resolved =
        pullers_->ask([&](registry::Registry& registry) { return registry.resolve(*reference, stop_); });
    if (!resolved) return fail(resolved.error());
    const auto made = pullers_->ask([&](registry::Registry& registry) {
      return registry.time_made(*reference, resolved->digest, stop_);
    });
    if (!made) return fail(made.error());
    discovery::Release release{resolved->digest, {}, *made};
    for (const auto& [platform, digest] : resolved->platform_digests)
      release.platform_digests.push_back(digest);
    return release;
  }

 private:
  std::string repository_;
  std::unique_ptr<AsPullers> pullers_;
  std::stop_token stop_;
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

Registries::Registries(registry::RegistryOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  // What is known by digest, and how often a host wants to be asked, is one for all credentials.
  options_.memory = std::make_shared<registry::DigestMemory>();
  options_.restraint = std::make_shared<registry::Restraint>(clock);
  registry_ = std::make_unique<registry::Registry>(options_, clock_);
}

void Registries::observe(std::function<void(int status)> on_answer) {
  options_.on_answer = std::move(on_answer);
  registry_ = std::make_unique<registry::Registry>(options_, clock_);
}

patch::Lookup Registries::resolve(const patch::ImageQuestion& question, const kube::Client& client,
                                  std::stop_token stop) const {
  const auto reference = registry::parse_reference(question.repository + ":" + question.tag);
  if (!reference) return {"", {}, reference.error().message, std::nullopt};
  const auto ask = [&](registry::Registry& registry) { return registry.resolve(*reference, stop); };
  const auto resolved = question.pullers.empty()
                            ? ask(*registry_)
                            : AsPullers(options_, clock_, client, question.pullers).ask(ask);
  if (!resolved) return {"", {}, resolved.error().message, resolved.error().retry_after};
  patch::Lookup lookup{resolved->digest, {}, "", std::nullopt};
  for (const auto& [platform, digest] : resolved->platform_digests) lookup.platform_digests.push_back(digest);
  return lookup;
}

std::unique_ptr<discovery::Repository> Registries::open(const std::string& repository,
                                                        std::vector<patch::Puller> pullers,
                                                        const kube::Client& client,
                                                        std::stop_token stop) const {
  return std::make_unique<OpenedRepository>(
      repository, std::make_unique<AsPullers>(options_, clock_, client, std::move(pullers)), std::move(stop));
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
