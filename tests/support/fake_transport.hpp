// A scripted http::Transport: what a server would answer, without a server.
//
//   FakeTransport server;
//   server.on("GET", "/api/v1/nodes?limit=500").reply(410, status_json);      // once, then
//   server.on("GET", "/api/v1/nodes?*").reply(200, list_json);                // once; '*' ends a prefix
//   server.always("HEAD", "/healthz").reply(200);                             // whenever nothing else is
//   left server.on("PATCH", path).fail(ErrorKind::Timeout, "no answer"); server.on("POST",
//   path).run([&](const http::Request& request) -> Result<http::Response> { ... }); server.on("GET",
//   watch).stream({first_line, second_line}).then_hold();    // until the stop token
//
// Answers are given in the order written, each once, the first that matches. A request that nothing
// matches fails the test and gets ErrorKind::Internal. Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <initializer_list>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "operator/http/transport.hpp"

namespace patchwave::testing {

class FakeTransport final : public http::Transport {
 public:
  using Run = std::function<Result<http::Response>(const http::Request&)>;

  /// How one request is answered; 200 with an empty body until told otherwise.
  class Answer {
   public:
    Answer& reply(int status, std::string body = "", http::Headers headers = {});
    Answer& fail(ErrorKind kind, std::string message = "scripted failure");
    Answer& fail(Error error);
    /// Computes the answer from the request. Runs on the caller's thread; it may use this transport.
    Answer& run(Run run);
    /// A 200 whose body arrives in these pieces. send() joins them, stream() hands them over one by one.
    Answer& stream(std::vector<std::string> pieces);
    /// After the pieces: the connection breaks off.
    Answer& then_break();
    /// After the pieces: silence until the caller's stop token or release(), which ends the body.
    Answer& then_hold();

   private:
    friend class FakeTransport;
    enum class End : std::uint8_t { Complete, Break, Hold };
    std::string method_;
    std::string target_;
    bool standing_ = false;
    http::Response response_{200, {}, {}};
    std::vector<std::string> pieces_;
    End end_ = End::Complete;
    Run run_;
  };

  /// The next request of this method and target. The reference stays valid until it is answered.
  Answer& on(std::string method, std::string target);
  /// Every request of this method and target that no `on` matches any more.
  Answer& always(std::string method, std::string target);

  /// Ends every body that is held open, now and for those that are held later.
  void release();

  [[nodiscard]] std::vector<http::Request> requests() const;
  [[nodiscard]] http::Request last_request() const;
  /// Answers written with `on` that were not asked for.
  [[nodiscard]] std::size_t unused() const;
  /// Blocks until this many requests have come. For tests with threads.
  void wait_for_requests(std::size_t count) const;

  Result<http::Response> send(const http::Request& request, const http::SendLimits& limits,
                              std::stop_token stop) override;
  Result<http::Response> stream(const http::Request& request, const http::StreamLimits& limits,
                                const http::OnData& on_data, std::stop_token stop) override;

 private:
  Answer& add(std::string method, std::string target, bool standing);
  Result<Answer> take(const http::Request& request, const std::stop_token& stop);
  /// What follows the last piece: nothing, a broken connection, or the end of a hold.
  Result<void> finish(const Answer& answer, const std::stop_token& stop);

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::list<Answer> answers_;
  std::vector<http::Request> requests_;
  bool released_ = false;
};

}  // namespace patchwave::testing
