#include "operator/kube/rate_gate.hpp"

#include <algorithm>
#include <cmath>

namespace patchwave::kube {

TokenBucket::TokenBucket(RateLimit limit, MonotonicTime now)
    : limit_(limit), tokens_(limit.burst), at_(now) {}

MonotonicTime TokenBucket::take(MonotonicTime now) {
  const double elapsed = std::chrono::duration<double>(std::max(now, at_) - at_).count();
  tokens_ = std::min(static_cast<double>(limit_.burst), tokens_ + elapsed * limit_.per_second);
  at_ = std::max(now, at_);
  tokens_ -= 1;
  if (tokens_ >= 0) return now;
  const double wait_microseconds = std::ceil(-tokens_ / limit_.per_second * 1e6);
  return at_ + microseconds(static_cast<std::int64_t>(wait_microseconds));
}

RateGate::RateGate(RateLimit reads, RateLimit writes, const Clock& clock, Wait wait)
    : clock_(clock),
      wait_(std::move(wait)),
      reads_(reads, clock.monotonic()),
      writes_(writes, clock.monotonic()) {}

bool RateGate::admit(const std::string& method, std::stop_token stop) {
  const bool is_read = method == "GET" || method == "HEAD";
  std::unique_lock lock(mutex_);
  const MonotonicTime turn = (is_read ? reads_ : writes_).take(clock_.monotonic());
  for (;;) {
    if (stop.stop_requested()) return false;
    // A pause may have been asked for while this caller waited for its turn.
    const microseconds left = std::max(turn, quiet_until_) - clock_.monotonic();
    if (left <= microseconds(0)) return true;
    lock.unlock();
    if (!wait_(left, stop)) return false;
    lock.lock();
  }
}

void RateGate::pause_for(milliseconds quiet) {
  const std::scoped_lock lock(mutex_);
  quiet_until_ = std::max(quiet_until_, clock_.monotonic() + quiet);
}

}  // namespace patchwave::kube
