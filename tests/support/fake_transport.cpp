#include "tests/support/fake_transport.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace patchwave::testing {
namespace {

bool matches(std::string_view pattern, std::string_view target) {
  if (pattern.ends_with('*')) return target.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == target;
}

}  // namespace

FakeTransport::Answer& FakeTransport::Answer::reply(int status, std::string body, http::Headers headers) {
  response_ = {status, std::move(headers), {}};
  pieces_ = {std::move(body)};
  return *this;
}

FakeTransport::Answer& FakeTransport::Answer::fail(ErrorKind kind, std::string message) {
  return fail(Error{kind, std::move(message), 0, std::nullopt, {}});
}

FakeTransport::Answer& FakeTransport::Answer::fail(Error error) {
  return run([error = std::move(error)](const http::Request&) { return patchwave::fail(error); });
}

FakeTransport::Answer& FakeTransport::Answer::run(Run run) {
  run_ = std::move(run);
  return *this;
}

FakeTransport::Answer& FakeTransport::Answer::stream(std::vector<std::string> pieces) {
  response_ = {200, {}, {}};
  pieces_ = std::move(pieces);
  return *this;
}

FakeTransport::Answer& FakeTransport::Answer::then_break() {
  end_ = End::Break;
  return *this;
}

FakeTransport::Answer& FakeTransport::Answer::then_hold() {
  end_ = End::Hold;
  return *this;
}

FakeTransport::Answer& FakeTransport::add(std::string method, std::string target, bool standing) {
  const std::scoped_lock lock(mutex_);
  Answer& answer = answers_.emplace_back();
  answer.method_ = std::move(method);
  answer.target_ = std::move(target);
  answer.standing_ = standing;
  return answer;
}

FakeTransport::Answer& FakeTransport::on(std::string method, std::string target) {
  return add(std::move(method), std::move(target), false);
}

FakeTransport::Answer& FakeTransport::always(std::string method, std::string target) {
  return add(std::move(method), std::move(target), true);
}

void FakeTransport::release() {
  const std::scoped_lock lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

std::vector<http::Request> FakeTransport::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

http::Request FakeTransport::last_request() const {
  const std::scoped_lock lock(mutex_);
  return requests_.empty() ? http::Request{} : requests_.back();
}

std::size_t FakeTransport::unused() const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count(answers_, false, &Answer::standing_));
}

void FakeTransport::wait_for_requests(std::size_t count) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return requests_.size() >= count; });
}

Result<FakeTransport::Answer> FakeTransport::take(const http::Request& request, const std::stop_token& stop) {
  const std::string shown = fmt::format("{} {}", request.method, request.target);
  const std::scoped_lock lock(mutex_);
  requests_.push_back(request);
  changed_.notify_all();
  if (stop.stop_requested()) return patchwave::fail(ErrorKind::Cancelled, shown + ": cancelled");
  const auto fits = [&](const Answer& answer) {
    return answer.method_ == request.method && matches(answer.target_, request.target);
  };
  auto found =
      std::ranges::find_if(answers_, [&](const Answer& answer) { return !answer.standing_ && fits(answer); });
  if (found == answers_.end()) found = std::ranges::find_if(answers_, fits);
  if (found == answers_.end()) {
    ADD_FAILURE() << "no answer is scripted for " << shown;
    return patchwave::fail(ErrorKind::Internal, "no answer is scripted for " + shown);
  }
  Answer answer = *found;
  if (!answer.standing_) answers_.erase(found);
  return answer;
}

Result<void> FakeTransport::finish(const Answer& answer, const std::stop_token& stop) {
  if (answer.end_ == Answer::End::Break) {
    return patchwave::fail(ErrorKind::Transport, "the connection broke off within the body");
  }
  if (answer.end_ == Answer::End::Hold) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return released_; });
    if (stop.stop_requested()) return patchwave::fail(ErrorKind::Cancelled, "cancelled");
  }
  return {};
}

Result<http::Response> FakeTransport::send(const http::Request& request, const http::SendLimits& limits,
                                           std::stop_token stop) {
  auto answer = take(request, stop);
  if (!answer) return patchwave::fail(answer.error());
  Result<http::Response> response = answer->response_;
  if (answer->run_) {
    response = answer->run_(request);
  } else {
    response->body = std::accumulate(answer->pieces_.begin(), answer->pieces_.end(), std::string());
    if (const auto finished = finish(*answer, stop); !finished) return patchwave::fail(finished.error());
  }
  if (response && response->body.size() > limits.max_body) {
    return patchwave::fail(ErrorKind::TooLarge, fmt::format("the body is over {} bytes", limits.max_body));
  }
  return response;
}

Result<http::Response> FakeTransport::stream(const http::Request& request, const http::StreamLimits& limits,
                                             const http::OnData& on_data, std::stop_token stop) {
  auto answer = take(request, stop);
  if (!answer) return patchwave::fail(answer.error());
  Result<http::Response> response = answer->response_;
  std::vector<std::string> pieces = std::move(answer->pieces_);
  if (answer->run_) {
    response = answer->run_(request);
    if (!response) return response;
    pieces = {std::move(response->body)};
  }
  response->body.clear();
  const bool success = response->status / 100 == 2;
  for (const auto& piece : pieces) {
    if (stop.stop_requested() || (success && !piece.empty() && !on_data(piece))) {
      return patchwave::fail(ErrorKind::Cancelled, "cancelled");
    }
    if (!success) response->body += piece.substr(0, limits.max_error_body - response->body.size());
  }
  if (const auto finished = finish(*answer, stop); !finished) return patchwave::fail(finished.error());
  return response;
}

}  // namespace patchwave::testing
