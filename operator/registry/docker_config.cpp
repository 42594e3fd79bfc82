#include "operator/registry/docker_config.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "operator/base/json.hpp"
#include "operator/http/url.hpp"

namespace patchwave::registry {
namespace {

/// A Secret can't be longer.
constexpr std::size_t kMaxConfig = 1024 * 1024;

struct Pattern {
  std::string host;
  std::string path;
};

/// "https://index.docker.io/v1/", "registry.example.com:5000/team", "*.example.com"
Pattern parse_pattern(std::string_view key) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
  }
  const auto slash = std::min(key.find('/'), key.size());
  Pattern pattern{std::string(key.substr(0, slash)), std::string(key.substr(slash))};
  while (pattern.path.ends_with('/')) pattern.path.pop_back();
  while (pattern.path.starts_with('/')) pattern.path.erase(0, 1);
  // What `docker login` writes names the API's version, not a repository.
  if (pattern.path == "v1" || pattern.path == "v2") pattern.path.clear();
  if (pattern.host == "index.docker.io" || pattern.host == "registry-1.docker.io") pattern.host = "docker.io";
  return pattern;
}

Result<Json> parse(std::string_view text) {
  if (text.size() > kMaxConfig) return fail(ErrorKind::TooLarge, "the docker config is over 1 MiB");
  // The parser's own message quotes the text around the mistake, which may be a password.
  auto json = parse_json(text, "the docker config");
  if (!json) return fail(ErrorKind::Invalid, "the docker config is not JSON");
  return json;
}

/// Label by label, so that '*' never spans a dot.
bool host_matches(std::string_view pattern, std::string_view host) {
  if (std::ranges::count(pattern, '.') != std::ranges::count(host, '.')) return false;
  while (true) {
    const auto pattern_end = std::min(pattern.find('.'), pattern.size());
    const auto host_end = std::min(host.find('.'), host.size());
    const std::string pattern_label(pattern.substr(0, pattern_end));
    const std::string label(host.substr(0, host_end));
    if (::fnmatch(pattern_label.c_str(), label.c_str(), FNM_NOESCAPE) != 0) return false;
    if (pattern_end == pattern.size()) return true;
    pattern.remove_prefix(pattern_end + 1);
    host.remove_prefix(host_end + 1);
  }
}

bool path_matches(std::string_view path, std::string_view repository) {
  return path.empty() || repository == path ||
         (repository.starts_with(path) && repository.substr(path.size()).starts_with('/'));
}

}  // namespace

Result<void> DockerConfig::add(std::string_view text) {
  const auto json = parse(text);
  if (!json) return fail(json.error());
  if (patchwave::find(*json, {"auths"}) == nullptr) {
    return fail(ErrorKind::Invalid, "the docker config has no auths");
  }
  return add_auths(object_at(*json, {"auths"}));
}

Result<void> DockerConfig::add_entries(std::string_view text) {
  const auto json = parse(text);
  if (!json) return fail(json.error());
  if (!json->is_object()) return fail(ErrorKind::Invalid, "the docker config is not an object");
  return add_auths(*json);
}

Result<void> DockerConfig::add_auths(const Json& auths) {
  for (const auto& [key, value] : auths.items()) {
    auto pattern = parse_pattern(key);
    Entry entry{std::move(pattern.host), std::move(pattern.path), std::nullopt, {}};
    const std::string user = string_at(value, {"username"});
    const std::string auth = string_at(value, {"auth"});
    if (!string_at(value, {"identitytoken"}).empty()) {
      entry.unusable =
          "it holds an identity token, which only the program that made it can use; give a user and password";
    } else if (!user.empty()) {
      entry.credential = Credential{user, string_at(value, {"password"})};
    } else if (auth.empty()) {
      entry.unusable = "it is empty: the password is in a credential helper, which does not exist here";
    } else {
      const auto decoded = http::base64_decode(auth);
      const auto colon = decoded ? decoded->find(':') : std::string::npos;
      if (colon == std::string::npos) {
        return fail(ErrorKind::Invalid,
                    fmt::format("the docker config's auth of {:.100} is not base64 of user:password", key));
      }
      entry.credential = Credential{decoded->substr(0, colon), decoded->substr(colon + 1)};
    }
    entries_.push_back(std::move(entry));
  }
  return {};
}

Result<std::optional<Credential>> DockerConfig::find(std::string_view host,
                                                     std::string_view repository) const {
  const Entry* best = nullptr;
  for (const auto& entry : entries_) {
    if (!host_matches(entry.host, host) || !path_matches(entry.path, repository)) continue;
    if (best == nullptr || entry.path.size() > best->path.size()) best = &entry;
  }
  if (best == nullptr) return std::nullopt;
  if (!best->credential) {
    return fail(ErrorKind::Invalid,
                fmt::format("the pull credential for {} can't be used: {}", host, best->unusable));
  }
  return best->credential;
}

}  // namespace patchwave::registry
