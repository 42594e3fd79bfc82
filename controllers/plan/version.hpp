// Order of versions in tags, after Semantic Versioning 2.0.0 §11 with what tags add to it: a leading 'v',
// and two numbers instead of three.
#pragma once

#include <optional>
#include <string_view>

namespace patchwave::plan {

/// Negative, zero or positive; nullopt when one of the two is no version ("latest", "stable").
std::optional<int> compare_versions(std::string_view a, std::string_view b);

}  // namespace patchwave::plan
