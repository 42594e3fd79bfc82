#include "controllers/target/verbs.hpp"

#include <fmt/format.h>

namespace patchwave::target {

bool Verbs::controllers_caught_up(const Situation& situation) const {
  return caught_up(*situation.workload);
}

const Verbs& verbs_of(api::TargetKind kind) {
  switch (kind) {
    case api::TargetKind::StatefulSet:
      return stateful_set_verbs();
    case api::TargetKind::DaemonSet:
      return daemon_set_verbs();
    case api::TargetKind::Node:  // Is no workload: controllers/node has its own.
    case api::TargetKind::Deployment:
      break;
  }
  return deployment_verbs();
}

GuardedPatch start_patch(const Situation& situation) {
  GuardedPatch patch(*situation.live.workload);
  if (!situation.claimed_by.empty()) {
    patch.test("/metadata/annotations/" + pointer_part(api::kClaimAnnotation), situation.claimed_by);
  }
  return patch;
}

void add_new_images(GuardedPatch& patch, const Situation& situation) {
  for (const auto& field : situation.images) {
    if (!field.patched) patch.replace(field.pointer, field.image, situation.after);
  }
}

void add_old_images(GuardedPatch& patch, const Situation& situation) {
  for (const auto& field : situation.images) {
    if (!field.ours()) continue;
    const auto before = situation.record.before.images.find(field.container);
    if (before != situation.record.before.images.end())
      patch.replace(field.pointer, field.image, before->second);
  }
}

Act write_workload(const Situation& situation, const GuardedPatch& patch, std::string why) {
  const api::WaveTarget& target = situation.record.target;
  return {PatchWorkload{resource_of(target.kind), target.ns, target.name, patch.operations()},
          std::move(why)};
}

Act evict(const kube::PodView& pod, std::string why) {
  return {EvictPod{pod.ns, pod.name, pod.uid}, std::move(why)};
}

std::string name_of(const api::WaveTarget& target) {
  return fmt::format("{} {}/{}", api::to_string(target.kind), target.ns, target.name);
}

}  // namespace patchwave::target
