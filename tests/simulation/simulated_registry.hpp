// A registry that has every image anybody asks for: the digest follows from repository and tag.
#pragma once

#include <string>
#include <string_view>

namespace patchwave::simulation {

/// "sha256:…"
std::string digest_of(std::string_view repository, std::string_view tag);

}  // namespace patchwave::simulation
