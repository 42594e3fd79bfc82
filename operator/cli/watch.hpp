// --watch of one wave: looks each second until the wave has ended.
#pragma once

#include "operator/cli/verbs.hpp"

namespace patchwave::cli {

/// On a terminal the picture is redrawn in place; elsewhere each change is a line, or with -o json an object
/// a line. exit_code::kOk when the wave succeeded or the watch was ended, exit_code::kEndedBadly for any
/// other end, exit_code::kTimedOut after
/// --timeout.
Result<int> watch_wave(Context& context);

}  // namespace patchwave::cli
