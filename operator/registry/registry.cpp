#include "operator/registry/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "operator/http/url.hpp"
#include "operator/registry/answers.hpp"
#include "operator/registry/manifest.hpp"

namespace patchwave::registry {
namespace {

constexpr std::size_t kMaxManifest = 4 * 1024 * 1024;
constexpr std::size_t kMaxTags = 20'000;
constexpr int kMaxPages = 50;
constexpr int kMaxRedirects = 3;
constexpr std::size_t kKeptTokens = 512;
/// A token is not used in its last seconds, so that it is still good when it arrives.
constexpr seconds kTokenMargin{10};
constexpr seconds kDefaultTokenLife{60};
constexpr seconds kLongestTokenLife{3600};

const Challenge* find_scheme(const std::vector<Challenge>& challenges, std::string_view scheme) {
  const auto found = std::ranges::find(challenges, scheme, &Challenge::scheme);
  return found == challenges.end() ? nullptr : &*found;
}

std::string parameter(const Challenge& challenge, const std::string& name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? "" : found->second;
}

std::string host_of(const http::Url& url) {
  return url.origin().substr(url.scheme.size() + 3);
}

}  // namespace

/// One image's place, and what its requests need.
struct Registry::Scope {
  std::string image;       ///< "host/repository", for messages and as the key of its token.
  std::string credential;  ///< Host by which its credential is looked up.
  std::string host;        ///< Host that is asked.
  std::string repository;
  std::string tag;
  bool can_wait = false;  ///< Leaves what is left of a rate limit to others.

