// Operators with a mistake put in at their seams. A simulation that passes one of them proves nothing about
// the operator that has none.
#pragma once

#include <vector>

#include "tests/simulation/operator_under_test.hpp"

namespace patchwave::simulation {

struct Mutant {
  const char* mistake;
  MakeOperator make;
};

/// All wrap what `make_operator` makes.
std::vector<Mutant> mutants(const MakeOperator& make_operator);

}  // namespace patchwave::simulation
