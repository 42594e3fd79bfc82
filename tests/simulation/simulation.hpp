// One run: a scenario, an operator, faults until they are healed, and then the question whether all came
// right.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/simulation/invariants.hpp"
#include "tests/simulation/operator_under_test.hpp"
#include "tests/simulation/scenario.hpp"

namespace patchwave::simulation {

struct RunOptions {
  std::uint64_t seed = 1;
  bool faults = true;
  /// The API server refuses every write to a workload, until the end.
  bool denied = false;
  /// The run is given up, and said to spin, beyond so many reconciles.
  std::size_t most_steps = 100'000;
};

struct RunResult {
  std::vector<std::string> violations;
  /// What people would compare: images, strategies and claims of workloads, phases of waves, the quarantine.
  std::string end_state;
  std::map<std::string, Disruptions> disruptions;
  std::string scenario;
  bool has_one_end = true;
  bool patch_is_good = true;
  std::string trace;
  std::uint64_t trace_hash = 0;
  int lives = 0;          ///< How many times the operator was started.
  std::size_t calls = 0;  ///< Of the operator to the API server.
};

RunResult run_simulation(const RunOptions& options, const MakeOperator& make_operator);

/// A failure's text: what was violated, how to replay it, the scenario and the last calls.
std::string explain(const RunOptions& options, const RunResult& result,
                    const std::vector<std::string>& problems);

}  // namespace patchwave::simulation
