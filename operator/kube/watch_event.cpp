#include "operator/kube/watch_event.hpp"

#include <fmt/format.h>

#include "operator/kube/ondemand.hpp"
#include "operator/kube/status.hpp"

namespace patchwave::kube {
namespace {

using namespace ondemand;

constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

std::optional<WatchEvent::Type> type_of(std::string_view text) {
  if (text == "ADDED") return WatchEvent::Type::Added;
  if (text == "MODIFIED") return WatchEvent::Type::Modified;
  if (text == "DELETED") return WatchEvent::Type::Deleted;
  if (text == "BOOKMARK") return WatchEvent::Type::Bookmark;
  if (text == "ERROR") return WatchEvent::Type::Error;
  return std::nullopt;
}

void read_metadata(value metadata, WatchEvent& event) {
  std::string ns;
  std::string name;
  each_field(metadata, [&](std::string_view key, value field) {
    if (key == "name") name = text_of(field);
    if (key == "namespace") ns = text_of(field);
    if (key == "resourceVersion") event.resource_version = text_of(field);
    if (key != "annotations") return;
    each_field(field, [&event](std::string_view annotation, value text) {
      if (annotation == kInitialEventsEnd) event.initial_events_end = text_of(text) == "true";
    });
  });
  event.name = ns.empty() ? name : ns + "/" + name;
}

Error error_of(std::string_view status_text) {
  const auto object = parse_json(status_text, "the watch's error");
  if (!object) return object.error();
  return to_error(status_of(*object), "watch");
}

}  // namespace

struct WatchDecoder::State {
  Reader reader;
};

WatchDecoder::WatchDecoder() : state_(std::make_unique<State>()) {}
WatchDecoder::~WatchDecoder() = default;

Result<WatchEvent> WatchDecoder::decode(std::string_view line) {
  try {
    document whole = state_->reader.read(line);
    WatchEvent event;
    const std::string_view type_text = whole["type"].get_string();
    const auto type = type_of(type_text);
    if (!type) return fail(ErrorKind::Protocol, fmt::format("an event of unknown type {:.20}", type_text));
    event.type = *type;
    simdjson::ondemand::object object = whole["object"].get_object();
    if (event.type != WatchEvent::Type::Error) {
      value metadata;
      const auto found = object["metadata"].get(metadata);
      // After any other error the reader has given the text up and must not be asked again.
      if (found != simdjson::SUCCESS && found != simdjson::NO_SUCH_FIELD) {
        throw simdjson::simdjson_error(found);
      }
      if (found == simdjson::SUCCESS) read_metadata(metadata, event);
      object.reset();
    }
    event.object = object.raw_json();
    if (event.type == WatchEvent::Type::Error) event.error = error_of(event.object);
    return event;
  } catch (const simdjson::simdjson_error& error) {
    return caught(error, "a line of the watch");
  }
}

Result<Page> decode_page(std::string_view text, const std::function<void(std::string_view item)>& on_item) {
  try {
    Reader reader;
    document whole = reader.read(text);
    Page page;
    bool has_items = false;
    each_field(whole, [&](std::string_view key, value field) {
      if (key == "metadata") {
        each_field(field, [&page](std::string_view name, value item) {
          if (name == "resourceVersion") page.resource_version = text_of(item);
          if (name == "continue") page.continue_token = text_of(item);
        });
      }
      if (key != "items") return;
      has_items = true;
      each_element(field, [&on_item](value item) {
        simdjson::ondemand::object object = item.get_object();
        on_item(object.raw_json());
      });
    });
    if (!has_items || page.resource_version.empty()) {
      return fail(ErrorKind::Protocol,
                  "the answer is not a list: items or metadata.resourceVersion is missing");
    }
    return page;
  } catch (const simdjson::simdjson_error& error) {
    return caught(error, "a page of the list");
  }
}

}  // namespace patchwave::kube
