// A small web service whose behaviour comes with its image, in the environment:
//
//   STOREFRONT_ERROR_RATIO         of the requests, answered with status 500 (0 to 1; 0 when unset)
//   STOREFRONT_LATENCY_MS          before each answer (5 when unset)
//   STOREFRONT_LEAK_MIB_PER_SECOND memory taken and never given back (0 when unset)
//   STOREFRONT_IGNORES_TERM        with any value, SIGTERM changes nothing
//
// It listens on port 8080 and serves /metrics, /healthz and, everywhere else, a page. Told to end it goes on
// serving for a moment: whoever sends it requests learns of its end only afterwards.
#include <fmt/core.h>
#include <algorithm>
#include <array>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint16_t port = 8080;
constexpr std::chrono::seconds lame_duck{2};
constexpr std::chrono::seconds idle_limit{30};
constexpr std::array bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5};  // seconds

double number_from_environment(const char* name, double otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any other thread
  return text == nullptr ? otherwise : std::strtod(text, nullptr);
}

struct Behaviour {
  double error_ratio = number_from_environment("STOREFRONT_ERROR_RATIO", 0);
  milliseconds latency{static_cast<std::int64_t>(number_from_environment("STOREFRONT_LATENCY_MS", 5))};
  double leak_mib_per_second = number_from_environment("STOREFRONT_LEAK_MIB_PER_SECOND", 0);
  bool ignores_term = std::getenv("STOREFRONT_IGNORES_TERM") != nullptr;  // NOLINT(concurrency-mt-unsafe)
};

class Shop {
 public:
  explicit Shop(Behaviour behaviour) : behaviour_(behaviour) {}

  const Behaviour& behaviour() const { return behaviour_; }

  // Spread evenly, so that a run is the same run each time: after n requests, error_ratio * n of them failed.
  bool next_fails() {
    const double before = behaviour_.error_ratio * static_cast<double>(asked_);
    ++asked_;
    const double after = behaviour_.error_ratio * static_cast<double>(asked_);
    return static_cast<std::uint64_t>(after) > static_cast<std::uint64_t>(before);
  }

  void served(bool failed, double seconds) {
    ++(failed ? bad_ : good_);
    sum_ += seconds;
    for (std::size_t index = 0; index < bounds.size(); ++index) {
      buckets_.at(index) += seconds <= bounds.at(index) ? 1U : 0U;
    }
  }

  std::string metrics() const {
    std::string text = fmt::format(
        "# TYPE http_requests_total counter\n"
        "http_requests_total{{code=\"200\"}} {}\nhttp_requests_total{{code=\"500\"}} {}\n"
        "# TYPE http_request_duration_seconds histogram\n",
        good_, bad_);
    for (std::size_t index = 0; index < bounds.size(); ++index) {
      text += fmt::format("http_request_duration_seconds_bucket{{le=\"{}\"}} {}\n", bounds.at(index),
                          buckets_.at(index));
    }
    const std::uint64_t count = good_ + bad_;
    text += fmt::format(
        "http_request_duration_seconds_bucket{{le=\"+Inf\"}} {}\nhttp_request_duration_seconds_sum {}\n"
        "http_request_duration_seconds_count {}\n",
        count, sum_, count);
    return text;
  }

 private:
  Behaviour behaviour_;
  std::uint64_t asked_ = 0;
  std::uint64_t good_ = 0;
  std::uint64_t bad_ = 0;
  double sum_ = 0;
  std::array<std::uint64_t, bounds.size()> buckets_{};
};

asio::awaitable<void> pause(steady_clock::duration duration) {
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<http::response<http::string_body>> answer(Shop& shop,
                                                          const http::request<http::string_body>& request) {
  http::response<http::string_body> response(http::status::ok, request.version());
  response.set(http::field::content_type, "text/plain; version=0.0.4");
  response.keep_alive(request.keep_alive());
  if (request.target() == "/metrics") {
    response.body() = shop.metrics();
  } else if (request.target() == "/healthz") {
    response.body() = "ok\n";
  } else {
    const auto began = steady_clock::now();
    const bool fails = shop.next_fails();
    co_await pause(shop.behaviour().latency);
    response.result(fails ? http::status::internal_server_error : http::status::ok);
    response.body() = fails ? "out of order\n" : "welcome\n";
    shop.served(fails, std::chrono::duration<double>(steady_clock::now() - began).count());
  }
  response.prepare_payload();
  co_return response;
}

asio::awaitable<void> converse(Shop& shop, tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  try {
    for (bool more = true; more;) {
      stream.expires_after(idle_limit);
      http::request<http::string_body> request;
      co_await http::async_read(stream, buffer, request, asio::use_awaitable);
      auto response = co_await answer(shop, request);
      more = response.keep_alive();
      co_await http::async_write(stream, response, asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    // The other side left, or was silent for too long: nobody is there to be told.
  }
}

asio::awaitable<void> open_doors(Shop& shop) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {tcp::v4(), port});
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(executor, converse(shop, std::move(socket)), asio::detached);
  }
}

// Touches what it takes: memory that is only reserved is nobody's loss.
asio::awaitable<void> leak(double mib_per_second) {
  constexpr int steps_per_second = 10;
  std::vector<std::unique_ptr<std::vector<char>>> taken;
  const auto step = static_cast<std::size_t>(mib_per_second * (1 << 20) / steps_per_second);
  while (true) {
    taken.push_back(std::make_unique<std::vector<char>>(step, 'x'));
    co_await pause(std::chrono::seconds(1) / steps_per_second);
  }
}

asio::awaitable<void> end_when_told(asio::io_context& context, bool ignores_term) {
  // As process 1 of a container it has no default action for signals.
  asio::signal_set signals(context, SIGTERM, SIGINT);
  do {
    co_await signals.async_wait(asio::use_awaitable);
  } while (ignores_term);
  co_await pause(lame_duck);
  context.stop();
}

void end_on_error(const std::exception_ptr& error) {
  if (error) {
    std::rethrow_exception(error);
  }
}

}  // namespace

int main() {
  try {
    asio::io_context context(1);
    Shop shop{Behaviour{}};
    asio::co_spawn(context, open_doors(shop), end_on_error);
    asio::co_spawn(context, end_when_told(context, shop.behaviour().ignores_term), end_on_error);
    if (shop.behaviour().leak_mib_per_second > 0) {
      asio::co_spawn(context, leak(shop.behaviour().leak_mib_per_second), end_on_error);
    }
    context.run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "storefront: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
