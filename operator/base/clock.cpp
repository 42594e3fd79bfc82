#include "operator/base/clock.hpp"

#include <ctime>

namespace patchwave {

Time SystemClock::now() const {
  return std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
}

MonotonicTime SystemClock::monotonic() const {
  timespec at{};
  clock_gettime(CLOCK_BOOTTIME, &at);
  return MonotonicTime(seconds(at.tv_sec) +
                       std::chrono::duration_cast<microseconds>(std::chrono::nanoseconds(at.tv_nsec)));
}

}  // namespace patchwave
