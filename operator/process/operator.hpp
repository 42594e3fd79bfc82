// The operator: everything built, connected, started and stopped in order.
#pragma once

#include "operator/process/configuration.hpp"

namespace patchwave::process {

/// Runs until SIGTERM or SIGINT. When leadership is lost, everything is taken down and built anew, as a
/// standby. Returns the process's exit status: 0 after an orderly end, 1 when it could not start or go on.
/// What went wrong is in the log.
int run_operator(const Configuration& configuration);

}  // namespace patchwave::process
