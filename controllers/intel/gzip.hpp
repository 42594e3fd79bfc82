// Feeds come compressed or not; nobody should have to say which.
#pragma once

#include <cstddef>
#include <string>

#include "operator/base/result.hpp"

namespace patchwave::intel {

/// What `bytes` stand for: themselves, or what they were before gzip (RFC 1952, any number of members).
/// TooLarge above `limit` bytes, Invalid for a broken or cut-off archive.
Result<std::string> decompress(std::string bytes, std::size_t limit);

}  // namespace patchwave::intel
