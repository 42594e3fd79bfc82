#include "tests/simulation/deletion.hpp"

#include "operator/base/time.hpp"

namespace patchwave::simulation {

void begin_deletion(ClusterState& state, const kube::Resource& resource, const Snapshot& object,
                    const Writer& writer, std::string_view subresource) {
  if (is_terminating(object->json)) return;
  const bool pod = resource == resources::kPods;
  const bool stays = pod ? !string_at(object->json, {"spec", "nodeName"}).empty()
                         : !array_at(object->json, {"metadata", "finalizers"}).empty();
  if (!stays) {
    state.remove(resource, name_of(object->json), writer);
    return;
  }
  Json marked = object->json;
  auto& metadata = marked["metadata"];
  const std::int64_t grace = pod ? integer_at(marked, {"spec", "terminationGracePeriodSeconds"}, 30) : 0;
  metadata["deletionTimestamp"] = format_time(state.now() + seconds(grace));
  metadata["deletionGracePeriodSeconds"] = grace;
  if (metadata.contains("generation"))
    metadata["generation"] = metadata["generation"].get<std::int64_t>() + 1;
  state.update(resource, object, std::move(marked), writer, subresource);
}

GarbageCollector::GarbageCollector(ClusterState& state, Agenda& agenda, Random& random)
    : state_(state), agenda_(agenda), random_(random) {
  state_.listen([this](const Change& change) {
    if (!change.after) {
      const auto delay = random_.between(milliseconds(50), milliseconds(2000));
      agenda_.after(delay, [this, uid = uid_of(change.before->json)] { collect(uid); });
    } else if (!change.before) {
      for (const auto& owner : array_at(change.after->json, {"metadata", "ownerReferences"})) {
        const std::string uid = string_at(owner, {"uid"});
        if (!state_.exists(uid)) agenda_.after(milliseconds(500), [this, uid] { collect(uid); });
      }
    }
  });
}

void GarbageCollector::collect(const std::string& uid) {
  for (const auto& resource : ClusterState::served()) {
    for (const auto& dependent : state_.dependents(resource, uid)) {
      bool owned = false;
      for (const auto& owner : array_at(dependent->json, {"metadata", "ownerReferences"})) {
        owned = owned || state_.exists(string_at(owner, {"uid"}));
      }
      if (!owned) begin_deletion(state_, resource, dependent, {Actor::Controller, "garbage-collector"});
    }
  }
}

}  // namespace patchwave::simulation
