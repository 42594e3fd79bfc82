// Lines of a watch and pages of a list, taken apart without building a document.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace patchwave::kube {

struct WatchEvent {
  enum class Type : std::uint8_t { Added, Modified, Deleted, Bookmark, Error };
  Type type = Type::Error;
  std::string_view object;          ///< JSON text; valid until the decoder's next call.
  std::string resource_version;     ///< Of the object.
  std::string name;                 ///< "ns/name", for messages.
  bool initial_events_end = false;  ///< A bookmark that closes a streaming list.
  Error error;                      ///< Of Type::Error: the Status in `object`.
};

/// Keeps its buffers from line to line; one thread at a time.
class WatchDecoder {
 public:
  WatchDecoder();
  ~WatchDecoder();
  WatchDecoder(const WatchDecoder&) = delete;
  WatchDecoder& operator=(const WatchDecoder&) = delete;

  /// Protocol when the line is not a watch event.
  Result<WatchEvent> decode(std::string_view line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct Page {
  std::string resource_version;
  std::string continue_token;
};

/// Calls `on_item` with the JSON text of each of the list's items. Protocol when the text is no list;
/// items before the fault may have been handed over by then.
Result<Page> decode_page(std::string_view text, const std::function<void(std::string_view item)>& on_item);

}  // namespace patchwave::kube
