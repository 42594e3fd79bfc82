// The queue of keys between watch events and reconcilers.
//
// A key ("namespace/name") stands for "look at this object again"; what happened to it is not kept, so any
// number of events cost one run. KeyQueue is the whole behaviour as a value with time passed in, for a
// single thread or a simulation; WorkQueue is the same behind a mutex, with a take() that blocks.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "operator/base/clock.hpp"

namespace patchwave::runtime {

/// Live events overtake the keys of an initial list or a resync: after a restart, what changes now is not
/// queued behind everything that exists.
enum class Priority : std::uint8_t { Live, Resync };

/// Pause after the n-th failure in a row: base x 2^(n-1), at most cap.
struct Backoff {
  milliseconds base{5};
  milliseconds cap{60'000};
  [[nodiscard]] milliseconds after(int failures) const;
};

/// Invariants:
///   - a key is with at most one worker at a time (taken, not done);
///   - a key has at most one next run, at once or at a time; of two wishes the earlier one stands;
///   - a key added while it is with a worker runs once more after done(), so no event is lost;
///   - within a priority keys leave in the order they became due; a key raised to Live goes to the end of
///   Live;
///   - a key that is idle and has not failed costs no memory.
class KeyQueue {
 public:
  struct Item {
    std::string key;
    microseconds waited{0};  ///< Since it became due.
  };
  struct Statistics {
    std::size_t ready = 0;    ///< Due and not with a worker.
    std::size_t delayed = 0;  ///< To run at a later time.
    std::size_t in_progress = 0;
    microseconds unfinished_work{0};  ///< Sum of how long the keys in progress have been so.
    microseconds longest_running{0};
  };

  explicit KeyQueue(Backoff backoff = {}) : backoff_(backoff) {}

  /// Wants a run at once. False when one was wanted at once already.
  bool add(const std::string& key, MonotonicTime now, Priority priority = Priority::Live);
  /// Wants a run at now + delay. A delay of zero or less is at once.
  void add_after(const std::string& key, milliseconds delay, MonotonicTime now,
                 Priority priority = Priority::Live);
  /// Counts a failure and wants a run after its back-off, or after `at_least` when that is longer. Returns
  /// the pause.
  milliseconds add_failed(const std::string& key, MonotonicTime now, milliseconds at_least = milliseconds(0));
  /// Ends the row of failures.
  void forget(const std::string& key);
  [[nodiscard]] int failures(const std::string& key) const;

  /// The next key that is due, now with the caller, who must call done() with it.
  std::optional<Item> take(MonotonicTime now);
  void done(const std::string& key, MonotonicTime now);

  /// When take() has something: `now` or before when it has already; nullopt when nothing is wanted.
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;
  [[nodiscard]] Statistics statistics(MonotonicTime now) const;

 private:
  using Place = std::pair<Priority, std::uint64_t>;  ///< Order in `ready_`: priority, then sequence.
  struct Entry {
    Priority priority = Priority::Resync;
    std::optional<Place> place;        ///< In `ready_`. Implies dirty and not processing.
    std::optional<MonotonicTime> due;  ///< In `delayed_`. Implies not dirty.
    bool dirty = false;                ///< Wanted at once.
    MonotonicTime dirty_since;
    bool processing = false;
    MonotonicTime processing_since;
    int failures = 0;
  };
  using Entries = std::unordered_map<std::string, Entry>;

  bool want(const std::string& key, Entry& entry, MonotonicTime since);
  void enter_ready(const std::string& key, Entry& entry);
  void drop_due(const std::string& key, Entry& entry);
  void promote_due(MonotonicTime now);
  void drop_if_idle(Entries::iterator at);

  Backoff backoff_;
  Entries entries_;
  std::map<Place, std::string> ready_;
  std::set<std::pair<MonotonicTime, std::string>> delayed_;
  std::set<std::string> processing_;
  std::uint64_t sequence_ = 0;
};

/// KeyQueue for several threads.
class WorkQueue {
 public:
  /// `clock` must outlive the queue.
  explicit WorkQueue(const Clock& clock, Backoff backoff = {}) : clock_(clock), queue_(backoff) {}

  /// Adds after shut_down() are dropped. Returns as KeyQueue::add.
  bool add(const std::string& key, Priority priority = Priority::Live);
  void add_after(const std::string& key, milliseconds delay, Priority priority = Priority::Live);
  milliseconds add_failed(const std::string& key, milliseconds at_least = milliseconds(0));
  void forget(const std::string& key);
  [[nodiscard]] int failures(const std::string& key) const;

  /// Blocks until a key is due; nullopt once the queue is shut down.
  std::optional<KeyQueue::Item> take();
  /// The same without waiting; nullopt also when nothing is due.
  std::optional<KeyQueue::Item> try_take();
  void done(const std::string& key);

  /// Ends every take(), now and later. Keys that wait are dropped: the next leader lists everything anew.
  void shut_down();
  [[nodiscard]] bool is_shut_down() const;
  /// Blocks until no key is in progress, or for `limit`. True when none is.
  bool wait_until_idle(milliseconds limit);

  [[nodiscard]] std::optional<MonotonicTime> next_due() const;
  [[nodiscard]] KeyQueue::Statistics statistics() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  KeyQueue queue_;
  bool shut_down_ = false;
};

}  // namespace patchwave::runtime
