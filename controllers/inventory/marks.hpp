// What people say of an object under a key of ours: as a label, or as an annotation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/base/json.hpp"

namespace patchwave::inventory {

struct Mark {
  std::string value;
  std::string_view where;  ///< "label" or "annotation"
};

/// The annotation counts where there are both: it can say more.
inline std::optional<Mark> mark_of(const Json& object, std::string_view key) {
  if (auto value = string_at(object, {"metadata", "annotations", key}); !value.empty())
    return Mark{std::move(value), "annotation"};
  if (auto value = string_at(object, {"metadata", "labels", key}); !value.empty())
    return Mark{std::move(value), "label"};
  return std::nullopt;
}

}  // namespace patchwave::inventory
