#include "operator/http/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace patchwave::http {
namespace {

/// Keeps deadlines inside the range of the clock whatever a caller allows.
constexpr milliseconds kLongest = std::chrono::hours(24 * 365);

}  // namespace

Exchange::Exchange(std::string what, const SendLimits& limits, const Clock& clock)
    : what_(std::move(what)),
      send_(limits),
      on_data_(nullptr),
      clock_(clock),
      begun_(clock.monotonic()),
      last_activity_(begun_) {}

Exchange::Exchange(std::string what, const StreamLimits& limits, const OnData& on_data, const Clock& clock)
    : what_(std::move(what)),
      stream_(limits),
      on_data_(&on_data),
      clock_(clock),
      begun_(clock.monotonic()),
      last_activity_(begun_) {}

void Exchange::on_headers(int status, Headers headers, std::optional<std::uint64_t> length) noexcept {
  const std::scoped_lock lock(mutex_);
  if (outcome_) return;
  last_activity_ = clock_.monotonic();
  phase_ = Phase::InBody;
  response_.status = status;
  response_.headers = std::move(headers);
  if (status < 200 || status > 599) {
    settle(fail(error(ErrorKind::Protocol, fmt::format("the answer has status {}", status))));
  } else if (send_ && length && *length > send_->max_body) {
    settle(fail(error(ErrorKind::TooLarge, fmt::format("the body of {} bytes is over the limit of {}",
                                                       *length, send_->max_body))));
  }
  changed_.notify_all();
}

void Exchange::on_body(std::string_view bytes) noexcept {
  const std::scoped_lock lock(mutex_);
  if (outcome_) return;
  last_activity_ = clock_.monotonic();
  if (send_) {
    keep(bytes, send_->max_body, false);
  } else if (response_.status / 100 != 2) {
    keep(bytes, stream_->max_error_body, true);
  } else {
    try {
      if (!(*on_data_)(bytes)) settle(fail(error(ErrorKind::Cancelled, "ended by its reader")));
    } catch (...) {
      settle(fail(error(ErrorKind::Internal, "the reader of the body threw an exception")));
    }
  }
}

void Exchange::on_end() noexcept {
  const std::scoped_lock lock(mutex_);
  peer_is_done_ = true;
  if (!outcome_) settle(std::move(response_));
}

void Exchange::on_failure(ErrorKind kind, std::string_view why) noexcept {
  const std::scoped_lock lock(mutex_);
  peer_is_done_ = true;
  if (!outcome_) settle(fail(error(kind, why)));
}

void Exchange::refuse(ErrorKind kind, std::string_view why) noexcept {
  const std::scoped_lock lock(mutex_);
  if (!outcome_) settle(fail(error(kind, why)));
}

Result<Response> Exchange::wait(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!outcome_) {
    const auto until = deadline();
    changed_.wait_for(lock, stop, until - clock_.monotonic(), [&] { return outcome_ || deadline() < until; });
    if (outcome_) break;
    if (stop.stop_requested()) {
      settle(fail(error(ErrorKind::Cancelled, "cancelled")));
    } else if (clock_.monotonic() >= deadline()) {
      settle(fail(timed_out()));
    }
  }
  return std::move(*outcome_);
}

MonotonicTime Exchange::gives_up_at() const {
  const std::scoped_lock lock(mutex_);
  return deadline();
}

bool Exchange::peer_is_done() const {
  const std::scoped_lock lock(mutex_);
  return peer_is_done_;
}

MonotonicTime Exchange::deadline() const {
  if (send_) return begun_ + std::min(send_->total, kLongest);
  if (phase_ == Phase::BeforeHeaders) return begun_ + std::min(stream_->connect, kLongest);
  return last_activity_ + std::min(stream_->idle, kLongest);
}

Error Exchange::timed_out() const {
  if (send_)
    return error(ErrorKind::Timeout, fmt::format("no complete answer within {} ms", send_->total.count()));
  if (phase_ == Phase::BeforeHeaders) {
    return error(ErrorKind::Timeout, fmt::format("no answer within {} ms", stream_->connect.count()));
  }
  return error(ErrorKind::Timeout, fmt::format("silent for {} ms", stream_->idle.count()));
}

void Exchange::keep(std::string_view bytes, std::size_t limit, bool truncate) {
  const std::size_t room = limit - response_.body.size();
  response_.body.append(bytes.substr(0, room));
  if (bytes.size() <= room) return;
  if (truncate) {
    settle(std::move(response_));
  } else {
    settle(fail(error(ErrorKind::TooLarge, fmt::format("the body is over the limit of {} bytes", limit))));
  }
}

void Exchange::settle(Result<Response> outcome) {
  outcome_ = std::move(outcome);
  changed_.notify_all();
}

Error Exchange::error(ErrorKind kind, std::string_view why) const {
  return {kind, fmt::format("{}: {}", what_, why), 0, std::nullopt, {}};
}

}  // namespace patchwave::http
