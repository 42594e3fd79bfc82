// Waiting, as something that is passed in: real time in the process, none at all in a test.
#pragma once

#include <functional>
#include <stop_token>

#include "operator/base/clock.hpp"

namespace patchwave::kube {

/// Waits for so long or until `stop`; false when `stop` was requested.
using Wait = std::function<bool(microseconds time, std::stop_token stop)>;

bool wait_in_real_time(microseconds time, std::stop_token stop);

/// A number in [0, 1), for jitter.
using Random = std::function<double()>;

}  // namespace patchwave::kube
