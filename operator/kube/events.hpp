// events.k8s.io/v1 Events, as `kubectl describe` shows them. Repeats become a series instead of further
// objects (client-go's tools/events). Recording never blocks and never fails: an event is a courtesy.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/log.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/wait.hpp"

namespace patchwave::kube {

/// The object that an event is about.
struct ObjectReference {
  std::string api_version;
  std::string kind;
  std::string ns;  ///< "" for a cluster-scoped object; its events are kept in "default".
  std::string name;
  std::string uid;
  auto operator<=>(const ObjectReference&) const = default;
};

struct EventNote {
  ObjectReference regarding;
  bool warning = false;
  std::string reason;  ///< CamelCase, up to 128 characters: "CanaryHarmed".
  std::string action;  ///< CamelCase: what was done or refused: "Rollback".
  std::string note;    ///< For people. Cut at 1 KiB, the API's limit.
};

/// Who tells it.
struct EventSource {
  std::string controller = "patchwave.dev/patchwave";
  std::string instance = "patchwave";  ///< The pod's name; the API refuses an empty one.
};

/// One write that the series core wants done.
struct EventWrite {
  enum class Kind : std::uint8_t { Create, PatchSeries } kind = Kind::Create;
  std::string ns;
  std::string name;
  Json body;  ///< The Event, or a merge patch of its series.
};

/// Decides which notes become objects. Two notes are the same when everything but the note's text is the
/// same; a repeat within six minutes joins the series of the first.
class EventSeries {
 public:
  static constexpr seconds kQuietEnds{360};      ///< A series without a repeat for so long is closed.
  static constexpr seconds kHeartbeat{1800};     ///< How often a lasting series' count is written.
  static constexpr std::size_t kMaxOpen = 4096;  ///< Series remembered; the longest quiet one goes first.

  explicit EventSeries(EventSource source) : source_(std::move(source)) {}

  /// The first note is created, the second starts the series; later ones only count until the heartbeat.
  std::optional<EventWrite> record(const EventNote& note, Time now);
  /// Heartbeats and closings that are due.
  std::vector<EventWrite> tick(Time now);
  /// The object that a series patch was for is gone: the next repeat makes a new one.
  void forget(const std::string& ns, const std::string& name);
  [[nodiscard]] std::size_t open() const { return series_.size(); }

 private:
  using Key = std::tuple<ObjectReference, bool, std::string, std::string>;
  struct Open {
    std::string ns;
    std::string name;
    int count = 1;
    Time last_seen;
    Time last_written;
    bool unwritten = false;  ///< count or last_seen moved since last_written.
  };
  EventWrite created(const EventNote& note, Open& open, Time now);
  static EventWrite patched(Open& open, Time now);
  void make_room();

  EventSource source_;
  std::map<Key, Open> series_;
  std::uint64_t sequence_ = 0;  ///< Tells events of one instant apart in their names.
};

/// The thread-safe front and the sender behind it.
class EventRecorder {
 public:
  static constexpr std::size_t kMaxQueued = 1000;
  static constexpr int kMaxTries = 12;
  static constexpr seconds kBetweenTries{10};

  /// `client` should be one of the recorder's own, so that events never use up the rate of real work.
  EventRecorder(EventSource source, const Client& client, const Clock& clock, Log& log,
                Wait wait = wait_in_real_time);

  /// Takes the note or, when the queue is full, counts it as dropped. Never blocks on the network.
  void record(EventNote note);
  /// Sends until `stop`, then what is queued, once each. From then on the first write that the server does
  /// not answer ends it: a process on its way down does not wait for a server that is away.
  void run(std::stop_token stop);
  /// Sends what is queued and due, now. For single-threaded simulations.
  void flush(std::stop_token stop = {});

  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Timed {
    EventNote note;
    Time at;
  };
  std::deque<Timed> take_queued();
  /// Repeats what is transient, gives up on what the server refuses. False when nothing more is to be sent.
  bool send(const EventWrite& write, std::stop_token stop);
  Result<Json> send_once(const EventWrite& write) const;

  const Client& client_;
  const Clock& clock_;
  Log& log_;
  Wait wait_;
  EventSeries series_;  ///< Of the sender's thread only.
  std::mutex mutex_;
  std::condition_variable_any arrived_;
  std::deque<Timed> queue_;  ///< At most kMaxQueued, under mutex_.
  std::atomic<std::uint64_t> dropped_ = 0;
};

}  // namespace patchwave::kube
