// Who owns a field, by metadata.managedFields (FieldsV1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/json.hpp"

namespace patchwave::target {

struct FieldOwner {
  std::string manager;
  std::optional<Time> time;  ///< When the manager's set of fields, or a value in it, last changed.
};

/// A field as FieldsV1 spells it: {"f:spec", "f:template", …, "k:{\"name\":\"web\"}", "f:image"}.
using FieldPath = std::vector<std::string>;

FieldPath image_field(std::string_view container, bool init);

/// Every manager that owns `field` of the main resource; writers of subresources are left out.
std::vector<FieldOwner> owners_of(const Json& object, const FieldPath& field);

/// Whether one of `patterns` (with `*` for any text) matches. Managers that none matches (kubectl, helm,
/// terraform, unknown ones) are taken to write once and leave.
bool is_continuous(std::string_view manager, const std::vector<std::string>& patterns);

}  // namespace patchwave::target
