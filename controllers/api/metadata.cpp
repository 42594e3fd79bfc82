#include "controllers/api/codec.hpp"

namespace patchwave::api {
namespace {

std::map<std::string, std::string> strings_at(const Json& object, std::string_view key) {
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : object_at(object, {"metadata", key}).items()) {
    if (value.is_string()) result.emplace(name, value.get<std::string>());
  }
  return result;
}

}  // namespace

Metadata parse_metadata(const Json& object) {
  Metadata metadata;
  metadata.name = string_at(object, {"metadata", "name"});
  metadata.ns = string_at(object, {"metadata", "namespace"});
  metadata.uid = string_at(object, {"metadata", "uid"});
  metadata.resource_version = string_at(object, {"metadata", "resourceVersion"});
  metadata.generation = integer_at(object, {"metadata", "generation"});
  metadata.creation_time = time_at(object, {"metadata", "creationTimestamp"});
  metadata.deletion_time = time_at(object, {"metadata", "deletionTimestamp"});
  metadata.labels = strings_at(object, "labels");
  metadata.annotations = strings_at(object, "annotations");
  for (const auto& finalizer : array_at(object, {"metadata", "finalizers"})) {
    if (finalizer.is_string()) metadata.finalizers.push_back(finalizer.get<std::string>());
  }
  metadata.owner_references = array_at(object, {"metadata", "ownerReferences"});
  return metadata;
}

}  // namespace patchwave::api
