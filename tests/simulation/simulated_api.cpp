#include "tests/simulation/simulated_api.hpp"

#include <fmt/format.h>

#include "operator/base/http_date.hpp"
#include "operator/base/time.hpp"
#include "tests/simulation/admission.hpp"
#include "tests/simulation/api_errors.hpp"
#include "tests/simulation/deletion.hpp"
#include "tests/simulation/eviction.hpp"
#include "tests/simulation/field_sets.hpp"
#include "tests/simulation/workload_policy.hpp"

namespace patchwave::simulation {
namespace {

bool is_workload(const kube::Resource& resource) {
  return resource == resources::kDeployments || resource == resources::kStatefulSets ||
         resource == resources::kDaemonSets;
}

/// Of these somebody asks who wrote which field.
bool tracks_fields(const kube::Resource& resource) {
  return is_workload(resource) || resource == resources::kNodes;
}

const std::string& text_of(const Snapshot& object) {
  if (object->text.empty()) object->text = object->json.dump();
  return object->text;
}

bool is_dry_run(const ApiTarget& target) {
  return target.option("dryRun") == "All";
}

std::string manager_of(const ApiTarget& target, const Writer& writer) {
  const std::string named = target.option("fieldManager");
  return named.empty() ? writer.manager : named;
}

/// Fields of metadata that no client writes.
void keep_identity(const Json& before, Json& after) {
  auto& metadata = after["metadata"];
  for (const auto* field : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
                            "deletionGracePeriodSeconds", "generation"}) {
    const auto known = before["metadata"].find(field);
    if (known == before["metadata"].end()) {
      metadata.erase(field);
    } else {
      metadata[field] = *known;
    }
  }
  after["apiVersion"] = before["apiVersion"];
  after["kind"] = before["kind"];
}

/// The status subresource takes nothing but status; the main resource leaves status alone.
void keep_other_half(const ApiTarget& target, const Json& before, Json& after) {
  if (target.subresource == "status") {
    Json status = after.contains("status") ? std::move(after["status"]) : Json();
    after = before;
    if (!status.is_null()) after["status"] = std::move(status);
    return;
  }
  if (before.contains("status")) {
    after["status"] = before["status"];
  } else {
    after.erase("status");
  }
}

/// Any change outside metadata and status counts as a new generation.
bool spec_changed(const Json& before, const Json& after) {
  if (before.contains("spec") != after.contains("spec")) return true;
  return before.contains("spec") && before["spec"] != after["spec"];
}

std::string selected_continue(const std::string& text) {
  return text.substr(text.find(':') + 1);
}

std::optional<http::Response> precondition_refusal(const ApiTarget& target, const Json& object,
                                                   const Json& options) {
  const std::string uid = string_at(options, {"preconditions", "uid"});
  if (!uid.empty() && uid != uid_of(object)) {
    return conflict(
        *target.resource, target.name,
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The object "
                    "might have been deleted and then recreated",
                    uid, uid_of(object)));
  }
  const std::string version = string_at(options, {"preconditions", "resourceVersion"});
  const std::string current = string_at(object, {"metadata", "resourceVersion"});
  if (!version.empty() && version != current) {
    return conflict(
        *target.resource, target.name,
        fmt::format("the ResourceVersion in the precondition ({}) does not match the ResourceVersion in "
                    "record ({}). The object might have been modified",
                    version, current));
  }
  return std::nullopt;
}

}  // namespace

http::Response SimulatedApi::handle(const http::Request& request, const Writer& writer) {
  auto response = dispatch(request, writer);
  response.headers["Date"] = format_http_date(state_.now());
  return response;
}

