// What the operator may do to workloads and pods.
#include <fmt/format.h>

#include <algorithm>

#include "operator/base/time.hpp"
#include "tests/simulation/invariants.hpp"
#include "tests/simulation/pods.hpp"
#include "tests/simulation/scaled_value.hpp"

namespace patchwave::simulation {
namespace {

/// A pod that stopped being ready less than this ago may not have been seen so by the operator's cache.
constexpr std::chrono::seconds kCacheAllowance{45};

/// The workload without what the operator may change on it: images, update strategy, its own annotations.
Json without_declared_fields(Json object) {
  for (const auto* field : {"resourceVersion", "generation", "managedFields"})
    object["metadata"].erase(field);
  if (object["metadata"].contains("annotations")) {
    Json& annotations = object["metadata"]["annotations"];
    for (auto at = annotations.begin(); at != annotations.end();) {
      at = at.key().starts_with("patchwave.dev/") ? annotations.erase(at) : std::next(at);
    }
    if (annotations.empty()) object["metadata"].erase("annotations");
  }
  object["spec"].erase("updateStrategy");
  for (const auto* list : {"containers", "initContainers"}) {
    Json& pod = object["spec"]["template"]["spec"];
    if (!pod.contains(list)) continue;
    for (auto& container : pod[list]) container.erase("image");
  }
  return object;
}

bool is_canary(const Json& object) {
  return label_of(object, "patchwave.dev/track") == "canary";
}

}  // namespace

void Invariants::workload_written(const Change& change) {
  const Json& object = (change.after ? change.after : change.before)->json;
  if (is_canary(object)) {
    canary_written(change);
    return;
  }
  const std::string named = fmt::format("{} {}", change.resource.kind, change.name.text());
  if (!change.before || !change.after || (is_terminating(object) && !is_terminating(change.before->json))) {
    violated(fmt::format("created or deleted {}, which is not its own", named));
    return;
  }
  if (without_declared_fields(change.before->json) != without_declared_fields(object)) {
    violated(fmt::format("changed fields of {} other than images, update strategy and its own annotations",
                         named));
  }
  for (const auto* list : {"containers", "initContainers"}) {
    const Json& before = array_at(change.before->json, {"spec", "template", "spec", list});
    const Json& after = array_at(object, {"spec", "template", "spec", list});
    for (std::size_t i = 0; i < before.size() && i < after.size(); ++i) {
      if (before[i]["image"] != after[i]["image"]) {
        image_changed(change, after[i]["name"], before[i]["image"], after[i]["image"]);
      }
    }
  }
}

void Invariants::image_changed(const Change& change, const std::string& container, const std::string& from,
                               const std::string& to) {
  const std::string named = fmt::format("{} {}", change.resource.kind, change.name.text());
  ++disruptions_[named].image_changes;
  const std::string claim = claim_on(change.before->json);
  const Snapshot wave = wave_of_claim(cluster_.state, claim);
  const Json* record = wave ? record_of(wave->json, change.resource.kind, change.name) : nullptr;
  if (record == nullptr) {
    violated(fmt::format("changed an image of {} that no wave has claimed (claim '{}')", named, claim));
    return;
  }
  const std::string baseline = string_at(*record, {"before", "images", container});
  if (to == baseline) return;
  const std::string state = string_at(*record, {"state"});
  if (baseline.empty() || baseline != from) {
    violated(fmt::format("changed {} from {} while the baseline on record is '{}'", named, from, baseline));
  }
  if (to != string_at(wave->json, {"status", "image"}) || to.find("@sha256:") == std::string::npos) {
    violated(fmt::format("set {} to {}, which is not the digest fixed for the wave", named, to));
  }
  if (state != "Canary" && state != "Promoting") {
    violated(fmt::format("set the new image on {} while its record says {}", named, state));
  }
  const Snapshot patch = cluster_.state.find(resources::kPatches, name_of(wave->json).ns,
                                             string_at(wave->json, {"spec", "patchRef", "name"}));
  const std::string quarantined = patch ? string_at(patch->json, {"status", "quarantine", "digest"}) : "";
  if (!quarantined.empty() && !change.writer.late && to.ends_with(quarantined)) {
    violated(fmt::format("set a quarantined digest on {}", named));
  }
}

void Invariants::canary_written(const Change& change) {
  const Json& object = (change.after ? change.after : change.before)->json;
  const std::string claim = claim_on(object);
  const Snapshot wave = wave_of_claim(cluster_.state, claim);
  const std::string primary_name = label_of(object, "patchwave.dev/canary-of");
  const Snapshot primary = cluster_.state.find(resources::kDeployments, change.name.ns, primary_name);
  if (change.after && !is_terminating(object)) {
    if (!wave)
      violated(fmt::format("canary copy {} belongs to no wave (claim '{}')", change.name.text(), claim));
    return;
  }
  if (!wave || !primary) return;
  const Json* record = record_of(wave->json, "Deployment", {change.name.ns, primary_name});
  if (record == nullptr || string_at(*record, {"state"}) != "Promoting") return;
  const auto desired = integer_at(primary->json, {"spec", "replicas"});
  const auto available = integer_at(primary->json, {"status", "availableReplicas"});
  const bool shaken = cluster_.clock.now() - unready_since_[uid_of(primary->json)] < kCacheAllowance;
  if (available < desired - scaled_down("25%", desired) && !shaken) {
    violated(fmt::format("removed the canary copy of {} while it has {} of {} copies", primary_name,
                         available, desired));
  }
}

/// What is evicted was looked at before: it is the pod that was seen, and one that has to go.
void Invariants::check_reason_to_evict(const Change& change) {
  const Json& pod = change.before->json;
  const auto created = parse_time(string_at(pod, {"metadata", "creationTimestamp"}));
  if (created && *created > change.writer.sent) {
    violated(
        fmt::format("evicted pod {}, which was made after its eviction was asked for", change.name.text()));
  }
  if (change.writer.late) return;
  for (const auto& [name, wave] : cluster_.state.all(resources::kPatchWaves)) {
    for (const auto& target : array_at(wave->json, {"status", "targets"})) {
      const std::string state = string_at(target, {"state"});
      if (string_at(target, {"uid"}) != controller_uid(pod)) continue;
      const std::string image = string_at(wave->json, {"status", "image"});
      const Json& containers = array_at(pod, {"spec", "containers"});
      const bool patched = std::any_of(containers.begin(), containers.end(),
                                       [&](const Json& container) { return container["image"] == image; });
      if (patched ? (state == "Canary" || state == "Promoting") : state == "RollingBack") {
        violated(fmt::format("evicted pod {} while its workload is {} and it runs {} already",
                             change.name.text(), state, string_at(containers[0], {"image"})));
      }
    }
  }
}

void Invariants::evicted(const Change& change) {
  check_reason_to_evict(change);
  const Json& pod = change.before->json;
  const std::string owner = controller_uid(pod);
  for (const auto* resource :
       {&resources::kStatefulSets, &resources::kDaemonSets, &resources::kReplicaSets}) {
    for (const auto& [name, workload] : cluster_.state.all(*resource)) {
      if (uid_of(workload->json) != owner) continue;
      auto& seen = disruptions_[fmt::format("{} {}", resource->kind, name.text())];
      ++seen.evictions;
      const auto others = cluster_.state.dependents(resources::kPods, owner).size();
      seen.copies = std::max(seen.copies, static_cast<int>(others) + 1);
    }
  }
  if (!pod_is_available(pod)) return;
  int others_unready = 0;
  for (const auto& sibling : cluster_.state.dependents(resources::kPods, owner)) {
    const bool self = uid_of(sibling->json) == uid_of(pod);
    others_unready += !self && !pod_is_available(sibling->json);
  }
  const auto shaken = unready_since_.find(owner);
  const bool unseen =
      shaken != unready_since_.end() && cluster_.clock.now() - shaken->second < kCacheAllowance;
  if (others_unready > 0 && !unseen) {
    violated(fmt::format("evicted ready pod {} while {} of its siblings are not ready", change.name.text(),
                         others_unready));
  }
}

}  // namespace patchwave::simulation
