// The one door to the network. Everything above it (Kubernetes, Prometheus, registries) is written
// against Transport, so a scripted or simulated server takes its place in tests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace patchwave::http {

/// Header names compare without regard to case (RFC 9110 §5.1).
struct CaseInsensitive {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const;
};
using Headers = std::map<std::string, std::string, CaseInsensitive>;

struct Request {
  std::string method = "GET";
  std::string target;  ///< Path and query as sent, percent-encoded, beginning with '/'.
  Headers headers;
  std::string body;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

struct SendLimits {
  milliseconds total{15'000};               ///< From call to last byte.
  std::size_t max_body = 16 * 1024 * 1024;  ///< A longer body is TooLarge; no more than this is held.
};

struct StreamLimits {
  milliseconds connect{15'000};            ///< Until the response's headers.
  milliseconds idle{330'000};              ///< Longest silence within the body.
  std::size_t max_error_body = 64 * 1024;  ///< Kept of a body that is not a 2xx.
};

/// Gets the body as it arrives, on a network thread: it must not block and must not throw.
/// Returning false ends the stream with Cancelled.
using OnData = std::function<bool(std::string_view bytes)>;

/// One origin (scheme, host, port, TLS). Safe to use from several threads.
///
/// A request may reach the server twice: when a kept connection proves dead before its answer began, it is
/// sent again on a new one. So writes have names of their own, preconditions, or the same effect twice.
///
/// Redirects are never followed: a bearer token must not reach another host. A response of any status
/// is a value, not an error. Errors: Timeout, Cancelled, Transport, Unavailable (connection refused or
/// name not resolved), TooLarge, Protocol.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Result<Response> send(const Request& request, const SendLimits& limits, std::stop_token stop) = 0;
  /// Blocks until the body ends. `Response::body` is empty for a 2xx (it went to `on_data`) and holds
  /// the error body otherwise. A body that breaks off is Transport; one that ends as declared is a value.
  virtual Result<Response> stream(const Request& request, const StreamLimits& limits, const OnData& on_data,
                                  std::stop_token stop) = 0;
};

/// Where and how to connect. PEM texts, not paths: whoever reads the files decides when to read them again.
struct Endpoint {
  std::string base_url{};                ///< "https://host:port", and a path that goes before each target.
  std::string ca_pem{};                  ///< Trust only these when set; else the system's roots.
  std::string client_certificate_pem{};  ///< With client_key_pem, for mutual TLS.
  std::string client_key_pem{};
  std::string server_name{};  ///< Name to verify instead of the URL's host, when set.
  bool insecure_skip_verify = false;
};

}  // namespace patchwave::http
