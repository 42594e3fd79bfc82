#include "operator/cli/cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "operator/cli/problems.hpp"

namespace patchwave::cli {
namespace {

namespace resources = kube::resources;

constexpr const char* kFieldManager = "kubectl-patchwave";

/// Whoever may write a status must not be able to steer the terminal of whoever reads it: control
/// characters in any text of the object become '?'.
Json without_control_characters(Json json) {
  if (json.is_string()) {
    auto& text = json.get_ref<std::string&>();
    std::ranges::replace_if(text, [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; }, '?');
    std::ranges::replace(text, '\n', ' ');
  } else if (json.is_structured()) {
    for (auto& item : json) item = without_control_characters(std::move(item));
  }
  return json;
}

template <class Object>
Result<Read<Object>> understand(Result<Json> json, Result<Object> (*parse)(const Json&),
                                const std::string& what) {
  if (!json) return fail(json.error());
  auto object = parse(without_control_characters(*json));
  if (!object) return fail(object.error().within(what + " can't be understood"));
  return Read<Object>{std::move(*json), std::move(*object)};
}

template <class Object>
Result<ReadList<Object>> understand_all(const Result<Json>& list, Result<Object> (*parse)(const Json&)) {
  if (!list) return fail(list.error());
  ReadList<Object> read;
  for (const Json& item : array_at(*list, {"items"})) {
    auto object = parse(without_control_characters(item));
    if (object) {
      read.items.push_back({item, std::move(*object)});
    } else {
      read.skipped.push_back(fmt::format("{}/{} is left out: {}", string_at(item, {"metadata", "namespace"}),
                                         string_at(item, {"metadata", "name"}), object.error().message));
    }
  }
  std::ranges::sort(read.items, {}, [](const Read<Object>& one) {
    return std::tie(one.object.metadata.ns, one.object.metadata.name);
  });
  return read;
}

}  // namespace

Result<Read<api::PatchWave>> Cluster::wave(const std::string& ns, const std::string& name) const {
  return understand(get(resources::kPatchWaves, ns, name), api::parse_wave, "patchwave " + name);
}
Result<Read<api::Patch>> Cluster::patch(const std::string& ns, const std::string& name) const {
  return understand(get(resources::kPatches, ns, name), api::parse_patch, "patch " + name);
}
Result<Read<api::PatchPolicy>> Cluster::policy(const std::string& ns, const std::string& name) const {
  return understand(get(resources::kPatchPolicies, ns, name), api::parse_policy, "patchpolicy " + name);
}
Result<ReadList<api::PatchWave>> Cluster::waves(const std::string& ns) const {
  return understand_all(list(resources::kPatchWaves, ns), api::parse_wave);
}
Result<ReadList<api::Patch>> Cluster::patches(const std::string& ns) const {
  return understand_all(list(resources::kPatches, ns), api::parse_patch);
}
Result<ReadList<api::PatchPolicy>> Cluster::policies(const std::string& ns) const {
  return understand_all(list(resources::kPatchPolicies, ns), api::parse_policy);
}
Result<ReadList<api::PatchApproval>> Cluster::approvals(const std::string& ns) const {
  return understand_all(list(resources::kPatchApprovals, ns), api::parse_approval);
}

Result<std::vector<std::string>> Cluster::names(const kube::Resource& resource, const std::string& ns) const {
  const auto found = list(resource, ns);
  if (!found) return fail(found.error());
  std::vector<std::string> names;
  for (const Json& item : array_at(*found, {"items"})) names.push_back(string_at(item, {"metadata", "name"}));
  return names;
}

Result<Json> Cluster::create(const kube::Resource& resource, const std::string& ns, const Json& object,
                             bool dry_run) const {
  auto created = client_->create(resource, ns, object, kFieldManager, dry_run);
  if (!created) return fail(explain_problem(created.error(), {"create", resource, ns, ""}));
  return created;
}

Result<Json> Cluster::merge(const kube::Resource& resource, const std::string& ns, const std::string& name,
                            const Json& body, bool dry_run) const {
  auto patched =
      client_->patch(resource, ns, name, kube::PatchType::Merge, body, {kFieldManager, "", dry_run});
  if (!patched) return fail(explain_problem(patched.error(), {"patch", resource, ns, name}));
  return patched;
}

Result<std::string> Cluster::user_name() const {
  const Json body = {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}};
  const auto review = client_->raw("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", &body);
  if (!review) return fail(review.error().within("asking the API server who you are"));
  auto name = string_at(*review, {"status", "userInfo", "username"});
  if (name.empty()) return fail(ErrorKind::Protocol, "the API server did not say who you are");
  return name;
}

Result<Json> Cluster::get(const kube::Resource& resource, const std::string& ns,
                          const std::string& name) const {
  auto object = client_->get(resource, ns, name);
  if (object) return object;
  std::vector<std::string> others;
  if (object.error().kind == ErrorKind::NotFound && object.error().reason != "KindNotServed") {
    others = names(resource, ns).value_or(std::vector<std::string>{});
  }
  return fail(explain_problem(object.error(), {"get", resource, ns, name}, others));
}

Result<Json> Cluster::list(const kube::Resource& resource, const std::string& ns) const {
  auto objects = client_->list(resource, ns);
  if (!objects) return fail(explain_problem(objects.error(), {"list", resource, ns, ""}));
  return objects;
}

}  // namespace patchwave::cli
