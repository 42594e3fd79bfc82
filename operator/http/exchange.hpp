// One request on its way: the meeting point of the caller, who waits with deadlines and a stop token, and
// of the network threads, which report what arrives. Knows no HTTP library.
//
// Once wait() has returned, the network side's reports go nowhere: a connection that takes long to die
// (a name look-up can't be interrupted) holds no caller and touches nothing of his.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "operator/http/transport.hpp"

namespace patchwave::http {

class Exchange {
 public:
  /// `what` begins every message: "GET https://host/path". `clock` must outlive the exchange.
  Exchange(std::string what, const SendLimits& limits, const Clock& clock);
  /// `on_data` must outlive wait().
  Exchange(std::string what, const StreamLimits& limits, const OnData& on_data, const Clock& clock);

  // Network side. Never blocks, never throws.
  /// `length`: what the headers declare of the body, when they do.
  void on_headers(int status, Headers headers, std::optional<std::uint64_t> length) noexcept;
  void on_body(std::string_view bytes) noexcept;
  void on_end() noexcept;
  void on_failure(ErrorKind kind, std::string_view why) noexcept;
  /// What arrived can't be taken, though the peer would go on.
  void refuse(ErrorKind kind, std::string_view why) noexcept;

  // Caller's side. Called once.
  Result<Response> wait(std::stop_token stop);
  /// When wait() ends in Timeout if nothing arrives until then.
  [[nodiscard]] MonotonicTime gives_up_at() const;
  /// False when the caller left before the peer was done: the connection has to be cut.
  [[nodiscard]] bool peer_is_done() const;

 private:
  enum class Phase : std::uint8_t { BeforeHeaders, InBody };

  [[nodiscard]] MonotonicTime deadline() const;
  [[nodiscard]] Error timed_out() const;
  void keep(std::string_view bytes, std::size_t limit, bool truncate);
  void settle(Result<Response> outcome);
  [[nodiscard]] Error error(ErrorKind kind, std::string_view why) const;

  const std::string what_;
  const std::optional<SendLimits> send_;
  const std::optional<StreamLimits> stream_;
  const OnData* const on_data_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  const MonotonicTime begun_;
  MonotonicTime last_activity_;
  Phase phase_ = Phase::BeforeHeaders;
  Response response_;
  std::optional<Result<Response>> outcome_;
  bool peer_is_done_ = false;
};

}  // namespace patchwave::http
