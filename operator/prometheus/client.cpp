#include "operator/prometheus/client.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "operator/base/json.hpp"
#include "operator/http/url.hpp"

namespace patchwave::prometheus {
namespace {

/// Of the server's own words in a message.
constexpr std::size_t kMaxQuoted = 512;

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

std::optional<double> parse_value(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  const auto& text = json.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "+Inf" || text == "Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  double value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  // Out of range is a number that a double can't tell from infinity or zero; a server never prints one.
  if (error != std::errc() || end != last) return std::nullopt;
  return value;
}

/// [seconds, "value"]
std::optional<Sample> parse_sample(const Json& json) {
  if (!json.is_array() || json.size() != 2 || !json[0].is_number()) return std::nullopt;
  const double at = json[0].get<double>();
  const auto value = parse_value(json[1]);
  constexpr double kFarthest = 9e12;  // in seconds; keeps microseconds inside 64 bits
  if (!value || !std::isfinite(at) || std::abs(at) > kFarthest) return std::nullopt;
  return Sample{Time(microseconds(std::llround(at * 1e3) * 1000)), *value};
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(ErrorKind::Protocol, fmt::format("Prometheus' answer has {}", what));
}

struct SampleBudget {
  std::size_t left;
  std::size_t max;
  Result<void> take() {
    if (left == 0) {
      return fail(ErrorKind::TooLarge,
                  fmt::format("Prometheus' answer has over {} samples; ask for less", max));
    }
    --left;
    return {};
  }
};

Result<Sample> take_sample(const Json& json, SampleBudget& budget) {
  if (auto taken = budget.take(); !taken) return fail(taken.error());
  const auto sample = parse_sample(json);
  if (!sample) return malformed("a sample that is not a time and a value");
  return *sample;
}

Result<Series> parse_series(const Json& json, SampleBudget& budget) {
  Series series;
  for (const auto& [name, value] : object_at(json, {"metric"}).items()) {
    if (!value.is_string()) return malformed("a label whose value is no text");
    series.labels.emplace(name, value.get<std::string>());
  }
  if (find(json, {"histogram"}) != nullptr || find(json, {"histograms"}) != nullptr) {
    return malformed("native histograms, which can't be read here; ask for a quantile or a count of them");
  }
  if (const Json* value = find(json, {"value"})) {
    auto sample = take_sample(*value, budget);
    if (!sample) return fail(sample.error());
    series.samples.push_back(*sample);
    return series;
  }
  const Json* values = find(json, {"values"});
  if (values == nullptr || !values->is_array()) return malformed("a series without samples");
  for (const auto& value : *values) {
    auto sample = take_sample(value, budget);
    if (!sample) return fail(sample.error());
    if (!series.samples.empty() && sample->time < series.samples.back().time) {
      return malformed("samples out of order");
    }
    series.samples.push_back(*sample);
  }
  return series;
}

std::optional<ValueKind> parse_kind(std::string_view text) {
  if (text == "vector") return ValueKind::Vector;
  if (text == "matrix") return ValueKind::Matrix;
  if (text == "scalar") return ValueKind::Scalar;
  return std::nullopt;
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

Result<QueryAnswer> parse_answer(std::string_view body, std::size_t max_samples) {
  const auto json = parse_json(body, "Prometheus' answer");
  if (!json) return fail(json.error());
  const std::string status = string_at(*json, {"status"});
  if (status == "error") {
    Error error{ErrorKind::Invalid, "", 200, std::nullopt, string_at(*json, {"errorType"})};
    error.message = fmt::format("Prometheus refused, {}: {}", error.reason,
                                string_at(*json, {"error"}).substr(0, kMaxQuoted));
    return fail(std::move(error));
  }
  const auto kind = parse_kind(string_at(*json, {"data", "resultType"}));
  const Json* result = find(*json, {"data", "result"});
  if (status != "success" || !kind || result == nullptr || !result->is_array()) {
    return malformed("no vector, matrix or scalar in it");
  }
  QueryAnswer answer;
  answer.kind = *kind;
  for (const auto& warning : array_at(*json, {"warnings"})) {
    if (warning.is_string()) answer.warnings.push_back(warning.get<std::string>().substr(0, kMaxQuoted));
  }
  SampleBudget budget{max_samples, max_samples};
  if (*kind == ValueKind::Scalar) {
    auto sample = take_sample(*result, budget);
    if (!sample) return fail(sample.error());
    answer.series.push_back({{}, {*sample}});
    return answer;
  }
  for (const auto& one : *result) {
    auto series = parse_series(one, budget);
    if (!series) return fail(series.error());
    answer.series.push_back(std::move(*series));
  }
  return answer;
}

}  // namespace patchwave::prometheus
