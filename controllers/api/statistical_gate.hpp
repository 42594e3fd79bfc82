// Gates that compare a canary with a baseline by the evidence in their counts or levels: the one codec of
// their fields, in a policy, in a wave and offline.
#pragma once

#include "controllers/api/common.hpp"
#include "controllers/api/object_reader.hpp"

namespace patchwave::api {

bool is_statistical(const GateSpec& gate);

/// The fields `counter`, `histogram`, `gauge`, `tolerate`, `alpha` and `beta` of a gate, as far as they are
/// there. Numbers are decimal text.
void read_statistics(const ObjectReader& fields, GateSpec& gate);
void print_statistics(const GateSpec& gate, Json& fields);

/// One gate by itself, as for `kubectl patchwave judge`. Invalid names the field, its value and what is
/// allowed; a field that no statistical gate has is invalid, since a misspelt one would leave its default in
/// force without a word.
Result<GateSpec> parse_statistical_gate(const Json& object);
Json print_statistical_gate(const GateSpec& gate);

}  // namespace patchwave::api
