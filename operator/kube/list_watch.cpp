#include "operator/kube/list_watch.hpp"

namespace patchwave::kube {
namespace {

// One stream may be cut for any reason; two in a row before their end are no accident.
constexpr int kMaxUnfinishedStreamingLists = 2;

// A server that does not like our version at all says 500, as it does when it has troubles of its own. The
// latter pass; after so many in a row the version is taken for the cause.
constexpr int kMaxInternalErrors = 5;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

bool is_listing(const ListWatchState& state) {
  return std::holds_alternative<NothingListed>(state.at) || std::holds_alternative<StreamingList>(state.at);
}

ListWatchStep list_anew(const ListWatchState& state, bool back_off) {
  ListWatchStep next;
  next.state.may_stream_list = state.may_stream_list;
  next.state.unfinished_streaming_lists = state.unfinished_streaming_lists;
  next.hang_up = true;
  next.back_off = back_off;
  return next;
}

ListWatchStep give_up_streaming_lists(ListWatchState&& state) {
  state.may_stream_list = false;
  return list_anew(state, false);
}

ListWatchStep on_page(ListWatchState&& state, const PageArrived& page) {
  ListWatchStep next{std::move(state), {}, false, false};
  next.tell.begin = std::holds_alternative<NothingListed>(next.state.at);
  next.tell.object = Telling::Object::Upsert;
  next.tell.done = page.continue_token.empty();
  if (next.tell.done) {
    next.state.at = Listed{page.resource_version};
  } else {
    next.state.at = PagingList{page.continue_token};
  }
  return next;
}

Telling::Object object_of(WatchEvent::Type type) {
  if (type == WatchEvent::Type::Deleted) return Telling::Object::Erase;
  return type == WatchEvent::Type::Bookmark ? Telling::Object::None : Telling::Object::Upsert;
}

// The versions of a streaming list's objects are in no order, so none of them is a place to resume from.
ListWatchStep on_initial_event(ListWatchState&& state, const EventArrived& event) {
  const bool is_bookmark = event.type == WatchEvent::Type::Bookmark;
  // A server that does not know sendInitialEvents sends plain bookmarks and never the marked one.
  if (is_bookmark && !event.initial_events_end) return give_up_streaming_lists(std::move(state));
  ListWatchStep next{std::move(state), {}, false, false};
  next.tell.begin = std::holds_alternative<NothingListed>(next.state.at);
  next.tell.object = object_of(event.type);
  next.tell.done = is_bookmark;
  if (is_bookmark) {
    next.state.at = Watching{event.resource_version};
    next.state.unfinished_streaming_lists = 0;
  } else {
    next.state.at = StreamingList{};
  }
  return next;
}

ListWatchStep on_event(ListWatchState&& state, const EventArrived& event) {
  if (is_listing(state)) return on_initial_event(std::move(state), event);
  std::string version = event.resource_version.empty() ? resource_version_of(state) : event.resource_version;
  ListWatchStep next{std::move(state), {}, false, false};
  next.tell.object = object_of(event.type);
  next.tell.advance = true;
  next.state.at = Watching{std::move(version)};
  next.state.internal_errors = 0;
  return next;
}

ListWatchStep on_failure(ListWatchState&& state, const Error& error) {
  const ErrorKind kind = error.kind;
  if (is_listing(state)) {
    if (state.may_stream_list && kind == ErrorKind::Invalid) return give_up_streaming_lists(std::move(state));
    const bool broke_off = std::holds_alternative<StreamingList>(state.at);
    if (broke_off && ++state.unfinished_streaming_lists >= kMaxUnfinishedStreamingLists)
      state.may_stream_list = false;
    return list_anew(state, true);
  }
  // A version from the future (etcd was restored), one that is too old, or a kind that went away.
  const bool is_internal_error = error.http_status == 500;
  state.internal_errors = is_internal_error ? state.internal_errors + 1 : 0;
  const bool version_is_useless = kind == ErrorKind::Gone || kind == ErrorKind::Invalid ||
                                  kind == ErrorKind::NotFound || kind == ErrorKind::Protocol ||
                                  error.reason == "ResourceVersionTooLarge" ||
                                  state.internal_errors >= kMaxInternalErrors;
  if (version_is_useless) {
    // A watch that ran for a while has earned its relist; one that never got going must not spin.
    const bool at_once = kind == ErrorKind::Gone && std::holds_alternative<Watching>(state.at);
    return list_anew(state, !at_once);
  }
  // Refused, throttled, forbidden, cut: the place in the stream is still good.
  return {std::move(state), {}, true, true};
}

ListWatchStep on_end(ListWatchState&& state, const StreamEnded& end) {
  if (!is_listing(state)) return {std::move(state), {}, true, end.was_short};
  if (++state.unfinished_streaming_lists >= kMaxUnfinishedStreamingLists) {
    return give_up_streaming_lists(std::move(state));
  }
  return list_anew(state, true);
}

}  // namespace

Ask next_ask(const ListWatchState& state) {
  return std::visit(Overloaded{
                        [&state](const NothingListed&) -> Ask {
                          if (state.may_stream_list) return AskStreamingList{};
                          return AskPage{};
                        },
                        [](const StreamingList&) -> Ask { return AskStreamingList{}; },
                        [](const PagingList& paging) -> Ask { return AskPage{paging.continue_token}; },
                        [](const Listed& listed) -> Ask { return AskWatch{listed.resource_version}; },
                        [](const Watching& watching) -> Ask { return AskWatch{watching.resource_version}; },
                    },
                    state.at);
}

std::string resource_version_of(const ListWatchState& state) {
  if (const auto* listed = std::get_if<Listed>(&state.at)) return listed->resource_version;
  if (const auto* watching = std::get_if<Watching>(&state.at)) return watching->resource_version;
  return {};
}

ListWatchStep step(ListWatchState state, const Arrival& arrival) {
  return std::visit(Overloaded{
                        [&state](const PageArrived& page) { return on_page(std::move(state), page); },
                        [&state](const EventArrived& event) { return on_event(std::move(state), event); },
                        [&state](const Failed& failed) { return on_failure(std::move(state), failed.error); },
                        [&state](const StreamEnded& end) { return on_end(std::move(state), end); },
                    },
                    arrival);
}

}  // namespace patchwave::kube
