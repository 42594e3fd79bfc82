// A watch's stream and a list's pages: lines are the same however the network cuts them, and what is taken
// out of a line or a page is what a document of it holds.
#include <string>
#include <vector>

#include "operator/kube/line_splitter.hpp"
#include "operator/kube/status.hpp"
#include "operator/kube/watch_event.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
using kube::WatchEvent;

constexpr std::size_t kMaxLine = 4096;
constexpr const char* kInitialEventsEnd = "k8s.io/initial-events-end";

std::vector<std::string> reference_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && line.size() <= kMaxLine) lines.emplace_back(line);
  }
  return lines;
}

std::vector<std::string> split(std::string_view text, std::size_t piece) {
  kube::LineSplitter splitter(kMaxLine);
  std::vector<std::string> lines;
  const auto collect = [&lines](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  for (std::size_t at = 0; at < text.size(); at += piece) splitter.feed(text.substr(at, piece), collect);
  splitter.finish(collect);
  return lines;
}

bool is_text_or_absent(const Json& object, const char* key) {
  const Json* found = find(object, {key});
  return found == nullptr || found->is_string();
}

/// An object whose metadata has the types that the API gives it.
bool is_well_formed(const Json& object) {
  if (!object.is_object()) return false;
  const Json* metadata = find(object, {"metadata"});
  if (metadata == nullptr) return true;
  if (!metadata->is_object()) return false;
  for (const char* key : {"name", "namespace", "resourceVersion"}) {
    if (!is_text_or_absent(*metadata, key)) return false;
  }
  const Json* annotations = find(*metadata, {"annotations"});
  return annotations == nullptr ||
         (annotations->is_object() && is_text_or_absent(*annotations, kInitialEventsEnd));
}

std::string word_of(WatchEvent::Type type) {
  switch (type) {
    case WatchEvent::Type::Added:
      return "ADDED";
    case WatchEvent::Type::Modified:
      return "MODIFIED";
    case WatchEvent::Type::Deleted:
      return "DELETED";
    case WatchEvent::Type::Bookmark:
      return "BOOKMARK";
    case WatchEvent::Type::Error:
      return "ERROR";
  }
  return "";
}

bool is_event_type(const std::string& word) {
  return word == "ADDED" || word == "MODIFIED" || word == "DELETED" || word == "BOOKMARK" || word == "ERROR";
}

void check_event(const WatchEvent& event, const Json& line) {
  const Json& object = object_at(line, {"object"});
  expect(word_of(event.type) == string_at(line, {"type"}), "an event has the type that stands in the line");
  const auto kept = parse_json(event.object, "the object");
  expect(kept && *kept == object, "an event's object is the line's");
  if (event.type == WatchEvent::Type::Error) {
    const Error error = kube::to_error(kube::status_of(object), "watch");
    expect(event.error.kind == error.kind && event.error.message == error.message,
           "an ERROR event's error is its Status");
    return;
  }
  const std::string ns = string_at(object, {"metadata", "namespace"});
  const std::string name = string_at(object, {"metadata", "name"});
  expect(event.name == (ns.empty() ? name : ns + "/" + name), "an event's name is the object's");
  expect(event.resource_version == string_at(object, {"metadata", "resourceVersion"}),
         "an event's resourceVersion is the object's");
  expect(event.initial_events_end ==
             (string_at(object, {"metadata", "annotations", kInitialEventsEnd}) == "true"),
         "a bookmark ends the initial events when it says so");
}

void check_line(const std::string& text) {
  kube::WatchDecoder decoder;
  const auto event = decoder.decode(text);
  const auto line = fuzz::reference_json(text);
  if (!event) expect(event.error().kind == ErrorKind::Protocol, "what is no event is a fault of protocol");
  if (!line) return;
  if (event) check_event(*event, *line);
  if (is_event_type(string_at(*line, {"type"})) && line->contains("object") &&
      is_well_formed(line->at("object"))) {
    expect(event.has_value(), "a line that is an event is taken");
  }
}

void check_page(std::string_view text) {
  std::vector<std::string> items;
  const auto page = kube::decode_page(text, [&items](std::string_view item) { items.emplace_back(item); });
  const auto list = fuzz::reference_json(text);
  if (!page || !list) return;
  expect(page->resource_version == string_at(*list, {"metadata", "resourceVersion"}),
         "a page has the list's resourceVersion");
  expect(page->continue_token == string_at(*list, {"metadata", "continue"}), "a page has the list's token");
  const Json& wanted = array_at(*list, {"items"});
  expect(items.size() == wanted.size(), "a page has all items of the list");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto item = parse_json(items[i], "an item");
    expect(item && *item == wanted[i], "a page's items are the list's");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto lines = reference_lines(text);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1024}}) {
    expect(split(text, piece) == lines, "lines do not depend on how the bytes are cut");
  }
  for (const std::string& line : lines) check_line(line);
  check_page(text);
  return 0;
}
