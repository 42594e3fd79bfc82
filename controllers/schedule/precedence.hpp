// What must be done before what: a graph without cycles.
#pragma once

#include <string>
#include <vector>

#include "operator/base/result.hpp"

namespace patchwave::schedule {

/// What each must come after, as indices.
using Precedence = std::vector<std::vector<std::size_t>>;

/// `after` are the names that each of `names` comes after; names are unique. Invalid names one that isn't
/// there, or one by one a cycle: "'A' after 'B' after 'A'".
Result<Precedence> resolve_precedence(const std::vector<std::string>& names,
                                      const std::vector<std::vector<std::string>>& after);

/// Every index once, each after what it must come after; without cycles.
std::vector<std::size_t> in_sequence(const Precedence& precedence);

}  // namespace patchwave::schedule
