#include "controllers/target/situation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/target/canary.hpp"
#include "controllers/target/image.hpp"

namespace patchwave::target {
namespace {

using api::TargetKind;
using api::TargetState;

bool is_between_claim_and_end(TargetState state) {
  return state == TargetState::Claimed || state == TargetState::Canary || state == TargetState::Promoting ||
         state == TargetState::RollingBack;
}

bool is_original(const api::TargetStatus& record, const std::string& container, const std::string& image) {
  const auto before = record.before.images.find(container);
  if (before == record.before.images.end()) return false;
  return image == before->second || (!digest_of(before->second).empty() && same_image(image, before->second));
}

void read_images(Situation& situation, const Json& workload) {
  for (const bool init : {false, true}) {
    const char* list = init ? "initContainers" : "containers";
    const Json& containers = array_at(workload, {"spec", "template", "spec", list});
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const std::string name = string_at(containers[i], {"name"});
      if (std::ranges::find(situation.record.target.containers, name) ==
          situation.record.target.containers.end()) {
        continue;
      }
      const std::string image = string_at(containers[i], {"image"});
      situation.images.push_back({name, fmt::format("/spec/template/spec/{}/{}/image", list, i), image,
                                  image_field(name, init), same_image(image, situation.after),
                                  is_original(situation.record, name, image)});
      situation.current.images[name] = image;
    }
  }
}

void read_strategy(Situation& situation, const Json& workload) {
  if (situation.record.target.kind == TargetKind::Deployment) return;
  situation.current.update_strategy = string_at(workload, {"spec", "updateStrategy", "type"});
  if (situation.record.target.kind == TargetKind::StatefulSet &&
      find(workload, {"spec", "updateStrategy", "rollingUpdate", "partition"}) != nullptr) {
    situation.current.partition =
        static_cast<int>(integer_at(workload, {"spec", "updateStrategy", "rollingUpdate", "partition"}));
  }
}

void read_pods(Situation& situation) {
  for (const auto& pod : situation.live.pods) {
    const auto runs_patch = [&](const std::string& container) {
      return std::ranges::any_of(pod.containers, [&](const kube::ContainerView& view) {
        return view.name == container && same_image(view.image, situation.after);
      });
    };
    situation.pods.push_back({pod, std::ranges::all_of(situation.record.target.containers, runs_patch)});
  }
}

/// The manager that wrote `field` last and is not us.
std::optional<FieldOwner> foreign_owner(const Json& workload, const FieldPath& field) {
  std::optional<FieldOwner> last;
  for (auto& owner : owners_of(workload, field)) {
    if (owner.manager == api::kFieldManager) continue;
    if (!last || last->time <= owner.time) last = std::move(owner);
  }
  return last;
}

/// Whether the template may have our image in this state, so that finding the old one means that
/// somebody put it back. A Deployment's template is left alone while its canary copy is judged.
bool template_is_changed_in(const api::TargetStatus& record) {
  return record.state == TargetState::Promoting ||
         (record.state == TargetState::Canary && record.target.kind != TargetKind::Deployment);
}

/// Somebody else's image, or the old image written again by somebody since the state began: setting ours
/// once more would be a fight.
std::optional<Observation::ForeignWrite> find_foreign_write(const Situation& situation,
                                                            const Json& workload) {
  if (!is_between_claim_and_end(situation.record.state)) return std::nullopt;
  for (const auto& field : situation.images) {
    if (field.patched) continue;
    const auto owner = foreign_owner(workload, field.field);
    const bool put_back = template_is_changed_in(situation.record) && owner && owner->time &&
                          situation.record.state_since_time &&
                          *owner->time > *situation.record.state_since_time;
    if (field.original && !put_back) continue;
    return Observation::ForeignWrite{field.container, field.image, owner ? owner->manager : "unknown"};
  }
  return std::nullopt;
}

/// A continuous manager of any field that we would write: besides the image, what holds the rollout back.
std::string find_continuous_manager(const Situation& situation, const Json& workload,
                                    const std::vector<std::string>& patterns) {
  std::vector<FieldPath> fields;
  for (const auto& image : situation.images) fields.push_back(image.field);
  if (situation.record.target.kind == TargetKind::StatefulSet) {
    fields.push_back({"f:spec", "f:updateStrategy", "f:rollingUpdate", "f:partition"});
  } else if (situation.record.target.kind == TargetKind::DaemonSet) {
    fields.push_back({"f:spec", "f:updateStrategy", "f:type"});
  }
  for (const auto& field : fields) {
    for (const auto& owner : owners_of(workload, field)) {
      if (is_continuous(owner.manager, patterns)) return owner.manager;
    }
  }
  return {};
}

std::string controlling_owner(const Json& workload) {
  for (const auto& owner : array_at(workload, {"metadata", "ownerReferences"})) {
    if (bool_at(owner, {"controller"})) {
      return fmt::format("{} {}", string_at(owner, {"kind"}), string_at(owner, {"name"}));
    }
  }
  return {};
}

std::string find_problem(const Situation& situation, const Json& workload) {
  const api::WaveTarget& target = situation.record.target;
  const std::string what = fmt::format("{} {}/{}", api::to_string(target.kind), target.ns, target.name);
  if (find(workload, {"metadata", "deletionTimestamp"}) != nullptr) return what + " is being deleted";
  for (const auto& container : target.containers) {
    if (!situation.current.images.contains(container)) {
      return fmt::format("{} has no container \"{}\"", what, container);
    }
  }
  if (target.containers.empty()) return what + ": no container is named as a target";
  if (bool_at(workload, {"spec", "paused"})) return what + " is paused: it would not roll out a change";
  if (const std::string owner = controlling_owner(workload); !owner.empty()) {
    return fmt::format("{} is controlled by {}, which writes its image", what, owner);
  }
  if (situation.live.canary && !is_canary_of(*situation.live.canary, target, situation.claimed_by)) {
    return fmt::format("the name of the canary copy is taken: Deployment {}/{} is not this wave's", target.ns,
                       canary_name(target.name));
  }
  if (situation.record.state == TargetState::Claimed && situation.claimed_by.empty() &&
      situation.current != situation.record.before) {
    return what + " changed after its state was put on record";
  }
  return {};
}

}  // namespace

