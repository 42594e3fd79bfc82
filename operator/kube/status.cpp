#include "operator/kube/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace patchwave::kube {
namespace {

constexpr milliseconds kLongestRetryAfter = std::chrono::hours(1);

ErrorKind kind_of(const Status& status) {
  if (status.reason == "AlreadyExists") return ErrorKind::AlreadyExists;
  if (status.reason == "Expired" || status.reason == "Gone") return ErrorKind::Gone;
  switch (status.code) {
    case 401:
      return ErrorKind::Unauthorized;
    case 403:
      return ErrorKind::Forbidden;
    case 404:
      return ErrorKind::NotFound;
    case 408:
    case 504:
      return ErrorKind::Timeout;
    case 409:
      return ErrorKind::Conflict;
    case 410:
      return ErrorKind::Gone;
    case 429:
      return ErrorKind::TooManyRequests;
    default:
      break;
  }
  if (status.code >= 500) return ErrorKind::Unavailable;
  if (status.code >= 400) return ErrorKind::Invalid;
  return ErrorKind::Protocol;
}

// The API server answers 404 for two things: an object that is not there, and a kind it does not serve.
// The second is plain text, or a Status with this sentence.
bool is_kind_not_served(const Status& status) {
  return status.code == 404 && (!status.is_status || status.message.starts_with(
                                                         "the server could not find the requested resource"));
}

std::string reason_of(const Status& status) {
  if (is_kind_not_served(status)) return "KindNotServed";
  for (const auto* known : {"FieldManagerConflict", "ResourceVersionTooLarge"}) {
    if (status.cause(known) != nullptr) return known;
  }
  if (status.message.find("Too large resource version") != std::string::npos)
    return "ResourceVersionTooLarge";
  return status.reason;
}

// The message with every cause that it does not already tell, five at most.
std::string full_message(const Status& status) {
  std::string text = status.message;
  int told = 0;
  for (const auto& cause : status.causes) {
    if (cause.message.empty() || text.find(cause.message) != std::string::npos) continue;
    if (++told > 5) break;
    text += fmt::format("{}{}{}", text.empty() ? "" : "; ", cause.field.empty() ? "" : cause.field + ": ",
                        cause.message);
  }
  return text;
}

milliseconds bounded(std::int64_t seconds_count) {
  return std::min<milliseconds>(kLongestRetryAfter,
                                seconds(std::clamp<std::int64_t>(seconds_count, 0, 3600)));
}

}  // namespace

const StatusCause* Status::cause(std::string_view wanted) const {
  const auto found = std::ranges::find(causes, wanted, &StatusCause::reason);
  return found == causes.end() ? nullptr : &*found;
}

Status status_of(const Json& object) {
  Status status;
  status.is_status = string_at(object, {"kind"}) == "Status";
  const std::int64_t code = integer_at(object, {"code"});
  if (code > 0 && code < 1000) status.code = static_cast<int>(code);
  status.reason = string_at(object, {"reason"});
  status.message = string_at(object, {"message"});
  status.name = string_at(object, {"details", "name"});
  for (const Json& cause : array_at(object, {"details", "causes"})) {
    status.causes.push_back(
        {string_at(cause, {"reason"}), string_at(cause, {"message"}), string_at(cause, {"field"})});
  }
  if (const auto wait = integer_at(object, {"details", "retryAfterSeconds"}); wait > 0) {
    status.retry_after = bounded(wait);
  }
  return status;
}

Status status_of(const http::Response& response) {
  Status status;
  if (const auto body = parse_json(response.body, "the answer")) status = status_of(*body);
  if (!status.is_status) {
    status = Status{};
    status.message = response.body.substr(0, 200);
    while (!status.message.empty() && status.message.back() == '\n') status.message.pop_back();
  }
  status.code = response.status;
  if (!status.retry_after) status.retry_after = retry_after_of(response);
  return status;
}

Error to_error(const Status& status, std::string_view what) {
  Error error;
  error.kind = kind_of(status);
  error.http_status = status.code;
  error.reason = reason_of(status);
  error.retry_after = status.retry_after;
  std::string told = full_message(status);
  if (told.empty()) told = "no further word";
  if (error.reason == "KindNotServed") told = "the server does not serve this kind (is its CRD installed?)";
  error.message = fmt::format("{}: {} (HTTP {})", what, told, status.code);
  return error;
}

std::optional<milliseconds> retry_after_of(const http::Response& response) {
  const auto header = response.headers.find("Retry-After");
  if (header == response.headers.end()) return std::nullopt;
  const std::string& text = header->second;
  std::int64_t count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (code != std::errc{} || end != text.data() + text.size() || count < 0) return std::nullopt;
  return bounded(count);
}

}  // namespace patchwave::kube
