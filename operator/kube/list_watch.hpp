// The list-and-watch protocol as one value and a pure step: what to ask next, and what an answer means.
// After kube-rs (watcher.rs) and client-go (reflector.go), whose rules the comments name.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "operator/base/result.hpp"
#include "operator/kube/watch_event.hpp"

namespace patchwave::kube {

/// Nothing is known, or what is known is too old. Asks for everything.
struct NothingListed {
  bool operator==(const NothingListed&) const = default;
};
/// A streaming list has begun: its objects come as ADDED events, a marked bookmark ends them.
struct StreamingList {
  bool operator==(const StreamingList&) const = default;
};
/// Pages of a list have been read; the next is named by the token.
struct PagingList {
  std::string continue_token;
  bool operator==(const PagingList&) const = default;
};
/// Everything is known as of the version, and no event has been seen since.
struct Listed {
  std::string resource_version;
  bool operator==(const Listed&) const = default;
};
/// Events are followed; the version is that of the last one.
struct Watching {
  std::string resource_version;
  bool operator==(const Watching&) const = default;
};

struct ListWatchState {
  std::variant<NothingListed, StreamingList, PagingList, Listed, Watching> at;
  /// False for the life of the process once the server has shown that it knows no streaming lists.
  bool may_stream_list = true;
  int unfinished_streaming_lists = 0;  ///< In a row: streams that ended before the marked bookmark.
  int internal_errors = 0;             ///< HTTP 500 in a row while following events.
  bool operator==(const ListWatchState&) const = default;
};

// What to ask the server.
struct AskStreamingList {
  bool operator==(const AskStreamingList&) const = default;
};
struct AskPage {
  std::string continue_token;  ///< "" for the first, which is consistent: never resourceVersion=0.
  bool operator==(const AskPage&) const = default;
};
struct AskWatch {
  std::string resource_version;
  bool operator==(const AskWatch&) const = default;
};
using Ask = std::variant<AskStreamingList, AskPage, AskWatch>;
Ask next_ask(const ListWatchState& state);

// What came of it.
struct PageArrived {
  std::string resource_version;
  std::string continue_token;
};
struct EventArrived {
  WatchEvent::Type type;
  std::string resource_version;
  bool initial_events_end = false;
};
/// The question failed, the stream broke off, or it carried an ERROR event.
struct Failed {
  Error error;
};
/// The stream ended as declared.
struct StreamEnded {
  bool was_short =
      false;  ///< Under a second and without an event: opening the next at once would be a hot loop.
};
using Arrival = std::variant<PageArrived, EventArrived, Failed, StreamEnded>;

/// What the store is to be told of an arrival, in this order.
struct Telling {
  bool begin = false;  ///< A complete listing begins.
  enum class Object : std::uint8_t { None, Upsert, Erase } object = Object::None;
  bool done = false;     ///< The listing is complete.
  bool advance = false;  ///< The state's version has been reached.
  bool operator==(const Telling&) const = default;
};

struct ListWatchStep {
  ListWatchState state;
  Telling tell;
  bool hang_up = false;   ///< The stream is of no use any more: end it and ask anew.
  bool back_off = false;  ///< Wait before asking anew.
};
ListWatchStep step(ListWatchState state, const Arrival& arrival);

/// The version that a complete listing or the last event stands for; "" before.
std::string resource_version_of(const ListWatchState& state);

}  // namespace patchwave::kube
