// The only source that includes cpprestsdk. What is done about the library's behaviour:
//  - its timer restarts at every read, so deadlines are Exchange's, which cuts the connection when they pass;
//  - it follows redirects with the Authorization header attached: none is followed;
//  - it trusts the system's roots beside ours: the certificate store is replaced (tls.cpp);
//  - an exception in a stream buffer or an unobserved task ends the process: ChunkSink doesn't throw, and
//    every chain of tasks ends in one that catches;
//  - a task that waits for another can starve its few threads: only callers' threads wait;
//  - it reports numbers without their category: classify() goes by the text it adds;
//  - it does not find IPv6 literals: refused with a sentence;
//  - it sends a request again when a kept connection proves dead, which no setting prevents: Transport's
//    documentation asks callers for writes that may arrive twice;
//  - it reads a chunk's size as an int, and -1 becomes a write of nearly 2^64 bytes: ChunkSink refuses it.
#define _TURN_OFF_PLATFORM_STRING
#include "operator/http/cpprest_transport.hpp"

#include <cpprest/astreambuf.h>
#include <cpprest/http_client.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <mutex>
#include <utility>

#include "operator/http/exchange.hpp"
#include "operator/http/tls.hpp"
#include "operator/http/url.hpp"

namespace patchwave::http {
namespace {

namespace rest = web::http;
namespace streams = concurrency::streams;

/// The library's own idle timer, which only reaps connections that a cancellation could not reach.
constexpr std::chrono::seconds kReap{3600};
/// No chunk can be longer: the library holds its size in an int.
constexpr std::size_t kLongestChunk = std::numeric_limits<int>::max();

/// A write-only stream buffer that hands what is written to an Exchange. The body may begin to arrive
/// before the continuation that sees the status has run; that first write is kept waiting until it has.
class ChunkSink final : public streams::details::streambuf_state_manager<std::uint8_t> {
 public:
  explicit ChunkSink(std::shared_ptr<Exchange> exchange)
      : streambuf_state_manager(std::ios_base::out), exchange_(std::move(exchange)) {}

  /// The status is known: what waits may pass.
  void open() {
    {
      const std::scoped_lock lock(mutex_);
      open_ = true;
      if (held_ == nullptr) return;
      deliver(std::exchange(held_, nullptr), held_size_);
    }
    held_written_.set(held_size_);
  }
  /// The exchange is over: what waits is dropped.
  void abandon() {
    {
      const std::scoped_lock lock(mutex_);
      open_ = true;
      if (std::exchange(held_, nullptr) == nullptr) return;
    }
    held_written_.set(held_size_);
  }

  [[nodiscard]] bool can_seek() const override { return false; }
  [[nodiscard]] bool has_size() const override { return false; }
  [[nodiscard]] size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(size_t, std::ios_base::openmode) override {}
  [[nodiscard]] size_t in_avail() const override { return 0; }
  [[nodiscard]] pos_type getpos(std::ios_base::openmode) const override { return traits::eof(); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return traits::eof(); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return traits::eof();
  }
  bool acquire(std::uint8_t*& data, size_t& size) override {
    data = nullptr;
    size = 0;
    return false;
  }
  void release(std::uint8_t*, size_t) override {}

