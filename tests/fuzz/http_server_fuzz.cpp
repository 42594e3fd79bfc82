// What anybody who can reach the server's port may send: each request gets one whole reply of the few that
// there are, and none can put a line of its own into it.
#include <boost/beast/core.hpp>
#include <sstream>
#include <string>

#include "operator/http/messages.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
namespace beast = boost::beast;

const std::string kMetrics = "up 1\n";

const http::Routes& routes() {
  static const http::Routes all = {
      {"/metrics", [](const http::Request&) { return http::Reply{200, "text/plain", kMetrics}; }},
      {"/fails", [](const http::Request&) -> http::Reply { throw std::runtime_error("no"); }}};
  return all;
}

void check_request(const http::Request& request) {
  constexpr std::string_view kBreaks("\r\n\0", 3);
  expect(request.target.find_first_of(kBreaks) == std::string::npos, "a target is of one line");
  for (const auto& [name, value] : request.headers) {
    expect(!name.empty() && name.find_first_of(kBreaks) == std::string::npos,
           "a header's name is of one line");
    expect(value.find_first_of(kBreaks) == std::string::npos, "a header's value is of one line");
  }
}

int wanted_status(const http::Request& request) {
  if (request.method != "GET" && request.method != "HEAD") return 405;
  const std::string path = request.target.substr(0, request.target.find('?'));
  if (path == "/metrics") return 200;
  return path == "/fails" ? 500 : 404;
}

void check_reply(const http::Request& request, bool keep_alive) {
  const http::Reply reply = http::answer(routes(), request);
  expect(reply.status == wanted_status(request), "a request gets the reply of its method and path");
  const bool head = request.method == "HEAD";
  std::ostringstream sent;
  sent << http::to_response(reply, head, keep_alive);
  const std::string bytes = sent.str();

  beast::http::response_parser<beast::http::string_body> parser;
  parser.skip(head);
  parser.eager(true);
  beast::error_code error;
  const std::size_t read = parser.put(boost::asio::buffer(bytes), error);
  expect(!error && parser.is_done() && read == bytes.size(), "a reply is one whole message and no more");
  const auto& got = parser.get();
  expect(static_cast<int>(got.result_int()) == reply.status, "a reply has its status");
  expect(got[beast::http::field::content_length] == std::to_string(reply.body.size()),
         "a reply says how long its body is");
  expect(got.body() == (head ? "" : reply.body), "a reply has its body, but for HEAD");
  expect(got.keep_alive() == keep_alive, "a reply says whether the connection stays");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const http::ServerLimits limits;
  auto text = fuzz::text_of(data, size);
  // One request after the other, as on a connection.
  while (!text.empty()) {
    beast::http::request_parser<beast::http::string_body> parser;
    parser.header_limit(limits.max_header);
    parser.body_limit(limits.max_body);
    parser.eager(true);
    beast::error_code error;
    const std::size_t read = parser.put(boost::asio::buffer(text.data(), text.size()), error);
    if (error) {
      const auto status = http::status_for(error);
      expect(!status || (*status >= 400 && *status < 500), "what can't be read is the peer's fault");
      return 0;
    }
    if (!parser.is_done()) return 0;
    expect(read > 0 && read <= text.size(), "a request is made of bytes");
    const http::Request request = http::to_request(parser.get());
    check_request(request);
    check_reply(request, parser.get().keep_alive());
    text.remove_prefix(read);
  }
  return 0;
}
