// The real reconcilers as the operator under test.
#pragma once

#include "tests/simulation/operator_under_test.hpp"

namespace patchwave::simulation {

std::unique_ptr<OperatorUnderTest> assemble_operator(const Surroundings& surroundings);

}  // namespace patchwave::simulation