 protected:
  pplx::task<size_t> _putn(const std::uint8_t* data, size_t size) override {
    const std::scoped_lock lock(mutex_);
    if (!open_) {
      held_ = data;
      held_size_ = size;
      return pplx::create_task(held_written_);
    }
    deliver(data, size);
    return pplx::task_from_result(size);
  }
  pplx::task<int_type> _putc(std::uint8_t) override { return end(); }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  std::uint8_t* _alloc(size_t) override { return nullptr; }
  void _commit(size_t) override {}
  pplx::task<int_type> _bumpc() override { return end(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return end(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return end(); }
  pplx::task<int_type> _ungetc() override { return end(); }
  pplx::task<size_t> _getn(std::uint8_t*, size_t) override { return pplx::task_from_result<size_t>(0); }
  size_t _scopy(std::uint8_t*, size_t) override { return 0; }

 private:
  static pplx::task<int_type> end() { return pplx::task_from_result<int_type>(traits::eof()); }

  void deliver(const std::uint8_t* data, size_t size) {
    if (size > kLongestChunk) {
      exchange_->refuse(ErrorKind::Protocol, "a chunk of impossible size");
      return;
    }
    exchange_->on_body({reinterpret_cast<const char*>(data), size});
  }

  const std::shared_ptr<Exchange> exchange_;
  std::mutex mutex_;
  bool open_ = false;
  const std::uint8_t* held_ = nullptr;
  size_t held_size_ = 0;
  pplx::task_completion_event<size_t> held_written_;
};

/// Never destroyed: an exchange that nobody waits for any more may live until the process ends.
const Clock& network_clock() {
  static const Clock& clock = *new SystemClock;
  return clock;
}

/// What one origin's connections share.
struct Origin {
  Url url;
  std::function<Result<Endpoint>()> current;
  std::shared_ptr<TlsRefusal> refusal = std::make_shared<TlsRefusal>();
  std::mutex mutex;
  std::optional<Error> endpoint_error;  ///< Of the latest new connection.
};

/// Runs for each new connection. Throwing is how the library is told that there will be none.
void prepare_tls(Origin& origin, boost::asio::ssl::context& context) {
  const auto endpoint = origin.current();
  Result<void> configured;
  if (!endpoint) {
    configured = fail(endpoint.error());
  } else {
    configured = configure_tls_client(context.native_handle(), *endpoint, origin.url.host, origin.refusal);
  }
  const std::scoped_lock lock(origin.mutex);
  origin.endpoint_error = configured ? std::nullopt : std::optional(configured.error());
  if (!configured) throw std::runtime_error("the connection can't be prepared");
}

struct Failure {
  ErrorKind kind;
  std::string why;
};

Failure classify(const rest::http_exception& exception, Origin& origin) {
  const int code = exception.error_code().value();
  const std::string_view text = exception.what();
  const auto mentions = [text](std::string_view part) { return text.contains(part); };
  if (mentions("resolving address")) {
    return {ErrorKind::Unavailable, fmt::format("the name {} does not resolve", origin.url.host)};
  }
  if (mentions("SSL handshake")) {
    std::string reason = origin.refusal->get();
    std::array<char, 256> openssl{};
    if (code > 0x01000000)
      ERR_error_string_n(static_cast<unsigned long>(code), openssl.data(), openssl.size());
    if (!std::string_view(openssl.data()).contains("certificate verify failed")) reason = openssl.data();
    if (reason.empty()) reason = "the peer closed the connection";
    return {ErrorKind::Transport, fmt::format("TLS failed: {}", reason)};
  }
  if (mentions("Failed to connect"))
    return {ErrorKind::Unavailable, "the connection was refused or has no route"};
  if (code == ETIMEDOUT) return {ErrorKind::Timeout, "the connection timed out"};
  for (const auto* part : {"arsing", "nvalid", "alformed"}) {
    if (mentions(part)) return {ErrorKind::Protocol, std::string(text)};
  }
  return {ErrorKind::Transport, fmt::format("the connection broke off ({})", text)};
}

/// The end of every chain of tasks: whatever went wrong in it becomes a report.
void finish(const pplx::task<rest::http_response>& task, Exchange& exchange, Origin& origin) noexcept {
  try {
    task.get();
    exchange.on_end();
  } catch (const rest::http_exception& exception) {
    const auto [kind, why] = classify(exception, origin);
    exchange.on_failure(kind, why);
  } catch (const std::exception& exception) {
    const std::scoped_lock lock(origin.mutex);
    if (origin.endpoint_error) {
      exchange.on_failure(origin.endpoint_error->kind, origin.endpoint_error->message);
    } else {
      exchange.on_failure(ErrorKind::Transport, exception.what());
    }
  } catch (...) {
    exchange.on_failure(ErrorKind::Transport, "an unknown failure of the HTTP library");
  }
}

bool is_field_text(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; });
}

/// What would let a caller's text change the shape of the request on the wire.
Result<void> check(const Request& request) {
  const auto is_token = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
  };
  if (!is_token(request.method)) return fail(ErrorKind::Invalid, "the request's method is not a token");
  const auto printable = [](char c) { return c > ' ' && c < 0x7f && c != '#'; };
  if (!request.target.starts_with('/') || !std::ranges::all_of(request.target, printable)) {
    return fail(ErrorKind::Invalid, "the request's target is not an encoded path");
  }
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_field_text(value)) {
      return fail(ErrorKind::Invalid, fmt::format("the header {} can't be sent", is_token(name) ? name : ""));
    }
  }
  return {};
}

rest::http_request to_library(const Request& request, const std::string& prefix,
                              const std::shared_ptr<ChunkSink>& sink) {
  rest::http_request out(request.method);
  out.set_request_uri(web::uri(prefix + request.target));
  if (!request.body.empty())
    out.set_body(std::vector<unsigned char>(request.body.begin(), request.body.end()));
  for (const auto& [name, value] : request.headers) out.headers()[name] = value;
  out.set_response_stream(streams::streambuf<std::uint8_t>(sink).create_ostream());
  return out;
}

std::optional<std::uint64_t> declared_length(const Headers& headers) {
  const auto found = headers.find("Content-Length");
  if (found == headers.end()) return std::nullopt;
  std::uint64_t length = 0;
  const char* last = found->second.data() + found->second.size();
  const auto [end, error] = std::from_chars(found->second.data(), last, length);
  return error == std::errc() && end == last ? std::optional(length) : std::nullopt;
}

