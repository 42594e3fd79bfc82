// What a tag points at: one image, or an index of one image a platform.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace patchwave::registry {

/// The media types that are asked for, for an Accept header.
std::string_view manifest_types();
/// True for an OCI index and for Docker's manifest list.
bool is_index_type(std::string_view media_type);

/// By "os/architecture" or "os/architecture/variant", as in "linux/arm64/v8". Empty for a single image's
/// manifest. Entries for no platform (attestations) are left out. Protocol when it is neither.
Result<std::map<std::string, std::string>> parse_platform_digests(std::string_view manifest);

/// Where a manifest says when its image was made.
struct Description {
  std::optional<Time> made;  ///< By its annotation.
  std::string config;        ///< Digest of the image's configuration; "" for an index.
  std::string first_image;   ///< Of an index: the digest of the first entry for a platform.
};
Result<Description> parse_description(std::string_view manifest);

/// `created` of an image's configuration. nullopt when there is none, or none that means something: builds
/// that are to be the same every time say 1970 or 1980.
std::optional<Time> parse_config_time(std::string_view config);

}  // namespace patchwave::registry
