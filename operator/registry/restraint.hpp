// How often a registry wants to be asked, by its own word.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::registry {

/// What an answer says of the rate limit.
struct RateLimit {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::optional<seconds> reset;  ///< Until there is more.
};

/// Reads Docker Hub's "ratelimit-remaining: 76;w=21600" and the IETF draft's RateLimit-* and RateLimit
/// fields. What can't be read, and what is below zero, is left out.
RateLimit rate_limit_of(const http::Headers& headers);

/// Remembers, by host, until when not to ask. Thread-safe.
class Restraint {
 public:
  explicit Restraint(const Clock& clock) : clock_(clock) {}

  /// After each answer. A 429 closes the host for as long as its Retry-After says, else its reset, else a
  /// minute; to those who can wait for six hours at most, to everybody for ten minutes at most. When no more
  /// than a quarter of a limit is left, the rest is for pulls: those who can wait do until the reset, else
  /// for ten minutes.
  void heed(const std::string& host, const http::Response& response);
  /// How long the host is closed still; nullopt when it may be asked now.
  [[nodiscard]] std::optional<milliseconds> wait(const std::string& host, bool can_wait) const;

 private:
  struct Closed {
    MonotonicTime for_all;
    MonotonicTime for_patient;
  };
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Closed> hosts_;
};

}  // namespace patchwave::registry
