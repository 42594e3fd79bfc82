// When two image references mean the same bytes.
#pragma once

#include <string_view>

namespace patchwave::target {

/// "sha256:…" of "<repository>[:<tag>]@sha256:…"; "" when the reference has no digest.
std::string_view digest_of(std::string_view image);

/// By digest when `wanted` has one: a registry mirror or another tag does not make other bytes. By text
/// otherwise: what a tag stands for can change, so nothing weaker than the same words counts.
bool same_image(std::string_view image, std::string_view wanted);

}  // namespace patchwave::target
