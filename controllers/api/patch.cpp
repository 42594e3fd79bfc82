#include "controllers/api/patch.hpp"

#include <fmt/format.h>

namespace patchwave::api {

std::string text_of(const PatchSpec& spec) {
  if (!spec.node_pool.empty()) return fmt::format("{} of pool {}", spec.version, spec.node_pool);
  return fmt::format("{}:{}", spec.image, spec.tag);
}

}  // namespace patchwave::api