class CpprestTransport final : public Transport {
 public:
  CpprestTransport(const std::string& base_url, std::function<Result<Endpoint>()> current) {
    const auto url = parse_url(base_url);
    if (!url) {
      unusable_ = url.error();
    } else if (url->is_ipv6_literal()) {
      unusable_ = Error{ErrorKind::Invalid,
                        fmt::format("{} names its host by an IPv6 address, which the HTTP library can't "
                                    "resolve; use a host name",
                                    base_url),
                        0,
                        std::nullopt,
                        {}};
    } else if (url->target.contains('?')) {
      unusable_ = Error{ErrorKind::Invalid,
                        fmt::format("{} has a query; a base URL has none", base_url),
                        0,
                        std::nullopt,
                        {}};
    } else {
      prefix_ = url->target;
      while (prefix_.ends_with('/')) prefix_.pop_back();
      origin_->url = *url;
      origin_->current = std::move(current);
      connect();
    }
  }

  Result<Response> send(const Request& request, const SendLimits& limits, std::stop_token stop) override {
    const auto exchange = std::make_shared<Exchange>(describe(request), limits, network_clock());
    return run(request, exchange, std::move(stop));
  }

  Result<Response> stream(const Request& request, const StreamLimits& limits, const OnData& on_data,
                          std::stop_token stop) override {
    const auto exchange = std::make_shared<Exchange>(describe(request), limits, on_data, network_clock());
    return run(request, exchange, std::move(stop));
  }

 private:
  void connect() {
    try {
      rest::client::http_client_config config;
      config.set_timeout(kReap);
      config.set_max_redirects(0);
      config.set_ssl_context_callback(
          [origin = origin_](boost::asio::ssl::context& context) { prepare_tls(*origin, context); });
      client_ = std::make_shared<rest::client::http_client>(web::uri(origin_->url.origin()), config);
    } catch (const std::exception& exception) {
      unusable_ = Error{ErrorKind::Invalid,
                        fmt::format("{}: {}", origin_->url.origin(), exception.what()),
                        0,
                        std::nullopt,
                        {}};
    }
  }

  /// Without the query: it may be long, and a selector in it is nobody's business in a log.
  [[nodiscard]] std::string describe(const Request& request) const {
    const std::string_view target = request.target;
    return fmt::format("{} {}{}{}", request.method, origin_->url.host.empty() ? "" : origin_->url.origin(),
                       prefix_, target.substr(0, target.find('?')));
  }

  Result<Response> run(const Request& request, const std::shared_ptr<Exchange>& exchange,
                       std::stop_token stop) {
    if (unusable_) return fail(*unusable_);
    if (const auto checked = check(request); !checked) return fail(checked.error());
    if (stop.stop_requested()) return fail(ErrorKind::Cancelled, describe(request) + ": cancelled");
    pplx::cancellation_token_source cut;
    try {
      start(request, exchange, cut.get_token());
    } catch (const std::exception& exception) {
      return fail(ErrorKind::Invalid, fmt::format("{}: {}", describe(request), exception.what()));
    }
    auto result = exchange->wait(std::move(stop));
    if (!exchange->peer_is_done()) cut.cancel();
    return result;
  }

  void start(const Request& request, const std::shared_ptr<Exchange>& exchange,
             const pplx::cancellation_token& token) {
    const auto sink = std::make_shared<ChunkSink>(exchange);
    // The last continuation holds the client: it must outlive its tasks, and a caller may leave before.
    client_->request(to_library(request, prefix_, sink), token)
        .then([exchange, sink, has_body = request.method != "HEAD"](const rest::http_response& response) {
          Headers headers;
          for (const auto& [name, value] : response.headers()) headers[name] = value;
          const auto length = has_body ? declared_length(headers) : std::nullopt;
          exchange->on_headers(response.status_code(), std::move(headers), length);
          sink->open();
          return response.content_ready();
        })
        .then([exchange, sink, client = client_,
               origin = origin_](const pplx::task<rest::http_response>& task) {
          sink->abandon();
          finish(task, *exchange, *origin);
        });
  }

  std::shared_ptr<Origin> origin_ = std::make_shared<Origin>();
  std::string prefix_;  ///< Path of the base URL, without a slash at its end.
  std::shared_ptr<rest::client::http_client> client_;
  std::optional<Error> unusable_;
};

}  // namespace

void initialize_http(int threads) {
  static std::once_flag once;
  std::call_once(once, [threads] {
    try {
      crossplat::threadpool::initialize_with_threads(static_cast<size_t>(std::max(threads, 1)));
    } catch (const std::exception&) {
      // Another user of the library was first; its number of threads stays.
    }
  });
}

std::shared_ptr<Transport> make_cpprest_transport(const Endpoint& endpoint) {
  return make_cpprest_transport(endpoint.base_url, [endpoint]() -> Result<Endpoint> { return endpoint; });
}

std::shared_ptr<Transport> make_cpprest_transport(const std::string& base_url,
                                                  std::function<Result<Endpoint>()> current) {
  initialize_http();
  return std::make_shared<CpprestTransport>(base_url, std::move(current));
}

}  // namespace patchwave::http
