// What the tests of the HTTP client share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "operator/http/cpprest_transport.hpp"
#include "tests/support/http_loopback.hpp"

namespace patchwave::http {

using patchwave::testing::CertificateAuthority;
using patchwave::testing::LoopbackServer;
using patchwave::testing::LoopbackTls;
using patchwave::testing::Peer;

inline constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

inline std::shared_ptr<Transport> plain(const LoopbackServer& server) {
  return make_cpprest_transport(Endpoint{.base_url = server.url()});
}

inline Request get(std::string target = "/") {
  return {"GET", std::move(target), {}, {}};
}

inline Result<Response> send(Transport& transport, const Request& request, const SendLimits& limits = {}) {
  return transport.send(request, limits, {});
}

/// Streams with no reader's interest in the bytes.
inline Result<Response> drain(Transport& transport, const StreamLimits& limits, std::stop_token stop = {}) {
  return transport.stream(get(), limits, [](std::string_view) { return true; }, std::move(stop));
}

inline LoopbackServer::Script answers(std::string_view bytes) {
  return [bytes = std::string(bytes)](Peer& peer) {
    while (!peer.read_head().empty()) peer.write(bytes);
  };
}

inline ErrorKind kind_of(const Result<Response>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? ErrorKind::Internal : result.error().kind;
}

}  // namespace patchwave::http
