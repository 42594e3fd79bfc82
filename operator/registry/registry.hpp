// Asks registries what a tag points at now, and which tags there are (OCI distribution, Docker Registry v2).
//
// Where credentials go: to the registry's own host, and to a token server that is that same host, one that
// is known to belong to it (Docker Hub, GitLab.com), or one that the configuration names. A registry
// can't have them sent anywhere else, neither by its challenge nor by a redirect.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"
#include "operator/registry/challenge.hpp"
#include "operator/registry/docker_config.hpp"
#include "operator/registry/memory.hpp"
#include "operator/registry/reference.hpp"
#include "operator/registry/restraint.hpp"

namespace patchwave::registry {

struct ResolvedImage {
  std::string digest;  ///< What to pin: the index when there is one.
  /// Of an index, by "os/architecture[/variant]". A pod's imageID may be any of these or `digest`.
  std::map<std::string, std::string> platform_digests;
};

struct RegistryOptions {
  /// The transport for a host as references name it ("registry.example.com:5000"), for Docker Hub's
  /// "registry-1.docker.io" and for token servers. It decides about CAs, and about plain HTTP for the hosts
  /// in `plain_http_hosts`. nullptr: the host may not be reached.
  std::function<std::shared_ptr<http::Transport>(const std::string& host)> transport;
  /// The pull credential for an image ("docker.io" is Docker Hub's host here). May be empty.
  std::function<Result<std::optional<Credential>>(const std::string& host, const std::string& repository)>
      credentials;
  std::set<std::string> plain_http_hosts;
  /// Hosts of token servers that may see the credentials of a registry's host.
  std::map<std::string, std::set<std::string>> token_servers;
  /// Shared by several clients of the same hosts; null: the client has its own.
  std::shared_ptr<DigestMemory> memory;
  std::shared_ptr<Restraint> restraint;
  /// Told of each answer, or of 0 where there was none.
  std::function<void(int status)> on_answer;
  milliseconds timeout{15'000};
  std::string user_agent = "patchwave/" PATCHWAVE_VERSION;
};

/// Thread-safe. Tokens are kept until shortly before they expire, what can't change under its digest for as
/// long as there is room. A host that limits our rate is not asked before it wants to be (Restraint).
///
/// Errors say what to do. NotFound: no such tag or repository. Unauthorized, Forbidden: the credential.
/// TooManyRequests: with retry_after when the registry gave one. Transport: the connection or its
/// certificate.
class Registry {
 public:
  /// `clock` must outlive the registry; it decides when a token is too old.
  Registry(RegistryOptions options, const Clock& clock);

  /// `reference.digest` is not looked at: the question is what the tag means.
  Result<ResolvedImage> resolve(const Reference& reference, std::stop_token stop);
  /// At most 20,000 tags, in the registry's order. TooLarge when there are more.
  Result<std::vector<std::string>> list_tags(const Reference& reference, std::stop_token stop);
  /// When the image of that digest was made: by the annotation org.opencontainers.image.created of its
  /// manifest, else by the configuration of the image, which is an index's first. nullopt: it does not say,
  /// or says a time of before 1980, as reproducible builds do.
  Result<std::optional<Time>> time_made(const Reference& reference, const std::string& digest,
                                        std::stop_token stop);

 private:
  struct Scope;
  struct Token {
    std::string authorization;
    MonotonicTime expires;
  };

  Result<http::Response> ask(const Scope& scope, const std::string& method, const std::string& target,
                             const std::stop_token& stop);
  Result<http::Response> follow(const Scope& scope, const http::Request& request, http::Response response,
                                const std::stop_token& stop);
  Result<http::Response> send(const std::string& host, const http::Request& request,
                              const std::stop_token& stop);
  Result<std::string> authorize(const Scope& scope, const std::vector<Challenge>& challenges,
                                const std::stop_token& stop);
  Result<std::string> fetch_token(const Scope& scope, const Challenge& challenge,
                                  const std::stop_token& stop);
  [[nodiscard]] bool may_see_credentials(const Scope& scope, const std::string& host) const;
  Result<std::string> bytes_of(const Scope& scope, std::string_view kind, const std::string& digest,
                               const std::stop_token& stop);
  Result<std::optional<Time>> read_time_made(const Scope& scope, const std::string& digest,
                                             const std::stop_token& stop);
  Result<std::map<std::string, std::string>> platforms(const Scope& scope, const std::string& digest,
                                                       const std::stop_token& stop);
  Result<ResolvedImage> resolve_by_get(const Scope& scope, const std::string& target,
                                       const std::stop_token& stop);
  [[nodiscard]] std::optional<std::string> kept_token(const std::string& key);
  void keep_token(const std::string& key, Token token);
  void forget_token(const std::string& key);

  RegistryOptions options_;
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Token> tokens_;
};

}  // namespace patchwave::registry
