// The schemas of crds/ as JSON, and objects made from them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "operator/base/json.hpp"

namespace patchwave::api::testing {

/// The OpenAPI schema in crds/patchwave.dev_<plural>.yaml.
const Json& schema_of(const std::string& plural);

enum class Fill {
  Everything,  ///< Every property, with values that are not the defaults.
  Structure,   ///< Every object and list, but in them only the values that are required.
  Required,    ///< What is required, and nothing else.
};
/// `words` are values for fields whose schema leaves open what the codec does not: by the end of their path.
using Words = std::vector<std::pair<std::string, Json>>;
Json example(const Json& schema, Fill fill, const Words& words);

/// What the API server makes of an object: absent fields that have a default get it.
void apply_defaults(const Json& schema, Json& value);

/// Values that the schema refuses, each as the whole object with one thing wrong.
struct Violation {
  std::string path;  ///< Of the field that is wrong: "spec.waves[0].name".
  std::string what;
  Json object;
};
std::vector<Violation> violations(const Json& schema, const Json& object);

}  // namespace patchwave::api::testing
