// Time is passed in. Nothing outside SystemClock asks the machine what time it is.
#pragma once

#include <chrono>

namespace patchwave {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Wall-clock time, UTC. What is written to objects and compared with windows.
using Time = std::chrono::sys_time<microseconds>;

/// Time that never steps back. What waits, deadlines and leases are measured with. It counts while the
/// machine is suspended (CLOCK_BOOTTIME): a lease must not outlive a sleeping laptop.
struct Monotonic {
  using duration = microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Monotonic>;
  static constexpr bool is_steady = true;
};
using MonotonicTime = Monotonic::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  [[nodiscard]] virtual MonotonicTime monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] MonotonicTime monotonic() const override;
};

/// A clock that moves only when told to. For tests and simulations.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start), monotonic_(seconds(1)) {}
  [[nodiscard]] Time now() const override { return now_; }
  [[nodiscard]] MonotonicTime monotonic() const override { return monotonic_; }
  void advance(microseconds by) {
    now_ += by;
    monotonic_ += by;
  }

 private:
  Time now_;
  MonotonicTime monotonic_;
};

}  // namespace patchwave
