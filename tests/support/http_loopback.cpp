#include "tests/support/http_loopback.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace patchwave::testing {
namespace {

std::shared_ptr<BIO> reader(const std::string& pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

std::shared_ptr<SSL_CTX> server_context(const LoopbackTls& tls) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  X509* certificate = PEM_read_bio_X509(reader(tls.identity.certificate).get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(reader(tls.identity.key).get(), nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context.get(), certificate);
  SSL_CTX_use_PrivateKey(context.get(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!tls.client_ca.empty()) {
    X509* authority = PEM_read_bio_X509(reader(tls.client_ca).get(), nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority);
    X509_free(authority);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string subject_of(SSL* tls) {
  X509* certificate = SSL_get1_peer_certificate(tls);
  if (certificate == nullptr) return "";
  std::array<char, 256> subject{};
  X509_NAME_oneline(X509_get_subject_name(certificate), subject.data(), subject.size());
  X509_free(certificate);
  return subject.data();
}

}  // namespace

Peer::Peer(int socket, SSL* tls) : socket_(socket), tls_(tls) {
  if (tls_ == nullptr) return;
  const char* name = SSL_get_servername(tls_, TLSEXT_NAMETYPE_host_name);
  indicated_name_ = name != nullptr ? name : "";
  peer_subject_ = subject_of(tls_);
}

Peer::~Peer() {
  if (tls_ != nullptr) {
    SSL_shutdown(tls_);
    SSL_free(tls_);
  }
  if (socket_ >= 0) ::close(socket_);
}

long Peer::receive(char* data, std::size_t size) {
  if (tls_ != nullptr) return SSL_read(tls_, data, static_cast<int>(size));
  return ::recv(socket_, data, size, 0);
}

std::string Peer::read_head() {
  std::array<char, 4096> piece{};
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    const long got = receive(piece.data(), piece.size());
    if (got <= 0) return "";
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
  std::string head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  return head;
}

std::string Peer::read(std::size_t size) {
  std::array<char, 4096> piece{};
  while (buffer_.size() < size) {
    const long got = receive(piece.data(), std::min(piece.size(), size - buffer_.size()));
    if (got <= 0) break;
    buffer_.append(piece.data(), static_cast<std::size_t>(got));
  }
  std::string out = buffer_.substr(0, size);
  buffer_.erase(0, out.size());
  return out;
}

std::string Peer::read_to_end() {
  return read(64 * 1024 * 1024);
}

bool Peer::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent = tls_ != nullptr ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Peer::wait_until_closed() {
  std::array<char, 4096> piece{};
  while (receive(piece.data(), piece.size()) > 0) {
  }
}

void Peer::reset() {
  const linger at_once{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (tls_ != nullptr) SSL_set_quiet_shutdown(tls_, 1);
  ::close(std::exchange(socket_, -1));
}

void Peer::cut() {
  if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

LoopbackServer::LoopbackServer(Script script, std::optional<LoopbackTls> tls)
    : script_(std::move(script)), tls_(std::move(tls)) {
  std::signal(SIGPIPE, SIG_IGN);  // SSL_write has no MSG_NOSIGNAL
  if (tls_ && !tls_->never_handshake) context_ = server_context(*tls_);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no port on the loopback address");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

LoopbackServer::~LoopbackServer() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
    for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (auto& thread : threads_) thread.join();
  ::close(listener_);
}

std::string LoopbackServer::url() const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

void LoopbackServer::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    const std::scoped_lock lock(mutex_);
    if (ending_) {
      ::close(socket);
      return;
    }
    ++accepted_;
    sockets_.push_back(socket);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void LoopbackServer::serve(int socket) {
  // The descriptor stays listed, so that the destructor can cut it, until no call blocks on it any more. A
  // duplicate is used for the talk: the listed number can't come to mean another connection meanwhile.
  const int talk = ::dup(socket);
  SSL* tls = nullptr;
  bool ready = true;
  if (context_) {
    tls = SSL_new(context_.get());
    SSL_set_fd(tls, talk);
    ready = SSL_accept(tls) == 1;
  }
  {
    Peer peer(talk, tls);
    if (tls_ && tls_->never_handshake) {
      peer.wait_until_closed();
    } else if (ready) {
      script_(peer);
    }
  }
  const std::scoped_lock lock(mutex_);
  std::erase(sockets_, socket);
  ::close(socket);
}

std::unique_ptr<Peer> connect_loopback(std::uint16_t port, bool tls) {
  std::signal(SIGPIPE, SIG_IGN);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket);
    return nullptr;
  }
  if (!tls) return std::make_unique<Peer>(socket, nullptr);
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL* connection = SSL_new(context.get());
  SSL_set_fd(connection, socket);
  if (SSL_connect(connection) != 1) {
    SSL_free(connection);
    ::close(socket);
    return nullptr;
  }
  return std::make_unique<Peer>(socket, connection);
}

}  // namespace patchwave::testing
