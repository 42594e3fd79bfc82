// A server on the loopback address that says byte for byte what a test tells it to, and a client that
// does the same. For what no well-behaved library would send.
//
//   LoopbackServer server([](Peer& peer) {
//     peer.read_head();
//     peer.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
//     peer.reset();
//   });
#pragma once

#include <openssl/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/http_certificates.hpp"

namespace patchwave::testing {

/// One connection, blocking. Calls after its end do nothing and return "" or false.
class Peer {
 public:
  /// Takes over the socket, and `tls` when not null (handshake done).
  Peer(int socket, SSL* tls);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// Request or response up to and including the blank line, without what follows it.
  std::string read_head();
  /// Exactly this many bytes, or what came before the end.
  std::string read(std::size_t size);
  std::string read_to_end();
  bool write(std::string_view bytes);
  /// Blocks until the other side closes.
  void wait_until_closed();
  /// Ends the connection with RST.
  void reset();
  /// Unblocks every call, from any thread.
  void cut();
  /// Server name indication of the TLS client; "" when none was sent.
  [[nodiscard]] std::string indicated_name() const { return indicated_name_; }
  /// Subject of the other side's certificate; "" when none was presented.
  [[nodiscard]] std::string peer_subject() const { return peer_subject_; }

 private:
  long receive(char* data, std::size_t size);

  int socket_;
  SSL* tls_;
  std::string buffer_;
  std::string indicated_name_;
  std::string peer_subject_;
};

struct LoopbackTls {
  KeyPairPem identity{};
  std::string client_ca{};       ///< Ask for a client certificate of this authority when set.
  bool never_handshake = false;  ///< Accept the connection and stay silent.
};

/// Runs `script` in a thread of its own for every connection; the connection ends with it.
class LoopbackServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit LoopbackServer(Script script, std::optional<LoopbackTls> tls = std::nullopt);
  /// Cuts all connections and joins their threads.
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// "http://127.0.0.1:port" or "https://127.0.0.1:port".
  [[nodiscard]] std::string url() const;
  /// Accepted so far.
  [[nodiscard]] int connections() const { return accepted_; }

 private:
  void accept_all();
  void serve(int socket);

  Script script_;
  std::optional<LoopbackTls> tls_;
  std::shared_ptr<SSL_CTX> context_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;
  bool ending_ = false;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

/// A connection to a server on 127.0.0.1; with TLS (no verification) when asked for.
std::unique_ptr<Peer> connect_loopback(std::uint16_t port, bool tls = false);

}  // namespace patchwave::testing
