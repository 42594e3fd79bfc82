// SHA-256, for plan hashes and for orders that favour nobody.
#pragma once

#include <string>
#include <string_view>

namespace patchwave::plan {

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace patchwave::plan
