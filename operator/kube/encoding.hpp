// Text forms that requests and kubeconfig files need.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace patchwave::kube {

/// RFC 3986: everything but unreserved characters becomes %XX. The segments "." and ".." are encoded
/// too, so that no server takes them for a step in a path.
std::string percent_encode(std::string_view text);

/// "?a=1&b=2" from the pairs whose value is not empty; "" when none is left.
std::string query_of(const std::vector<std::pair<std::string_view, std::string>>& parameters);

/// RFC 4648 §4, white space skipped; nullopt when it is not base64.
std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);

}  // namespace patchwave::kube
