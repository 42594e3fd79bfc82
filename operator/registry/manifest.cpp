#include "operator/registry/manifest.hpp"

#include <fmt/format.h>

#include "operator/base/json.hpp"
#include "operator/registry/reference.hpp"

namespace patchwave::registry {
namespace {

constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view kUnknown = "unknown";
constexpr std::size_t kMaxPlatforms = 256;

std::string platform_of(const Json& entry) {
  const std::string os = string_at(entry, {"platform", "os"}, kUnknown);
  const std::string architecture = string_at(entry, {"platform", "architecture"}, kUnknown);
  const std::string variant = string_at(entry, {"platform", "variant"});
  if (os == kUnknown || architecture == kUnknown) return "";
  return variant.empty() ? fmt::format("{}/{}", os, architecture)
                         : fmt::format("{}/{}/{}", os, architecture, variant);
}

// Some tools that can't say 1970 (ZIP archives begin with 1980) say 1 January 1980.
constexpr Time kFirstMeant{seconds(315'619'200)};  // 1980-01-02T00:00:00Z

std::optional<Time> meant(std::optional<Time> time) {
  return time && *time >= kFirstMeant ? time : std::nullopt;
}

}  // namespace

std::string_view manifest_types() {
  return "application/vnd.oci.image.index.v1+json, "
         "application/vnd.docker.distribution.manifest.list.v2+json, "
         "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
}

bool is_index_type(std::string_view media_type) {
  const auto type = media_type.substr(0, media_type.find(';'));
  return type == kOciIndex || type == kDockerList;
}

Result<std::map<std::string, std::string>> parse_platform_digests(std::string_view manifest) {
  const auto json = parse_json(manifest, "the manifest");
  if (!json) return fail(json.error());
  std::map<std::string, std::string> digests;
  const Json* entries = find(*json, {"manifests"});
  if (entries == nullptr) {
    if (find(*json, {"config"}) != nullptr || find(*json, {"layers"}) != nullptr) return digests;
    return fail(ErrorKind::Protocol, "the manifest is neither an index nor an image");
  }
  if (!entries->is_array() || entries->size() > kMaxPlatforms) {
    return fail(ErrorKind::Protocol,
                fmt::format("the index has no list of at most {} manifests", kMaxPlatforms));
  }
  for (const auto& entry : *entries) {
    const std::string digest = string_at(entry, {"digest"});
    const std::string platform = platform_of(entry);
    if (platform.empty()) continue;
    if (!is_digest(digest))
      return fail(ErrorKind::Protocol, "the index has an entry without a sha256 digest");
    // Windows has several versions of one platform; the first is as good a name as any.
    digests.emplace(platform, digest);
  }
  return digests;
}

Result<Description> parse_description(std::string_view manifest) {
  const auto json = parse_json(manifest, "the manifest");
  if (!json) return fail(json.error());
  Description description;
  description.made = meant(time_at(*json, {"annotations", "org.opencontainers.image.created"}));
  const auto config = string_at(*json, {"config", "digest"});
  if (is_digest(config)) description.config = config;
  for (const auto& entry : array_at(*json, {"manifests"})) {
    auto digest = string_at(entry, {"digest"});
    if (platform_of(entry).empty() || !is_digest(digest)) continue;
    description.first_image = std::move(digest);
    break;
  }
  return description;
}

std::optional<Time> parse_config_time(std::string_view config) {
  const auto json = parse_json(config, "the configuration");
  return json ? meant(time_at(*json, {"created"})) : std::nullopt;
}

}  // namespace patchwave::registry
