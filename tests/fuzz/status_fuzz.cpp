// metav1.Status and whatever else an API server, or a proxy before it, answers with: a word for people that
// is bounded, a kind that fits the code, and a wait of at most an hour.
#include <chrono>
#include <string>

#include "operator/kube/status.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

void check_error(const kube::Status& status) {
  const Error error = kube::to_error(status, "get pods shop/web");
  expect(error.message.starts_with("get pods shop/web: "), "the message begins with what was tried");
  expect(error.http_status == status.code, "the error has the code of the answer");
  expect(!is_transient(error.kind) || status.code == 0 || status.code >= 400 || status.reason == "Expired",
         "no success is worth a second try");
  if (error.retry_after) {
    expect(*error.retry_after >= milliseconds(0) && *error.retry_after <= std::chrono::hours(1),
           "a wait is from none to an hour");
  }
}

void check_object(std::string_view body) {
  const auto json = parse_json(body, "the body");
  if (!json) return;
  const auto status = kube::status_of(*json);
  expect(status.code >= 0 && status.code <= 999, "a code is one of HTTP, or none");
  if (status.code != 0) {
    expect(Json(status.code) == (*json)["code"], "a code is the one that stands in the Status");
  }
  check_error(status);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  check_object(text);
  // The first line may be a header's value, as a server would send it.
  constexpr int kCodes[] = {200, 400, 401, 403, 404, 409, 410, 422, 429, 500, 503, 504};
  const auto end = text.find('\n');
  http::Response response;
  response.status = kCodes[fuzz::take_choice(text, std::size(kCodes))];
  if (end != std::string_view::npos && end > 0) {
    response.headers["Retry-After"] = std::string(text.substr(0, end - 1));
    text.remove_prefix(end);
  }
  response.body = std::string(text);
  const auto status = kube::status_of(response);
  expect(status.code == response.status, "the answer's own code counts");
  expect(status.is_status || status.message.size() <= 200, "a body that is no Status is told in 200 bytes");
  check_error(status);
  return 0;
}
