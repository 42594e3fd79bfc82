#include "operator/kube/object_store.hpp"

namespace patchwave::kube {
namespace {

constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

void trim(Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return;
  metadata->erase("managedFields");
  const auto annotations = metadata->find("annotations");
  if (annotations != metadata->end() && annotations->is_object())
    annotations->erase(std::string(kLastApplied));
}

// Equal but for metadata.resourceVersion, which every write changes.
bool same_but_version(const Json& before, const Json& after) {
  if (before.size() != after.size()) return false;
  for (const auto& [key, field] : before.items()) {
    const auto other = after.find(key);
    if (other == after.end()) return false;
    if (key == "resourceVersion") continue;
    const bool equal = key == "metadata" ? same_but_version(field, *other) : field == *other;
    if (!equal) return false;
  }
  return true;
}

}  // namespace

ObjectStore::ObjectStore(Resource resource, Keep keep) : resource_(std::move(resource)), keep_(keep) {}

Result<std::pair<NamespacedName, Object>> ObjectStore::decode(std::string_view object) {
  auto json = parse_json(object, resource_.plural);
  if (!json) return fail(std::move(json.error()));
  NamespacedName name{string_at(*json, {"metadata", "namespace"}), string_at(*json, {"metadata", "name"})};
  if (name.name.empty()) return fail(ErrorKind::Protocol, resource_.plural + ": an object without a name");
  trim(*json);
  json->emplace("apiVersion", resource_.api_version());
  json->emplace("kind", resource_.kind);
  return std::pair(std::move(name), Object(std::make_shared<const Json>(std::move(*json))));
}

ObjectStore::Row ObjectStore::pack(Object view) {
  if (keep_ == Keep::Documents) return view;
  std::string text = print_json(*view);
  text.shrink_to_fit();
  return std::make_shared<const std::string>(std::move(text));
}

Object ObjectStore::unpack(std::string_view, const Row& row) const {
  if (keep_ == Keep::Documents) return std::static_pointer_cast<const Json>(row);
  // The text is our own print of a document that was parsed before.
  auto document = parse_json(*std::static_pointer_cast<const std::string>(row), resource_.plural);
  return std::make_shared<const Json>(document ? std::move(*document) : Json());
}

bool ObjectStore::same(const Row& before, const Row& after) const {
  return same_but_version(*unpack("", before), *unpack("", after));
}

Object ObjectStore::get(std::string_view ns, std::string_view name) const {
  return find_view(ns, name).value_or(nullptr);
}

std::vector<Object> ObjectStore::list(std::string_view ns) const {
  std::vector<Object> found;
  for_each_row(ns, [&](std::string_view key, const Row& row) { found.push_back(unpack(key, row)); });
  return found;
}

}  // namespace patchwave::kube