http::Response SimulatedApi::dispatch(const http::Request& request, const Writer& writer) {
  if (request.target.starts_with("/version"))
    return answer(200, R"({"major":"1","minor":"36","gitVersion":"v1.36.2"})");
  const auto target = parse_target(request.target);
  if (!target) return page_not_found();
  if (request.method == "GET") return target->name.empty() ? list(*target) : get(*target);
  if (request.method == "POST") return create(*target, request, writer);
  if (request.method == "PUT") return replace(*target, request, writer);
  if (request.method == "PATCH") return patch(*target, request, writer);
  if (request.method == "DELETE") return remove(*target, request, writer);
  return failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

http::Response SimulatedApi::get(const ApiTarget& target) const {
  const Snapshot object = state_.find(*target.resource, target.ns, target.name);
  return object ? answer(200, text_of(object)) : not_found(*target.resource, target.name);
}

http::Response SimulatedApi::list(const ApiTarget& target) const {
  if (!target.option("watch").empty()) return bad_request("this simulation feeds watches itself");
  const auto& objects = state_.all(*target.resource);
  auto at = objects.begin();
  const std::string token = target.option("continue");
  if (!token.empty()) {
    const std::string last = selected_continue(token);
    const auto slash = last.find('/');
    at = objects.upper_bound({last.substr(0, slash), last.substr(slash + 1)});
  }
  const std::string limit_text = target.option("limit");
  std::size_t left = limit_text.empty() ? objects.size() : std::stoul(limit_text);
  if (left == 0) left = objects.size();
  std::string items;
  std::string next;
  for (; at != objects.end(); ++at) {
    const auto& [name, object] = *at;
    if (!target.ns.empty() && name.ns != target.ns) continue;
    if (!label_selector_matches(target.option("labelSelector"),
                                object_at(object->json, {"metadata", "labels"})) ||
        !field_selector_matches(target.option("fieldSelector"), object->json)) {
      continue;
    }
    if (left-- == 0) break;
    items += (items.empty() ? "" : ",") + text_of(object);
    next = name.ns + "/" + name.name;
  }
  const std::string more = at == objects.end() ? "" : fmt::format("{}:{}", state_.resource_version(), next);
  return answer(
      200,
      fmt::format(
          R"({{"kind":"{}List","apiVersion":"{}","metadata":{{"resourceVersion":"{}"{}}},"items":[{}]}})",
          target.resource->kind, target.resource->api_version(), state_.resource_version(),
          more.empty() ? "" : fmt::format(R"(,"continue":"{}")", more), items));
}

http::Response SimulatedApi::create(const ApiTarget& target, const http::Request& request,
                                    const Writer& writer) {
  auto body = parse_json(request.body, "the request body");
  if (!body || !body->is_object()) return bad_request("the object provided is unrecognized");
  if (target.subresource == "eviction") {
    const Json& dry = array_at(*body, {"deleteOptions", "dryRun"});
    return evict(state_, target.ns, target.name, *body, is_dry_run(target) || !dry.empty(), writer);
  }
  if (!target.name.empty())
    return failure(405, "MethodNotAllowed",
                   "the server does not allow this method on the requested resource");
  return insert(target, std::move(*body), writer, false);
}

http::Response SimulatedApi::insert(const ApiTarget& target, Json object, const Writer& writer,
                                    bool applied) {
  const kube::Resource& resource = *target.resource;
  auto& metadata = object["metadata"];
  if (metadata.contains("resourceVersion"))
    return bad_request("resourceVersion should not be set on objects to be created");
  if (metadata.contains("generateName") && !metadata.contains("name")) {
    metadata["name"] =
        metadata["generateName"].get<std::string>() + fmt::format("{:05x}", state_.resource_version());
  }
  const std::string name = string_at(object, {"metadata", "name"});
  if (name.empty())
    return invalid(resource, name, "metadata.name", "Required value: name or generateName is required");
  if (resource.namespaced) metadata["namespace"] = target.ns;
  if (state_.find(resource, target.ns, name)) return already_exists(resource, name);
  object.erase("status");
  set_defaults(resource, object);
  object["apiVersion"] = resource.api_version();
  if (auto refused = refusal(resource, nullptr, object)) return *refused;
  if (!applied && tracks_fields(resource)) {
    record_update(Json::object(), object, manager_of(target, writer), format_time(state_.now()));
  }
  if (is_dry_run(target)) return answer(201, object.dump());
  return answer(201, text_of(state_.create(resource, std::move(object), writer)));
}

http::Response SimulatedApi::replace(const ApiTarget& target, const http::Request& request,
                                     const Writer& writer) {
  auto body = parse_json(request.body, "the request body");
  if (!body || !body->is_object()) return bad_request("the object provided is unrecognized");
  const Snapshot before = state_.find(*target.resource, target.ns, target.name);
  if (!before) return not_found(*target.resource, target.name);
  const bool custom = target.resource->group == "patchwave.dev";
  if (custom && string_at(*body, {"metadata", "resourceVersion"}).empty()) {
    return invalid(*target.resource, target.name, "metadata.resourceVersion",
                   "Invalid value: 0: must be specified for an update");
  }
  return store(target, before, std::move(*body), writer, false);
}

http::Response SimulatedApi::patch(const ApiTarget& target, const http::Request& request,
                                   const Writer& writer) {
  auto body = parse_json(request.body, "the request body");
  if (!body) return bad_request("error decoding patch: " + body.error().message);
  const Snapshot before = state_.find(*target.resource, target.ns, target.name);
  const auto type_header = request.headers.find("Content-Type");
  const std::string type = type_header == request.headers.end() ? "" : type_header->second;
  if (type.starts_with("application/apply-patch+yaml")) return apply(target, before, *body, writer);
  if (!before) return not_found(*target.resource, target.name);
  Json after;
  if (type.starts_with("application/json-patch+json")) {
    try {
      after = before->json.patch(*body);
    } catch (const Json::exception&) {
      return patch_does_not_apply();
    }
  } else if (type.starts_with("application/merge-patch+json")) {
    after = before->json;
    after.merge_patch(*body);
  } else {
    return failure(415, "UnsupportedMediaType",
                   "the body of the request was in an unknown format - accepted media types include: "
                   "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
  }
  return store(target, before, std::move(after), writer, false);
}

http::Response SimulatedApi::apply(const ApiTarget& target, const Snapshot& before, const Json& configuration,
                                   const Writer& writer) {
  const std::string manager = target.option("fieldManager");
  if (manager.empty())
    return bad_request(
        "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply "
        "patch");
  if (find(configuration, {"metadata", "managedFields"}) != nullptr)
    return bad_request("metadata.managedFields must be nil");
  const bool force = target.option("force") == "true";
  auto applied = apply_configuration(before ? before->json : Json::object(), configuration, manager, force,
                                     format_time(state_.now()));
  if (!applied.conflicts.empty()) {
    Json causes = Json::array();
    std::string listed;
    const std::string version = target.resource->api_version();
    for (const auto& found : applied.conflicts) {
      const std::string with = fmt::format("conflict with \"{}\" using {}", found.manager, version);
      causes.push_back({{"reason", "FieldManagerConflict"}, {"message", with}, {"field", found.field}});
      listed += fmt::format("{}{}: {}", listed.empty() ? "" : "\n- ", with, found.field);
    }
    const auto count = applied.conflicts.size();
    return failure(409, "Conflict",
                   fmt::format("Apply failed with {} conflict{}: {}", count, count == 1 ? "" : "s", listed),
                   {{"causes", std::move(causes)}});
  }
  if (!before) return insert(target, std::move(applied.object), writer, true);
  const std::string wanted_uid = string_at(configuration, {"metadata", "uid"});
  if (!wanted_uid.empty()) applied.object["metadata"]["uid"] = wanted_uid;
  return store(target, before, std::move(applied.object), writer, true);
}

http::Response SimulatedApi::store(const ApiTarget& target, const Snapshot& before, Json after,
                                   const Writer& writer, bool applied) {
  const kube::Resource& resource = *target.resource;
  const std::string uid = string_at(after, {"metadata", "uid"});
  if (!uid.empty() && uid != uid_of(before->json)) {
    return conflict(resource, target.name,
                    fmt::format("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid,
                                uid_of(before->json)));
  }
  const std::string version = string_at(after, {"metadata", "resourceVersion"});
  if (!version.empty() && version != string_at(before->json, {"metadata", "resourceVersion"})) {
    return conflict(
        resource, target.name,
        "the object has been modified; please apply your changes to the latest version and try again");
  }
  keep_identity(before->json, after);
  keep_other_half(target, before->json, after);
  if (target.subresource.empty()) {
    set_defaults(resource, after);
    if (auto refused = refusal(resource, &before->json, after)) return *refused;
    if (writer.actor == Actor::Operator && is_workload(resource)) {
      if (auto refused = workload_policy_refusal(resource, before->json, after)) return *refused;
    }
    if (resource != resources::kPods && spec_changed(before->json, after)) {
      after["metadata"]["generation"] = integer_at(before->json, {"metadata", "generation"}) + 1;
    }
    if (!applied && tracks_fields(resource)) {
      record_update(before->json, after, manager_of(target, writer), format_time(state_.now()));
    }
  }
  if (is_dry_run(target)) return answer(200, after.dump());
  return answer(200, text_of(state_.update(resource, before, std::move(after), writer, target.subresource)));
}

http::Response SimulatedApi::remove(const ApiTarget& target, const http::Request& request,
                                    const Writer& writer) {
  const Snapshot before = state_.find(*target.resource, target.ns, target.name);
  if (!before) return not_found(*target.resource, target.name);
  Json options = Json::object();
  if (!request.body.empty()) {
    auto body = parse_json(request.body, "the request body");
    if (!body) return bad_request(body.error().message);
    options = std::move(*body);
  }
  if (auto refused = precondition_refusal(target, before->json, options)) return *refused;
  if (!is_dry_run(target)) begin_deletion(state_, *target.resource, before, writer);
  const Snapshot left = state_.find(*target.resource, target.ns, target.name);
  if (left) return answer(200, text_of(left));
  return answer(200, R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"})");
}

Result<http::Response> DirectTransport::send(const http::Request& request, const http::SendLimits&,
                                             std::stop_token) {
  return api_.handle(request, writer_);
}

Result<http::Response> DirectTransport::stream(const http::Request& request, const http::StreamLimits&,
                                               const http::OnData&, std::stop_token) {
  return api_.handle(request, writer_);
}

}  // namespace patchwave::simulation