const kube::Resource& resource_of(TargetKind kind) {
  switch (kind) {
    case TargetKind::StatefulSet:
      return kube::resources::kStatefulSets;
    case TargetKind::DaemonSet:
      return kube::resources::kDaemonSets;
    case TargetKind::Node:
      return kube::resources::kNodes;
    case TargetKind::Deployment:
      break;
  }
  return kube::resources::kDeployments;
}

bool Situation::all_patched() const {
  return !images.empty() && std::ranges::all_of(images, &ImageField::patched);
}

bool Situation::any_ours() const {
  return std::ranges::any_of(images, &ImageField::ours);
}

Situation assess(const api::TargetStatus& record, const LiveTarget& live, const std::string& image, Time now,
                 const std::vector<std::string>& continuous_managers) {
  Situation situation{.record = record,
                      .live = live,
                      .now = now,
                      .after = record.after_image.empty() ? image : record.after_image,
                      .claimed_by = live.workload ? claim_of(*live.workload) : ""};
  read_pods(situation);
  if (!live.workload) return situation;
  const Json& workload = *live.workload;
  situation.replaced = !record.uid.empty() && string_at(workload, {"metadata", "uid"}) != record.uid;
  read_images(situation, workload);
  read_strategy(situation, workload);
  situation.foreign_write = find_foreign_write(situation, workload);
  situation.gitops_manager = find_continuous_manager(situation, workload, continuous_managers);
  situation.problem = find_problem(situation, workload);
  if (!situation.replaced && find(workload, {"metadata", "deletionTimestamp"}) == nullptr) {
    situation.workload = &workload;
  }
  return situation;
}

std::string claim_of(const Json& object) {
  return string_at(object, {"metadata", "annotations", api::kClaimAnnotation});
}

bool caught_up(const Json& object) {
  return integer_at(object, {"status", "observedGeneration"}) >=
         integer_at(object, {"metadata", "generation"});
}

bool is_live(const kube::PodView& pod) {
  return !pod.terminating && pod.phase != "Failed" && pod.phase != "Succeeded";
}

bool carries_patch(const Situation& situation, const kube::PodView& pod) {
  return std::ranges::any_of(pod.containers, [&](const kube::ContainerView& view) {
    return std::ranges::find(situation.record.target.containers, view.name) !=
               situation.record.target.containers.end() &&
           same_image(view.image, situation.after) && !is_original(situation.record, view.name, view.image);
  });
}

bool is_available(const Situation& situation, const kube::PodView& pod) {
  if (!is_live(pod) || !pod.ready()) return false;
  const Json& spec = object_at(*situation.live.workload, {"spec"});
  return *pod.ready_since + seconds(integer_at(spec, {"minReadySeconds"})) <= situation.now;
}

int count_ready(const Situation& situation, bool patched_only) {
  return static_cast<int>(std::ranges::count_if(situation.pods, [&](const ObservedPod& pod) {
    return is_live(pod.pod) && pod.pod.ready() && (pod.patched || !patched_only);
  }));
}

}  // namespace patchwave::target
