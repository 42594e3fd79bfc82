#include "controllers/target/guarded_patch.hpp"

namespace patchwave::target {
namespace {

constexpr const char* kAnnotations = "/metadata/annotations";

std::string annotation(std::string_view key) {
  return std::string(kAnnotations) + "/" + pointer_part(key);
}

}  // namespace

std::string pointer_part(std::string_view key) {
  std::string part;
  for (const char c : key) {
    if (c == '~') {
      part += "~0";
    } else if (c == '/') {
      part += "~1";
    } else {
      part += c;
    }
  }
  return part;
}

GuardedPatch::GuardedPatch(const Json& object) : object_(object) {
  test("/metadata/uid", string_at(object, {"metadata", "uid"}));
  test("/metadata/resourceVersion", string_at(object, {"metadata", "resourceVersion"}));
}

void GuardedPatch::test(const std::string& pointer, const Json& value) {
  operations_.push_back({{"op", "test"}, {"path", pointer}, {"value", value}});
}

void GuardedPatch::replace(const std::string& pointer, const Json& expected, const Json& value) {
  test(pointer, expected);
  operations_.push_back({{"op", "replace"}, {"path", pointer}, {"value", value}});
  ++changes_;
}

void GuardedPatch::set(const std::string& pointer, const Json& value) {
  operations_.push_back({{"op", "add"}, {"path", pointer}, {"value", value}});
  ++changes_;
}

void GuardedPatch::remove(const std::string& pointer) {
  operations_.push_back({{"op", "remove"}, {"path", pointer}});
  ++changes_;
}

void GuardedPatch::set_annotations(const Json& entries) {
  if (find(object_, {"metadata", "annotations"}) == nullptr) {
    set(kAnnotations, entries);
    return;
  }
  for (const auto& [key, value] : entries.items()) set(annotation(key), value);
}

void GuardedPatch::remove_annotations(const std::vector<std::string_view>& keys) {
  const Json& there = object_at(object_, {"metadata", "annotations"});
  std::vector<std::string> pointers;
  for (const auto& key : keys) {
    if (there.contains(key)) pointers.push_back(annotation(key));
  }
  if (pointers.size() == there.size()) pointers = {kAnnotations};
  for (const auto& pointer : pointers) remove(pointer);
}

}  // namespace patchwave::target
