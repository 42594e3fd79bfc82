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

}  // namespace patchwave::registry
