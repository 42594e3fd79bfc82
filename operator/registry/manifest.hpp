// What a tag points at: one image, or an index of one image a platform.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace patchwave::registry {

/// The media types that are asked for, for an Accept header.
std::string_view manifest_types();
/// True for an OCI index and for Docker's manifest list.
bool is_index_type(std::string_view media_type);

/// By "os/architecture" or "os/architecture/variant", as in "linux/arm64/v8". Empty for a single image's
/// manifest. Entries for no platform (attestations) are left out. Protocol when it is neither.
Result<std::map<std::string, std::string>> parse_platform_digests(std::string_view manifest);

}  // namespace patchwave::registry
