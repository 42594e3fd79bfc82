// JSON to PodView and NodeView, reading each byte once and building nothing in between.
#pragma once

#include <memory>
#include <string_view>

#include "operator/base/result.hpp"
#include "operator/kube/node.hpp"
#include "operator/kube/pod.hpp"

namespace patchwave::kube {

/// Longest message of a container or scheduler that is kept.
inline constexpr std::size_t kMaxMessage = 512;

/// Protocol when the text is not JSON of an object with a name. Fields of later API versions are passed over.
Result<PodView> decode_pod(std::string_view text);
Result<NodeView> decode_node(std::string_view text);

}  // namespace patchwave::kube
