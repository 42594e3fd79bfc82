// The time that the API server keeps, as the Date of its answers tells it.
//
// What an object records (creationTimestamp, readiness, our own stamps in a status) and what counts it (a
// bake, a deadline, a window) have to be of one clock. The machine's own is not that clock: NTP steps it, and
// a machine that starts or resumes may be wrong by hours until then. So it is asked once, at the start, and
// until the first answer; from then on time runs with the monotonic clock and is held to what the server
// says.
#pragma once

#include <mutex>
#include <string_view>

#include "operator/base/clock.hpp"

namespace patchwave::kube {

/// Thread-safe. `machine` must outlive it.
class ServerClock final : public Clock {
 public:
  explicit ServerClock(const Clock& machine);

  /// The server's time; the machine's as it was at construction, moved on, before any answer. Right within
  /// the second that a Date is exact to and the time that an answer takes, and with more answers better.
  [[nodiscard]] Time now() const override;
  [[nodiscard]] MonotonicTime monotonic() const override { return machine_.monotonic(); }

  /// `date` (RFC 9110 §5.6.7) of an answer to a request that left at `sent`, read at `received`. What is no
  /// date is passed over.
  void heard(std::string_view date, MonotonicTime sent, MonotonicTime received);

 private:
  const Clock& machine_;
  mutable std::mutex mutex_;
  microseconds offset_;  ///< The server's time of monotonic zero, since the epoch.
};

}  // namespace patchwave::kube
