// The client-side rate limit: token buckets for reads and for writes, and the quiet a server asks for.
#pragma once

#include <mutex>

#include "operator/base/clock.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/wait.hpp"

namespace patchwave::kube {

struct RateLimit {
  double per_second = 20;  ///< Sustained. Must be above 0.
  int burst = 30;          ///< At once, after a pause. At least 1.
};

/// A token bucket as a value. Callers that find it empty are given turns, one each 1/per_second.
class TokenBucket {
 public:
  TokenBucket(RateLimit limit, MonotonicTime now);
  /// Takes one token; the time from which its holder may go, not before `now`.
  MonotonicTime take(MonotonicTime now);

 private:
  RateLimit limit_;
  double tokens_;  ///< At `at_`; negative while turns are given out ahead of time.
  MonotonicTime at_;
};

/// GET and HEAD draw from one bucket, everything else from the other, so that a burst of reads (a relist)
/// can't delay the write that undoes harm.
class RateGate final : public RequestGate {
 public:
  RateGate(RateLimit reads, RateLimit writes, const Clock& clock, Wait wait = wait_in_real_time);

  bool admit(const std::string& method, std::stop_token stop) override;
  /// Overlapping requests for quiet: the later end holds.
  void pause_for(milliseconds quiet) override;

 private:
  const Clock& clock_;
  Wait wait_;
  std::mutex mutex_;
  TokenBucket reads_;
  TokenBucket writes_;
  MonotonicTime quiet_until_{};
};

}  // namespace patchwave::kube
