// The operator's caches as watches would fill them: late, each kind by its own lag, and now and then with a
// gap that only a new listing closes.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "tests/simulation/cluster.hpp"
#include "tests/simulation/faults.hpp"
#include "tests/simulation/operator_under_test.hpp"

namespace patchwave::simulation {

class WatchFeed {
 public:
  WatchFeed(Cluster& cluster, Faults& faults, Random& random);

  /// Lists everything into a new operator's caches, as of now.
  void attach(OperatorUnderTest& watcher);
  void detach() { streams_.clear(); }
  /// Hands over what is due.
  void deliver();
  [[nodiscard]] std::optional<MonotonicTime> next() const;
  /// Lists everything anew, as a resync does.
  void relist();
  /// Every watch is lost at once; each lists anew a while later.
  void break_all();

 private:
  struct Event {
    MonotonicTime due;
    Snapshot object;
    bool gone = false;
  };
  struct Stream {
    const kube::Resource* resource = nullptr;
    kube::WatchSink* sink = nullptr;
    std::deque<Event> events;
    std::optional<MonotonicTime> relist_at;  ///< The watch is lost: events are dropped until then.
  };
  void observe(const Change& change);
  void list(Stream& stream);
  void break_off(Stream& stream);

  Cluster& cluster_;
  Faults& faults_;
  Random& random_;
  std::map<std::string, Stream> streams_;  ///< By plural.
};

}  // namespace patchwave::simulation
