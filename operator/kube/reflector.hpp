// Keeps a store equal to what the API server holds: runs the list-and-watch protocol on a thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/log.hpp"
#include "operator/kube/backoff.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/line_splitter.hpp"
#include "operator/kube/list_watch.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/wait.hpp"
#include "operator/kube/watch_sink.hpp"

namespace patchwave::kube {

struct ReflectorOptions {
  Resource resource;
  std::string ns;  ///< "" for all namespaces.
  std::string label_selector;
  std::string field_selector;
  int page_size = 250;         ///< Of the paged list; a page is held in memory whole.
  bool streaming_list = true;  ///< Try sendInitialEvents first. Falls back by itself.
  /// The server is asked to end a watch after between this and twice this, spread so that watches do not
  /// all end together.
  seconds watch_time{150};
  /// Silence after which a watch is taken for dead. Above twice watch_time, because bookmarks are no
  /// promise; below the 350 s after which common load balancers forget a silent connection.
  milliseconds idle{330'000};
  Backoff::Settings backoff;
};

/// For metrics. Counters only grow.
struct ReflectorCounts {
  std::atomic<std::uint64_t> listings = 0;  ///< Completed.
  std::atomic<std::uint64_t> watches = 0;   ///< Opened, streaming lists included.
  std::atomic<std::uint64_t> failures = 0;
  std::atomic<std::uint64_t> undecodable = 0;  ///< Objects and lines that were skipped.
};

class Reflector {
 public:
  /// Everything by reference must outlive the reflector. `sink` is called from the thread of run() and from
  /// the transport's, never from two at once.
  Reflector(ReflectorOptions options, const Client& client, WatchSink& sink, const Clock& clock, Log& log,
            Random random, Wait wait = wait_in_real_time);

  /// Blocks until `stop`. Every trouble is retried for ever: rights and kinds may still arrive.
  void run(std::stop_token stop);

  /// One question to the server and everything that comes of it, without the wait that may be due after it,
  /// which is returned. For single-threaded simulations.
  milliseconds run_once(std::stop_token stop);

  [[nodiscard]] const ReflectorCounts& counts() const { return counts_; }

 private:
  struct Stream;
  void fetch_page(const std::string& token, std::stop_token stop);
  void follow(const std::string& parameters, std::stop_token stop);
  bool take_line(Stream& stream, std::string_view line);
  /// Steps the protocol and tells the sink; `object` is the text that belongs to an event.
  void arrive(const Arrival& arrival, std::string_view object, std::string_view name);
  void tell_object(Telling::Object what, std::string_view object, std::string_view name);
  void report(const Error& error);
  [[nodiscard]] std::string target(std::string parameters) const;

  const ReflectorOptions options_;
  const Client& client_;
  WatchSink& sink_;
  const Clock& clock_;
  Log& log_;
  Random random_;
  Wait wait_;
  ListWatchState state_;
  Backoff backoff_;
  bool hang_up_ = false;                       ///< Of the last step.
  bool back_off_ = false;                      ///< Of the last step.
  milliseconds asked_wait_{};                  ///< The server's Retry-After with the last failure.
  ErrorKind told_kind_ = ErrorKind::Internal;  ///< Of the failure that was logged last; repeats go to debug.
  ReflectorCounts counts_;
};

}  // namespace patchwave::kube
