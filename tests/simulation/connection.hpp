// One life's connection to the API server, on which calls take time and go wrong.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "operator/http/transport.hpp"
#include "tests/simulation/cluster.hpp"
#include "tests/simulation/faults.hpp"

namespace patchwave::simulation {

/// The last calls of a run, for whoever has to understand a failure.
class Trace {
 public:
  void add(MonotonicTime when, const http::Request& request, int status, Fault fault, int incarnation);
  void note(MonotonicTime when, std::string text);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  struct Entry {
    MonotonicTime when;
    std::string what;
    int status = 0;
    Fault fault = Fault::None;
    int incarnation = 0;
  };
  void keep(Entry entry);

  static constexpr std::size_t kKept = 250;
  std::deque<Entry> entries_;
  std::uint64_t hash_ = 14695981039346656037ULL;  ///< FNV-1a over everything that was ever added.
};

class Connection final : public http::Transport {
 public:
  struct Hooks {
    std::function<void()> on_crash;  ///< The life ends with this call.
    std::function<void()> on_lease_loss;
    std::function<void(const http::Request&)> on_write;    ///< Before its effect.
    std::function<void()> on_pause;                        ///< Returns when the process goes on.
    std::function<void(const http::Request&)> on_refusal;  ///< It was answered with 403.
  };
  Connection(Cluster& cluster, Faults& faults, Random& random, Trace& trace, int incarnation, Hooks hooks)
      : cluster_(cluster), faults_(faults), random_(random), trace_(trace), hooks_(std::move(hooks)) {
    writer_.actor = Actor::Operator;
    writer_.manager = "patchwave";
    writer_.incarnation = incarnation;
  }

  Result<http::Response> send(const http::Request& request, const http::SendLimits& limits,
                              std::stop_token stop) override;
  Result<http::Response> stream(const http::Request& request, const http::StreamLimits& limits,
                                const http::OnData& on_data, std::stop_token stop) override;

  /// The process is gone: nothing it still tries reaches anybody.
  void cut() { cut_ = true; }
  /// From now on what is written was decided long ago, and after so many calls the lease is seen to be lost.
  void outlived(int calls_left) {
    writer_.late = true;
    calls_left_ = calls_left;
  }
  [[nodiscard]] std::size_t calls() const { return calls_; }

 private:
  Result<http::Response> with_fault(Fault fault, const http::Request& request,
                                    const http::SendLimits& limits);
  Result<http::Response> timed_out(const http::SendLimits& limits);
  void touch(const http::Request& request);
  void crash();

  Cluster& cluster_;
  Faults& faults_;
  Random& random_;
  Trace& trace_;
  Hooks hooks_;
  Writer writer_;
  bool cut_ = false;
  std::size_t calls_ = 0;
  std::optional<int> calls_left_;
};

}  // namespace patchwave::simulation
