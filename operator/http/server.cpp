#include "operator/http/server.hpp"

// Boost 1.74's awaitable.hpp uses std::exchange without including it.
#include <utility>

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <fstream>
#include <iterator>
#include <thread>

#include "operator/http/messages.hpp"
#include "operator/http/tls.hpp"

namespace patchwave::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;
using TlsContext = std::shared_ptr<asio::ssl::context>;

/// After a failed accept, most often for want of file descriptors.
constexpr milliseconds kAcceptPause{100};
constexpr std::size_t kMaxPemFile = 1024 * 1024;

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kMaxPemFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.empty()) return fail(ErrorKind::Invalid, fmt::format("{} can't be read or is empty", path));
  if (text.size() > kMaxPemFile) return fail(ErrorKind::TooLarge, fmt::format("{} is over 1 MiB", path));
  return text;
}

struct KeyPair {
  std::string certificate;
  std::string key;
  bool operator==(const KeyPair&) const = default;
};

Result<KeyPair> read_pair(const ServerCertificate& files) {
  auto certificate = read_file(files.certificate_file);
  if (!certificate) return fail(certificate.error());
  auto key = read_file(files.key_file);
  if (!key) return fail(key.error());
  return KeyPair{std::move(*certificate), std::move(*key)};
}

Result<TlsContext> make_context(const KeyPair& pair, const ServerCertificate& files) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  if (auto ready = configure_tls_server(context->native_handle(), pair.certificate, pair.key); !ready) {
    return fail(ready.error().within(files.certificate_file));
  }
  return context;
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, std::optional<KeyPair> pair, TlsContext context)
      : options_(std::move(options)), pair_(std::move(pair)), context_(std::move(context)) {}

  ~Impl() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> listen() {
    error_code error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error)
      return fail(ErrorKind::Invalid, fmt::format("{} is not an address to listen on", options_.address));
    const tcp::endpoint at(address, options_.port);
    if (!error) acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error && address.is_v6()) acceptor_.set_option(asio::ip::v6_only(false), error);
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      return fail(ErrorKind::Unavailable, fmt::format("listening on {} port {}: {}", options_.address,
                                                      options_.port, error.message()));
    }
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(io_, accept(), asio::detached);
    if (context_) asio::co_spawn(io_, reload(), asio::detached);
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  /// Counts a connection for as long as its coroutine lives.
  struct Seat {
    explicit Seat(int& taken_seats) : taken(taken_seats) { ++taken; }
    ~Seat() { --taken; }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    int& taken;
  };

  asio::awaitable<void> accept() {
    asio::steady_timer pause(io_);
    for (;;) {
      error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        pause.expires_after(kAcceptPause);
        co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      } else if (connections_ < options_.limits.max_connections) {
        asio::co_spawn(io_, serve(std::move(socket)), asio::detached);
      }
    }
  }

  asio::awaitable<void> serve(tcp::socket socket) {
    const Seat seat(connections_);
    error_code error;
    socket.set_option(tcp::no_delay(true), error);
    beast::tcp_stream stream(std::move(socket));
    if (!context_) {
      co_await converse(stream, stream);
      stream.socket().shutdown(tcp::socket::shutdown_both, error);
      co_return;
    }
    const TlsContext context = context_;
    beast::ssl_stream<beast::tcp_stream> tls(std::move(stream), *context);
    auto& transport = beast::get_lowest_layer(tls);
    transport.expires_after(options_.limits.handshake);
    co_await tls.async_handshake(asio::ssl::stream_base::server,
                                 asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await converse(tls, transport);
    transport.expires_after(options_.limits.write);
    co_await tls.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
  }

  template <class Stream>
  asio::awaitable<void> converse(Stream& stream, beast::tcp_stream& transport) {
    const ServerLimits& limits = options_.limits;
    beast::flat_buffer buffer(limits.max_header + limits.max_body);
    bool keep_alive = true;
    for (std::size_t served = 1; keep_alive; ++served) {
      beast::http::request_parser<beast::http::string_body> parser;
      parser.header_limit(limits.max_header);
      parser.body_limit(limits.max_body);
      error_code error;
      transport.expires_after(limits.read);
      co_await beast::http::async_read(stream, buffer, parser,
                                       asio::redirect_error(asio::use_awaitable, error));
      BeastResponse response;
      if (error) {
        const auto status = status_for(error);
        if (!status) co_return;
        keep_alive = false;
        response = to_response({*status, "text/plain", ""}, false, false);
      } else {
        const Request request = to_request(parser.get());
        keep_alive = parser.get().keep_alive() && served < limits.max_requests;
        response = to_response(answer(options_.routes, request), request.method == "HEAD", keep_alive);
      }
      transport.expires_after(limits.write);
      co_await beast::http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
    }
  }

  /// The files' content is compared, not their time: a Secret's volume changes by way of a symbolic link.
  asio::awaitable<void> reload() {
    asio::steady_timer timer(io_);
    for (;;) {
      error_code error;
      timer.expires_after(options_.certificate->reload);
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
      const auto& files = *options_.certificate;
      auto pair = read_pair(files);
      if (pair && pair_ == *pair) continue;
      auto context = pair ? make_context(*pair, files) : fail(pair.error());
      if (context) {
        context_ = std::move(*context);
        pair_ = std::move(*pair);
      } else if (files.on_error) {
        files.on_error(context.error());
      }
    }
  }

  ServerOptions options_;
  std::optional<KeyPair> pair_;
  TlsContext context_;  ///< Of the connections to come; each keeps the one it began with.
  int connections_ = 0;
  std::uint16_t port_ = 0;
  asio::io_context io_{1};
  tcp::acceptor acceptor_{io_};
  std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

std::uint16_t Server::port() const {
  return impl_->port();
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options) {
  std::optional<KeyPair> pair;
  TlsContext context;
  if (options.certificate) {
    auto read = read_pair(*options.certificate);
    if (!read) return fail(read.error());
    auto made = make_context(*read, *options.certificate);
    if (!made) return fail(made.error());
    pair = std::move(*read);
    context = std::move(*made);
  }
  auto impl = std::make_unique<Impl>(std::move(options), std::move(pair), std::move(context));
  if (auto listening = impl->listen(); !listening) return fail(listening.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

}  // namespace patchwave::http
