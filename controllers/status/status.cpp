#include "controllers/status/status.hpp"

#include "controllers/api/codec.hpp"
#include "controllers/api/shared_codec.hpp"

namespace patchwave::status {

kube::NamespacedName split_key(const std::string& key) {
  const auto slash = key.find('/');
  return {key.substr(0, slash), key.substr(slash + 1)};
}

bool is_gone(const Error& error) {
  return error.kind == ErrorKind::NotFound && error.reason != "KindNotServed";
}

Result<std::optional<Json>> read(const kube::Client& client, const kube::Resource& resource,
                                 const std::string& key) {
  const auto [ns, name] = split_key(key);
  auto object = client.get(resource, ns, name);
  if (object) return std::move(*object);
  if (is_gone(object.error())) return std::optional<Json>();
  return fail(std::move(object.error()));
}

Result<void> write(const kube::Client& client, const kube::Resource& resource, const Json& object,
                   Json new_status) {
  Json updated = Json::object();
  for (const auto& [field, value] : object.items()) {
    if (field != "status") updated[field] = value;
  }
  updated["metadata"].erase("managedFields");
  updated["status"] = std::move(new_status);
  return client.store(resource, updated, "status");
}

Error report_invalid(const kube::Client& client, const kube::Resource& resource, const Json& object,
                     const Error& error, Time now) {
  const auto metadata = api::parse_metadata(object);
  std::vector<api::Condition> conditions;
  for (const auto& [type, value] :
       {std::pair{"Ready", "False"}, {"Reconciling", "False"}, {"Stalled", "True"}}) {
    api::set_condition(conditions, {type, value, "InvalidSpec", error.message, metadata.generation, now},
                       now);
  }
  Json new_status = {{"observedGeneration", metadata.generation}};
  api::put_conditions(new_status, conditions);
  const Json body = {{"status", std::move(new_status)}};
  auto written = client.patch(resource, metadata.ns, metadata.name, kube::PatchType::Merge, body,
                              {.subresource = "status"});
  return written ? error : written.error();
}

}  // namespace patchwave::status
