// Who owns which field: metadata.managedFields in the FieldsV1 form, at the granularity of leaves.
//
// A field set is FieldsV1 JSON: {"f:spec": {"f:replicas": {}}}; an empty object is a leaf. Lists that the API
// merges by key have "k:{…}" members, sets of scalars "v:…" members; every other list is one leaf.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operator/base/json.hpp"

namespace patchwave::simulation {

/// The fields of an object that a manager can own: labels, annotations, finalizers, owner references, spec.
Json ownable_fields(const Json& object);
/// Fields of `after` that `before` lacks or holds with another value.
Json changed_fields(const Json& before, const Json& after);
Json united(Json a, const Json& b);
Json subtracted(Json a, const Json& b);

/// A write that is not an apply: whatever it changed belongs to `manager` now, and to nobody else.
void record_update(const Json& before, Json& after, const std::string& manager, const std::string& time);

struct FieldConflict {
  std::string manager;
  std::string field;  ///< .spec.template.spec.containers[name="web"].image
};
struct Applied {
  Json object;
  std::vector<FieldConflict> conflicts;  ///< When not empty, `object` is of no use.
};
/// Server-side apply of `configuration` onto `live` ({} when there is none).
Applied apply_configuration(const Json& live, const Json& configuration, const std::string& manager,
                            bool force, const std::string& time);

}  // namespace patchwave::simulation
