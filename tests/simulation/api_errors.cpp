#include "tests/simulation/api_errors.hpp"

#include <fmt/format.h>

namespace patchwave::simulation {
namespace {

std::string qualified(const kube::Resource& resource) {
  return resource.group.empty() ? resource.plural : resource.plural + "." + resource.group;
}

Json details_of(const kube::Resource& resource, std::string_view name) {
  Json details{{"name", name}, {"kind", resource.plural}};
  if (!resource.group.empty()) details["group"] = resource.group;
  return details;
}

}  // namespace

http::Response answer(int code, std::string body) {
  return {code, {{"Content-Type", "application/json"}}, std::move(body)};
}

http::Response failure(int code, std::string_view reason, std::string message, Json details) {
  Json status{{"kind", "Status"},
              {"apiVersion", "v1"},
              {"metadata", Json::object()},
              {"status", "Failure"},
              {"message", std::move(message)},
              {"code", code}};
  if (!reason.empty()) status["reason"] = reason;
  http::Response response = answer(code, "");
  if (const auto seconds = integer_at(details, {"retryAfterSeconds"}); seconds > 0) {
    response.headers["Retry-After"] = std::to_string(seconds);
  }
  if (!details.is_null()) status["details"] = std::move(details);
  response.body = status.dump();
  return response;
}

http::Response not_found(const kube::Resource& resource, std::string_view name) {
  return failure(404, "NotFound", fmt::format("{} \"{}\" not found", qualified(resource), name),
                 details_of(resource, name));
}

http::Response page_not_found() {
  return {404, {{"Content-Type", "text/plain; charset=utf-8"}}, "404 page not found\n"};
}

http::Response already_exists(const kube::Resource& resource, std::string_view name) {
  return failure(409, "AlreadyExists", fmt::format("{} \"{}\" already exists", qualified(resource), name),
                 details_of(resource, name));
}

http::Response conflict(const kube::Resource& resource, std::string_view name, std::string_view why) {
  return failure(
      409, "Conflict",
      fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", qualified(resource), name, why),
      details_of(resource, name));
}

http::Response invalid(const kube::Resource& resource, std::string_view name, const std::string& field,
                       const std::string& why) {
  const std::string kind = resource.group.empty() ? resource.kind : resource.kind + "." + resource.group;
  Json details = details_of(resource, name);
  details["kind"] = resource.kind;
  details["causes"] = Json::array({{{"reason", "FieldValueInvalid"}, {"message", why}, {"field", field}}});
  return failure(422, "Invalid", fmt::format("{} \"{}\" is invalid: {}: {}", kind, name, field, why),
                 std::move(details));
}

http::Response bad_request(std::string message) {
  return failure(400, "BadRequest", std::move(message));
}

http::Response patch_does_not_apply() {
  return failure(422, "Invalid", "the server rejected our request due to an error in our request",
                 Json::object());
}

http::Response expired(std::string message) {
  return failure(410, "Expired", std::move(message));
}

http::Response throttled(int retry_after_seconds) {
  auto response = failure(429, "TooManyRequests",
                          "the server has received too many requests and has asked us to try again later",
                          {{"retryAfterSeconds", retry_after_seconds}});
  return response;
}

http::Response unavailable(int code) {
  if (code == 500) {
    return failure(500, "InternalError", "Internal error occurred: etcdserver: leader changed",
                   {{"causes", Json::array({{{"message", "etcdserver: leader changed"}}})}});
  }
  return failure(503, "ServiceUnavailable", "the server is currently unable to handle the request");
}

}  // namespace patchwave::simulation
