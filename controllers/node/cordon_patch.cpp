#include "controllers/node/cordon_patch.hpp"

#include "controllers/api/node_pool.hpp"

namespace patchwave::node {
namespace {

constexpr const char* kUnschedulable = "/spec/unschedulable";

// The map of annotations goes with its last entry, unless others come.
void change_annotations(target::GuardedPatch& patch, const Json& node, const Json& set,
                        std::vector<std::string_view> removed) {
  const Json& there = object_at(node, {"metadata", "annotations"});
  std::erase_if(removed, [&](std::string_view key) { return !there.contains(key); });
  if (set.empty()) {
    if (!removed.empty()) patch.remove_annotations(removed);
    return;
  }
  patch.set_annotations(set);
  for (const auto& key : removed) patch.remove("/metadata/annotations/" + target::pointer_part(key));
}

}  // namespace

target::GuardedPatch cordon_patch(const Json& node, const drain::CordonRecord& record) {
  target::GuardedPatch patch(node);
  patch.set_annotations({{std::string(drain::kCordonAnnotation), drain::print_record(record)}});
  patch.set(kUnschedulable, true);
  return patch;
}

target::GuardedPatch release_patch(const Json& node, std::string_view owner) {
  return release_patch(node, owner, string_at(node, {"metadata", "annotations", api::kPatchedByAnnotation}));
}

target::GuardedPatch release_patch(const Json& node, std::string_view owner, const std::string& patched_by) {
  const auto release = drain::release_of(drain::read_cordon(node), owner);
  const bool say = string_at(node, {"metadata", "annotations", api::kPatchedByAnnotation}) != patched_by;
  target::GuardedPatch patch(node);
  Json set = Json::object();
  std::vector<std::string_view> removed;
  if (say && !patched_by.empty()) set[std::string(api::kPatchedByAnnotation)] = patched_by;
  if (say && patched_by.empty()) removed.push_back(api::kPatchedByAnnotation);
  if (release != drain::Release::Nothing) removed.push_back(drain::kCordonAnnotation);
  change_annotations(patch, node, set, removed);
  if (release == drain::Release::Uncordon) patch.remove(kUnschedulable);
  return patch;
}

}  // namespace patchwave::node
