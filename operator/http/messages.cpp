#include "operator/http/messages.hpp"

namespace patchwave::http {

namespace beast = boost::beast;
using boost::system::error_code;

Request to_request(const beast::http::request_header<>& header) {
  Request request;
  request.method = std::string(header.method_string());
  request.target = std::string(header.target());
  for (const auto& field : header) {
    request.headers[std::string(field.name_string())] = std::string(field.value());
  }
  return request;
}

Reply answer(const Routes& routes, const Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return {405, "text/plain", "only GET and HEAD\n"};
  const auto route = routes.find(std::string_view(request.target).substr(0, request.target.find('?')));
  if (route == routes.end()) return {404, "text/plain", "not found\n"};
  try {
    return route->second(request);
  } catch (const std::exception&) {
    return {500, "text/plain", "internal error\n"};
  }
}

std::optional<int> status_for(const error_code& error) {
  if (error == beast::http::error::header_limit) return 431;
  if (error == beast::http::error::body_limit) return 413;
  if (error.category() == error_code(beast::http::error::bad_method).category() &&
      error != beast::http::error::end_of_stream && error != beast::http::error::partial_message) {
    return 400;
  }
  return std::nullopt;
}

BeastResponse to_response(Reply reply, bool head, bool keep_alive) {
  BeastResponse response;
  response.result(static_cast<unsigned>(reply.status));
  response.set(beast::http::field::content_type, reply.content_type);
  response.set(beast::http::field::cache_control, "no-store");
  if (reply.status == 405) response.set(beast::http::field::allow, "GET, HEAD");
  response.keep_alive(keep_alive);
  response.content_length(reply.body.size());
  if (!head) response.body() = std::move(reply.body);
  return response;
}

}  // namespace patchwave::http
