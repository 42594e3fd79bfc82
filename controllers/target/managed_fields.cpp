#include "controllers/target/managed_fields.hpp"

#include <algorithm>

#include "controllers/target/target.hpp"

namespace patchwave::target {
namespace {

const Json* descend(const Json& fields, const FieldPath& path) {
  const Json* at = &fields;
  for (const auto& key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

bool matches(std::string_view text, std::string_view pattern) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t from = star; from <= text.size(); ++from) {
    if (matches(text.substr(from), rest)) return true;
  }
  return false;
}

}  // namespace

FieldPath image_field(std::string_view container, bool init) {
  return {"f:spec",
          "f:template",
          "f:spec",
          init ? "f:initContainers" : "f:containers",
          "k:" + print_json(Json::object({{"name", std::string(container)}})),
          "f:image"};
}

std::vector<FieldOwner> owners_of(const Json& object, const FieldPath& field) {
  std::vector<FieldOwner> owners;
  for (const auto& entry : array_at(object, {"metadata", "managedFields"})) {
    if (!string_at(entry, {"subresource"}).empty()) continue;
    const Json* fields = find(entry, {"fieldsV1"});
    if (fields == nullptr || descend(*fields, field) == nullptr) continue;
    owners.push_back({string_at(entry, {"manager"}), time_at(entry, {"time"})});
  }
  return owners;
}

const std::vector<std::string>& default_continuous_managers() {
  static const std::vector<std::string> patterns = {"argocd*",
                                                    "*kustomize-controller*",
                                                    "*helm-controller*",
                                                    "*fleet-agent*",
                                                    "fleetagent*",
                                                    "kapp-controller",
                                                    "configsync*",
                                                    "crossplane*",
                                                    "addon-manager",
                                                    "eks",
                                                    "keel"};
  return patterns;
}

bool is_continuous(std::string_view manager, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return matches(manager, pattern); });
}

}  // namespace patchwave::target
