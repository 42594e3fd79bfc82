#include "operator/prometheus/client.hpp"

#include <fmt/format.h>

#include <utility>

#include "operator/base/json.hpp"
#include "operator/http/url.hpp"

namespace patchwave::prometheus {
namespace {

/// Seconds since the epoch with milliseconds, which is what Prometheus resolves.
std::string format_seconds(microseconds value) {
  const auto count = std::chrono::floor<milliseconds>(value).count();
  const auto whole = count >= 0 ? count / 1000 : (count - 999) / 1000;
  return fmt::format("{}.{:03}", whole, count - whole * 1000);
}

Error error_of(const http::Response& response) {
  const auto status = response.status;
  ErrorKind kind = ErrorKind::Invalid;
  if (status == 401) kind = ErrorKind::Unauthorized;
  if (status == 403) kind = ErrorKind::Forbidden;
  if (status == 404) kind = ErrorKind::NotFound;
  if (status == 429) kind = ErrorKind::TooManyRequests;
  if (status / 100 == 5) kind = ErrorKind::Unavailable;
  if (status / 100 == 3) kind = ErrorKind::Protocol;
  Error error{
      kind, fmt::format("Prometheus answered {}", status), status, http::retry_after(response.headers), {}};
  const auto body = parse_json(response.body, "the answer");
  if (!body) return error;
  error.reason = string_at(*body, {"errorType"});
  const std::string text = string_at(*body, {"error"});
  if (!text.empty()) error.message += fmt::format(" {}: {}", error.reason, text.substr(0, kMaxQuoted));
  return error;
}

}  // namespace

std::string_view to_string(QueryFailure failure) {
  switch (failure) {
    case QueryFailure::Unreachable:
      return "Unreachable";
    case QueryFailure::Rejected:
      return "Rejected";
    case QueryFailure::TooLarge:
      return "TooLarge";
    case QueryFailure::Protocol:
      return "Protocol";
    case QueryFailure::Cancelled:
      return "Cancelled";
  }
  return "Protocol";
}

QueryFailure failure_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::Unavailable:
    case ErrorKind::Timeout:
    case ErrorKind::Transport:
    case ErrorKind::TooManyRequests:
      return QueryFailure::Unreachable;
    case ErrorKind::TooLarge:
      return QueryFailure::TooLarge;
    case ErrorKind::Cancelled:
      return QueryFailure::Cancelled;
    case ErrorKind::Protocol:
    case ErrorKind::Internal:
      return QueryFailure::Protocol;
    default:
      return QueryFailure::Rejected;
  }
}

Client::Client(ClientOptions options) : options_(std::move(options)) {}

Result<QueryAnswer> Client::query(std::string_view promql, Time time, std::stop_token stop) const {
  return post("/api/v1/query",
              {{"query", std::string(promql)}, {"time", format_seconds(time.time_since_epoch())}},
              std::move(stop));
}

Result<QueryAnswer> Client::query_range(std::string_view promql, Time start, Time end, milliseconds step,
                                        std::stop_token stop) const {
  if (end < start || step <= milliseconds(0)) {
    return fail(ErrorKind::Invalid, "a range query needs a start before its end and a step above zero");
  }
  return post("/api/v1/query_range",
              {{"query", std::string(promql)},
               {"start", format_seconds(start.time_since_epoch())},
               {"end", format_seconds(end.time_since_epoch())},
               {"step", format_seconds(step)}},
              std::move(stop));
}

Result<QueryAnswer> Client::post(std::string_view path, const Form& form, std::stop_token stop) const {
  http::Request request{"POST", options_.path_prefix + std::string(path), {}, http::encode_form(form)};
  request.headers["Content-Type"] = "application/x-www-form-urlencoded";
  request.headers["Accept"] = "application/json";
  request.headers["User-Agent"] = options_.user_agent;
  if (options_.authorization) {
    auto authorization = options_.authorization();
    if (!authorization) return fail(authorization.error().within("the credential for Prometheus"));
    if (!authorization->empty()) request.headers["Authorization"] = std::move(*authorization);
  }
  auto response = options_.transport->send(request, options_.limits, std::move(stop));
  if (!response) return fail(response.error().within("asking Prometheus"));
  if (response->status / 100 != 2) return fail(error_of(*response));
  return parse_answer(response->body, options_.max_samples);
}

}  // namespace patchwave::prometheus
