// Deployment: judged on a canary copy beside it; the primary is untouched until it is promoted.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "controllers/target/canary.hpp"
#include "controllers/target/verbs.hpp"

namespace patchwave::target {
namespace {

class DeploymentVerbs final : public Verbs {
 public:
  int desired(const Situation& situation) const override {
    return static_cast<int>(integer_at(*situation.workload, {"spec", "replicas"}, 1));
  }

  bool controllers_caught_up(const Situation& situation) const override {
    const auto& canary = situation.live.canary;
    return caught_up(*situation.workload) && (!canary || caught_up(*canary));
  }

  bool rolled_out(const Situation& situation) const override {
    const Json& status = object_at(*situation.workload, {"status"});
    const int wanted = desired(situation);
    return caught_up(*situation.workload) && integer_at(status, {"replicas"}) == wanted &&
           integer_at(status, {"updatedReplicas"}) >= wanted &&
           integer_at(status, {"availableReplicas"}) >= wanted;
  }

  bool tidy(const Situation& situation) const override {
    if (!situation.live.canary) return true;
    // Beside another workload of the name, a copy is only ours when it belonged to the one on record.
    if (situation.workload == nullptr) return !is_owned_by(*situation.live.canary, situation.record.uid);
    return !is_canary_of(*situation.live.canary, situation.record.target, situation.claimed_by);
  }

  std::vector<Act> step(const Situation& situation, const std::string& claim) const override {
    const auto& live = situation.live.canary;
    const int replicas = situation.record.canary_replicas;
    if (!live && replicas == 0) return {};
    if (live && find(*live, {"metadata", "deletionTimestamp"}) != nullptr) return {};
    Json wanted = build_canary({.target = situation.record.target,
                                .primary = *situation.workload,
                                .services = situation.live.services,
                                .image = situation.after,
                                .replicas = replicas,
                                .claim = claim});
    if (live && !needs_apply(*live, wanted)) return {};
    // With a UID the server refuses to make a new object in place of the one that was read.
    if (live) wanted["metadata"]["uid"] = string_at(*live, {"metadata", "uid"});
    return {{ApplyCanary{std::move(wanted)}, fmt::format("run {} canary copies of {} on {}", replicas,
                                                         name_of(situation.record.target), situation.after)}};
  }

  std::vector<Act> promote(const Situation& situation, const std::string& claim) const override {
    if (!situation.all_patched()) {
      GuardedPatch patch = start_patch(situation);
      add_new_images(patch, situation);
      return {write_workload(
          situation, patch,
          fmt::format("set the image of {} to {}", name_of(situation.record.target), situation.after))};
    }
    // The canary copies are capacity until the primary has all of its own.
    return rolled_out(situation) ? remove_canary(situation.record, situation.live, claim)
                                 : std::vector<Act>{};
  }

  std::vector<Act> restore(const Situation& situation, const std::string& claim) const override {
    std::vector<Act> acts;
    GuardedPatch patch = start_patch(situation);
    add_old_images(patch, situation);
    if (!patch.changes_nothing()) {
      acts.push_back(
          write_workload(situation, patch, "put the image of " + name_of(situation.record.target) + " back"));
    }
    std::ranges::move(remove_canary(situation.record, situation.live, claim), std::back_inserter(acts));
    return acts;
  }
};

}  // namespace

const Verbs& deployment_verbs() {
  static const DeploymentVerbs verbs;
  return verbs;
}

std::vector<Act> remove_canary(const api::TargetStatus& record, const LiveTarget& live,
                               const std::string& claim) {
  if (!live.canary || !is_canary_of(*live.canary, record.target, claim) ||
      find(*live.canary, {"metadata", "deletionTimestamp"}) != nullptr) {
    return {};
  }
  return {{DeleteCanary{record.target.ns,
                        canary_name(record.target.name),
                        {.uid = string_at(*live.canary, {"metadata", "uid"}), .resource_version = ""}},
           "remove the canary copy of " + name_of(record.target)}};
}

}  // namespace patchwave::target
