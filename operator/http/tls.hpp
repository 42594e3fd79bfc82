// TLS as this project wants it, on OpenSSL contexts that a library made: TLS 1.2 or newer, only the given
// roots, and the name checked by OpenSSL itself so that a refusal can be told in a sentence.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <mutex>
#include <string>

#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::http {

/// Why the peer's certificate was refused last, for the message of the call that failed by it.
/// Shared by all connections of one origin; thread-safe.
class TlsRefusal {
 public:
  void set(std::string reason);
  [[nodiscard]] std::string get() const;

 private:
  mutable std::mutex mutex_;
  std::string reason_;
};

/// Prepares a client's context for `endpoint`. `host` is the URL's host: the name or address that the
/// certificate must carry unless the endpoint names another. Invalid when a PEM text can't be used.
Result<void> configure_tls_client(SSL_CTX* context, const Endpoint& endpoint, const std::string& host,
                                  std::shared_ptr<TlsRefusal> refusal);

/// Prepares a server's context. Invalid when the certificate and key can't be read or don't belong together.
Result<void> configure_tls_server(SSL_CTX* context, const std::string& certificate_pem,
                                  const std::string& key_pem);

}  // namespace patchwave::http