  explicit Scope(const Reference& reference)
      : image(reference.name()),
        credential(reference.host),
        host(reference.host == "docker.io" ? "registry-1.docker.io" : reference.host),
        repository(reference.repository),
        tag(reference.tag) {}
  [[nodiscard]] std::string path(std::string_view rest) const {
    return fmt::format("/v2/{}/{}", repository, rest);
  }
};

Registry::Registry(RegistryOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  if (!options_.memory) options_.memory = std::make_shared<DigestMemory>();
  if (!options_.restraint) options_.restraint = std::make_shared<Restraint>(clock);
}

Result<ResolvedImage> Registry::resolve(const Reference& reference, std::stop_token stop) {
  const Scope scope(reference);
  if (!is_tag(reference.tag)) {
    return fail(ErrorKind::Invalid, fmt::format("{} has no tag to look up", scope.image));
  }
  const std::string target = scope.path("manifests/" + reference.tag);
  const auto head = ask(scope, "HEAD", target, stop);
  if (!head) return fail(head.error());
  if (head->status == 405) return resolve_by_get(scope, target, stop);
  if (head->status != 200) return fail(refusal(scope.image, reference.tag, *head));
  const std::string digest = header(*head, "Docker-Content-Digest");
  if (!is_digest(digest)) return resolve_by_get(scope, target, stop);

  ResolvedImage image{digest, {}};
  if (!is_index_type(header(*head, "Content-Type"))) return image;
  auto found = platforms(scope, digest, stop);
  if (!found) return fail(found.error());
  image.platform_digests = std::move(*found);
  return image;
}

Result<ResolvedImage> Registry::resolve_by_get(const Scope& scope, const std::string& target,
                                               const std::stop_token& stop) {
  const auto response = ask(scope, "GET", target, stop);
  if (!response) return fail(response.error());
  if (response->status != 200) return fail(refusal(scope.image, scope.tag, *response));
  ResolvedImage image{digest_of(response->body), {}};
  const std::string declared = header(*response, "Docker-Content-Digest");
  if (is_digest(declared) && declared != image.digest) {
    return fail(ErrorKind::Protocol,
                fmt::format("{}: the manifest's bytes are {}, not {} as the registry says", scope.image,
                            image.digest, declared));
  }
  auto found = parse_platform_digests(response->body);
  if (!found) return fail(found.error().within(scope.image));
  image.platform_digests = std::move(*found);
  return image;
}

Result<std::map<std::string, std::string>> Registry::platforms(const Scope& scope, const std::string& digest,
                                                               const std::stop_token& stop) {
  if (auto kept = options_.memory->platforms(digest)) return std::move(*kept);
  const auto bytes = bytes_of(scope, "manifests", digest, stop);
  if (!bytes) return fail(bytes.error());
  auto found = parse_platform_digests(*bytes);
  if (!found) return fail(found.error().within(scope.image));
  options_.memory->keep_platforms(digest, *found);
  return found;
}

// Manifests and blobs: what comes is what the digest names, or an error.
Result<std::string> Registry::bytes_of(const Scope& scope, std::string_view kind, const std::string& digest,
                                       const std::stop_token& stop) {
  auto response = ask(scope, "GET", scope.path(fmt::format("{}/{}", kind, digest)), stop);
  if (!response) return fail(response.error());
  if (response->status != 200) return fail(refusal(scope.image, digest, *response));
  if (digest_of(response->body) != digest) {
    return fail(ErrorKind::Protocol,
                fmt::format("{}: the registry gave other bytes than {} names", scope.image, digest));
  }
  return std::move(response->body);
}

Result<std::optional<Time>> Registry::time_made(const Reference& reference, const std::string& digest,
                                                std::stop_token stop) {
  if (const auto kept = options_.memory->made(digest)) return *kept;
  Scope scope(reference);
  scope.can_wait = true;
  auto made = read_time_made(scope, digest, stop);
  if (made) options_.memory->keep_made(digest, *made);
  return made;
}

Result<std::optional<Time>> Registry::read_time_made(const Scope& scope, const std::string& digest,
                                                     const std::stop_token& stop) {
  auto manifest = digest;
  for (int depth = 0; depth < 2; ++depth) {
    const auto bytes = bytes_of(scope, "manifests", manifest, stop);
    if (!bytes) return fail(bytes.error());
    const auto description = parse_description(*bytes);
    if (!description) return fail(description.error().within(scope.image));
    if (description->made) return description->made;
    if (!description->config.empty()) {
      const auto config = bytes_of(scope, "blobs", description->config, stop);
      if (!config) return fail(config.error());
      return parse_config_time(*config);
    }
    if (description->first_image.empty()) break;
    manifest = description->first_image;
  }
  return std::optional<Time>();
}

Result<std::vector<std::string>> Registry::list_tags(const Reference& reference, std::stop_token stop) {
  Scope scope(reference);
  scope.can_wait = true;
  std::vector<std::string> tags;
  std::string target = scope.path("tags/list?n=1000");
  for (int page = 0; page < kMaxPages; ++page) {
    const auto response = ask(scope, "GET", target, stop);
    if (!response) return fail(response.error());
    if (response->status != 200) return fail(refusal(scope.image, "", *response));
    auto some = parse_tags(response->body);
    if (!some) return fail(some.error().within(scope.image));
    std::ranges::move(*some, std::back_inserter(tags));
    if (tags.size() > kMaxTags) break;
    target = next_page(header(*response, "Link"), scope.path("tags/list"));
    if (target.empty()) return tags;
  }
  return fail(ErrorKind::TooLarge,
              fmt::format("{} has more tags than the {} that are read", scope.image, kMaxTags));
}

Result<http::Response> Registry::ask(const Scope& scope, const std::string& method, const std::string& target,
                                     const std::stop_token& stop) {
  if (const auto closed = options_.restraint->wait(scope.host, scope.can_wait))
    return fail(still_limited(scope.host, *closed));
  http::Request request{method, target, {}, {}};
  request.headers["Accept"] = std::string(manifest_types());
  request.headers["User-Agent"] = options_.user_agent;
  if (const auto kept = kept_token(scope.image)) request.headers["Authorization"] = *kept;
  auto response = send(scope.host, request, stop);
  if (!response) return response;
  if (response->status == 401) {
    forget_token(scope.image);
    const auto challenges = parse_challenges(header(*response, "WWW-Authenticate"));
    const auto authorization = authorize(scope, challenges, stop);
    if (!authorization) return fail(authorization.error());
    request.headers["Authorization"] = *authorization;
    response = send(scope.host, request, stop);
    if (!response) return response;
    if (response->status == 401) forget_token(scope.image);
  }
  return follow(scope, request, std::move(*response), stop);
}

Result<http::Response> Registry::follow(const Scope& scope, const http::Request& request,
                                        http::Response response, const std::stop_token& stop) {
  std::string host = scope.host;
  for (int hop = 0; response.status / 100 == 3; ++hop) {
    const std::string location = header(response, "Location");
    http::Request next = request;
    next.headers.erase("Authorization");
    if (location.starts_with('/') && !location.starts_with("//")) {
      next.target = location;
      if (host == scope.host) next.headers = request.headers;
    } else {
      const auto url = http::parse_url(location);
      if (!url || url->scheme != "https" || options_.plain_http_hosts.contains(host_of(*url))) {
        return fail(ErrorKind::Protocol, fmt::format("{} redirects to what is no https URL", scope.image));
      }
      host = host_of(*url);
      next.target = url->target;
    }
    if (hop == kMaxRedirects)
      return fail(ErrorKind::Protocol, fmt::format("{} redirects without end", scope.image));
    auto answer = send(host, next, stop);
    if (!answer) return answer;
    response = std::move(*answer);
  }
  return response;
}

Result<http::Response> Registry::send(const std::string& host, const http::Request& request,
                                      const std::stop_token& stop) {
  const auto transport = options_.transport(host);
  if (!transport) {
    return fail(ErrorKind::Forbidden,
                fmt::format("the registry host {} may not be reached by configuration", host));
  }
  auto response = transport->send(request, {options_.timeout, kMaxManifest}, stop);
  if (options_.on_answer) options_.on_answer(response ? response->status : 0);
  if (!response) return fail(unreachable(host, response.error()));
  options_.restraint->heed(host, *response);
  return response;
}

Result<std::string> Registry::authorize(const Scope& scope, const std::vector<Challenge>& challenges,
                                        const std::stop_token& stop) {
  if (const auto* bearer = find_scheme(challenges, "bearer")) return fetch_token(scope, *bearer, stop);
  if (find_scheme(challenges, "basic") == nullptr) {
    return fail(ErrorKind::Protocol,
                fmt::format("{} asks for a way of signing in that is neither Bearer nor Basic", scope.host));
  }
  Result<std::optional<Credential>> credential = std::nullopt;
  if (options_.credentials) credential = options_.credentials(scope.credential, scope.repository);
  if (!credential) return fail(credential.error());
  if (!*credential) return fail(needs_credential(scope.image));
  const std::string value = http::basic_authorization((*credential)->user, (*credential)->password);
  keep_token(scope.image, {value, clock_.monotonic() + kLongestTokenLife});
  return value;
}

Result<std::string> Registry::fetch_token(const Scope& scope, const Challenge& challenge,
                                          const std::stop_token& stop) {
  const auto realm = http::parse_url(parameter(challenge, "realm"));
  const auto refused = [&](std::string_view why) {
    return fail(ErrorKind::Protocol, fmt::format("{} names a token server {}", scope.host, why));
  };
  if (!realm) return refused("by no URL");
  const std::string host = host_of(*realm);
  const bool plain = options_.plain_http_hosts.contains(host);
  if (realm->scheme == "http" && !(plain && may_see_credentials(scope, host)))
    return refused("without https");
  if (realm->scheme == "https" && plain)
    return refused("by https at a host that is configured as plain HTTP");

  http::Request request{"GET", realm->target, {}, {}};
  const std::string query =
      http::encode_form({{"service", parameter(challenge, "service")},
                         {"scope", fmt::format("repository:{}:pull", scope.repository)}});
  request.target += (realm->target.contains('?') ? "&" : "?") + query;
  request.headers["User-Agent"] = options_.user_agent;
  Result<std::optional<Credential>> credential = std::nullopt;
  if (options_.credentials) credential = options_.credentials(scope.credential, scope.repository);
  if (!credential) return fail(credential.error());
  if (*credential) {
    if (!may_see_credentials(scope, host)) return fail(foreign_token_server(scope.image, host));
    request.headers["Authorization"] =
        http::basic_authorization((*credential)->user, (*credential)->password);
  }
  const auto response = send(host, request, stop);
  if (!response) return fail(response.error());
  if (response->status != 200)
    return fail(token_refusal(scope.image, host, credential->has_value(), *response));
  const auto token = parse_token(response->body);
  if (!token) return fail(token.error().within(host));
  const auto life = std::clamp(token->life.value_or(kDefaultTokenLife), seconds(0), kLongestTokenLife);
  keep_token(scope.image, {"Bearer " + token->value, clock_.monotonic() + life - kTokenMargin});
  return "Bearer " + token->value;
}

bool Registry::may_see_credentials(const Scope& scope, const std::string& host) const {
  static const std::map<std::string, std::string> known{{"registry-1.docker.io", "auth.docker.io"},
                                                        {"registry.gitlab.com", "gitlab.com"}};
  if (host == scope.host) return true;
  if (const auto found = known.find(scope.host); found != known.end() && found->second == host) return true;
  const auto configured = options_.token_servers.find(scope.credential);
  return configured != options_.token_servers.end() && configured->second.contains(host);
}

std::optional<std::string> Registry::kept_token(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto found = tokens_.find(key);
  if (found == tokens_.end()) return std::nullopt;
  if (found->second.expires > clock_.monotonic()) return found->second.authorization;
  tokens_.erase(found);
  return std::nullopt;
}

void Registry::keep_token(const std::string& key, Token token) {
  const std::scoped_lock lock(mutex_);
  if (tokens_.size() >= kKeptTokens) tokens_.erase(tokens_.begin());
  tokens_.insert_or_assign(key, std::move(token));
}

void Registry::forget_token(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  tokens_.erase(key);
}

}  // namespace patchwave::registry
