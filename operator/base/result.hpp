// Errors are values. A call that can fail returns Result<T>; exceptions stay inside the borders of
// the libraries that throw them.
//
//   Result<Lease> read_lease(...);
//   auto lease = read_lease(...);
//   if (!lease) return fail(lease.error().within("renewing the leader lease"));
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace patchwave {

// What a caller can do about a failure, not where it came from. HTTP statuses and system errors are
// mapped to these at the border (operator/http, operator/kube).
enum class ErrorKind : std::uint8_t {
  Invalid,          ///< The input is wrong; repeating the call gives the same answer.
  NotFound,         ///< The object, or the kind itself, does not exist.
  AlreadyExists,    ///< A create met an object of that name.
  Conflict,         ///< A precondition (UID, resourceVersion, test, field owner) did not hold. Read again.
  Gone,             ///< A resourceVersion or continue token is too old. List again.
  TooManyRequests,  ///< Throttled, or an eviction that a PodDisruptionBudget refuses; see retry_after.
  Unauthorized,     ///< The credential was not accepted.
  Forbidden,        ///< The credential was accepted and may not do this.
  Unavailable,      ///< The server answered that it can't serve now (5xx), or refused the connection.
  Timeout,          ///< No answer in time. The effect may or may not have happened.
  Cancelled,        ///< Our own stop token ended the call. The effect may or may not have happened.
  Transport,        ///< The connection broke or TLS failed. The effect may or may not have happened.
  Protocol,         ///< The answer is not what the protocol allows.
  TooLarge,         ///< The answer is over the size the caller allows.
  Internal,         ///< A fault of this program.
};

std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;                                   ///< What was tried, on what, and what came back.
  int http_status = 0;                                   ///< 0 when no answer was received.
  std::optional<std::chrono::milliseconds> retry_after;  ///< The server's own word on when to come back.
  std::string reason;                                    ///< metav1.Status.reason or a cause's reason.

  /// The same error told from the caller's point of view: "<context>: <message>".
  [[nodiscard]] Error within(std::string_view context) const;
};

/// True when the call may be repeated as it is, after a pause.
bool is_transient(ErrorKind kind);
/// True when it is unknown whether the server carried the call out.
bool effect_is_unknown(ErrorKind kind);

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}
[[nodiscard]] inline std::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return std::unexpected<Error>(Error{kind, std::move(message), 0, std::nullopt, {}});
}

}  // namespace patchwave
