// Requests at a constant rate, whatever becomes of them: a slow answer delays no other request. Each has a
// connection of its own, so that a Service chooses a pod for each.
//
//   visitors ADDRESS PORT REQUESTS_PER_SECOND METRICS_PORT
//
// On loopback's METRICS_PORT it serves visits_total{outcome="ok|error|unreachable"} at every path: answered
// well, answered with a status of 500 or above, not answered within the time limit or not at all.
#include <fmt/core.h>
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using std::chrono::steady_clock;

constexpr std::chrono::seconds time_limit{2};

struct Outcomes {
  std::uint64_t ok = 0;
  std::uint64_t error = 0;
  std::uint64_t unreachable = 0;
};

asio::awaitable<void> visit(tcp::endpoint shop, Outcomes& outcomes) {
  try {
    beast::tcp_stream stream(co_await asio::this_coro::executor);
    stream.expires_after(time_limit);
    co_await stream.async_connect(shop, asio::use_awaitable);
    http::request<http::empty_body> request(http::verb::get, "/", 11);
    request.set(http::field::host, "shop");
    request.keep_alive(false);
    co_await http::async_write(stream, request, asio::use_awaitable);
    beast::flat_buffer buffer;
    http::response<http::string_body> response;
    co_await http::async_read(stream, buffer, response, asio::use_awaitable);
    ++(response.result_int() < 500 ? outcomes.ok : outcomes.error);
  } catch (const boost::system::system_error&) {
    ++outcomes.unreachable;
  }
}

asio::awaitable<void> keep_visiting(tcp::endpoint shop, steady_clock::duration interval, Outcomes& outcomes) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, steady_clock::now());
  while (true) {
    timer.expires_at(timer.expiry() + interval);
    co_await timer.async_wait(asio::use_awaitable);
    asio::co_spawn(executor, visit(shop, outcomes), asio::detached);
  }
}

asio::awaitable<void> report(tcp::socket socket, const Outcomes& outcomes) {
  try {
    beast::tcp_stream stream(std::move(socket));
    stream.expires_after(time_limit);
    beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    co_await http::async_read(stream, buffer, request, asio::use_awaitable);
    http::response<http::string_body> response(http::status::ok, request.version());
    response.set(http::field::content_type, "text/plain; version=0.0.4");
    response.body() = fmt::format(
        "# TYPE visits_total counter\nvisits_total{{outcome=\"ok\"}} {}\nvisits_total{{outcome=\"error\"}} "
        "{}\n"
        "visits_total{{outcome=\"unreachable\"}} {}\n",
        outcomes.ok, outcomes.error, outcomes.unreachable);
    response.keep_alive(false);
    response.prepare_payload();
    co_await http::async_write(stream, response, asio::use_awaitable);
  } catch (const boost::system::system_error&) {
    // Whoever asked has left.
  }
}

asio::awaitable<void> report_to_all(std::uint16_t port, const Outcomes& outcomes) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor acceptor(executor, {asio::ip::address_v4::loopback(), port});
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(executor, report(std::move(socket), outcomes), asio::detached);
  }
}

template <typename Number>
Number number_from(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc{} || end != text.end() || number == 0) {
    throw std::invalid_argument(fmt::format("'{}' is not a positive number", text));
  }
  return number;
}

void end_on_error(const std::exception_ptr& error) {
  if (error) {
    std::rethrow_exception(error);
  }
}

}  // namespace

int main(int count, char** words) {
  try {
    const std::span arguments(words, static_cast<std::size_t>(count));
    if (arguments.size() != 5) {
      throw std::invalid_argument("usage: visitors ADDRESS PORT REQUESTS_PER_SECOND METRICS_PORT");
    }
    asio::io_context context(1);
    const tcp::endpoint shop(asio::ip::make_address(arguments[1]), number_from<std::uint16_t>(arguments[2]));
    const auto interval = std::chrono::nanoseconds(std::chrono::seconds(1)) / number_from<int>(arguments[3]);
    Outcomes outcomes;
    asio::co_spawn(context, keep_visiting(shop, interval, outcomes), end_on_error);
    asio::co_spawn(context, report_to_all(number_from<std::uint16_t>(arguments[4]), outcomes), end_on_error);
    context.run();
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    fmt::print(stderr, "visitors: {}\n", error.what());
    return EXIT_FAILURE;
  }
}
