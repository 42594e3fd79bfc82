// A small HTTP server for what others read from us: /metrics on one port, /healthz and /readyz on another.
//
// GET and HEAD of fixed paths, nothing else. It faces whoever can reach the port, so everything a peer
// sends is limited in size and time, and the number of connections is capped. Give health its own server:
// when one is full of idle peers, the other still answers the kubelet.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::http {

struct Reply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Runs on the server's only thread: it must be quick. `Request::target` holds path and query; there is no
/// body.
using Handler = std::function<Reply(const Request& request)>;

struct ServerLimits {
  int max_connections = 128;      ///< More are closed at once.
  milliseconds handshake{5'000};  ///< Of TLS.
  milliseconds read{10'000};      ///< For one request's headers, and the pause before it.
  milliseconds write{10'000};     ///< For one reply.
  std::uint32_t max_header = 16 * 1024;
  std::uint64_t max_body = 4 * 1024;  ///< A body has no use here; it is read and dropped.
  std::size_t max_requests = 1'000;   ///< On one connection.
};

/// PEM files, read again every `reload`; a pair that can't be used leaves the one before in force.
struct ServerCertificate {
  std::string certificate_file;
  std::string key_file;
  milliseconds reload{10'000};
  std::function<void(const Error&)> on_error;  ///< Told of a reload that failed. May be empty.
};

struct ServerOptions {
  std::string address = "127.0.0.1";                   ///< An IPv4 or IPv6 address. "::" takes both families.
  std::uint16_t port = 0;                              ///< 0: any free one, told by Server::port().
  std::map<std::string, Handler, std::less<>> routes;  ///< By exact path.
  ServerLimits limits;
  std::optional<ServerCertificate> certificate;  ///< Plain HTTP when unset.
};

class Server {
 public:
  /// Listens when it returns. Invalid: address or certificate; Unavailable: the port is taken.
  static Result<std::unique_ptr<Server>> start(ServerOptions options);
  /// Ends all connections and joins the thread.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace patchwave::http
