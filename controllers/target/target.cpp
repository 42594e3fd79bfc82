#include "controllers/target/target.hpp"

#include <algorithm>
#include <iterator>

#include "controllers/target/canary.hpp"
#include "controllers/target/claim.hpp"
#include "controllers/target/verbs.hpp"

namespace patchwave::target {
namespace {

using api::TargetState;

int wanted_patched(const Situation& situation, const Verbs& verbs) {
  switch (situation.record.state) {
    case TargetState::Canary:
      return situation.record.target.kind == api::TargetKind::Deployment
                 ? situation.record.canary_replicas
                 : std::min(situation.record.canary_replicas, verbs.reachable(situation));
    case TargetState::Promoting:
    case TargetState::Promoted:
      return verbs.reachable(situation);
    default:
      return 0;
  }
}

/// Neither a refused write nor a blocked eviction is the patch's doing.
int awaiting_us(const Situation& situation, int desired, int wanted) {
  const bool on_a_copy = situation.record.target.kind == api::TargetKind::Deployment &&
                         situation.record.state == TargetState::Canary;
  if (on_a_copy) {
    const auto& canary = situation.live.canary;
    const auto there = canary ? integer_at(*canary, {"spec", "replicas"}, 1) : 0;
    return std::max(0, wanted - static_cast<int>(there));
  }
  if (!situation.all_patched()) return wanted;
  if (situation.current.update_strategy != "OnDelete") return 0;
  const auto live = std::ranges::count_if(situation.pods, [](const auto& pod) { return is_live(pod.pod); });
  const auto patched =
      std::ranges::count_if(situation.pods, [](const auto& pod) { return pod.patched && is_live(pod.pod); });
  // A copy that was evicted and is not there again does not wait for us.
  const auto not_there_again = std::max<std::ptrdiff_t>(0, desired - live);
  return static_cast<int>(std::max<std::ptrdiff_t>(0, wanted - patched - not_there_again));
}

bool was_patched_before_us(const Situation& situation) {
  if (situation.record.state == TargetState::Pending) return situation.all_patched();
  const auto& before = situation.record.before.images;
  return !situation.images.empty() && std::ranges::all_of(situation.images, [&](const ImageField& field) {
    return before.contains(field.container) && field.patched && field.original;
  });
}

void count(const Situation& situation, const Verbs& verbs, Observation& seen) {
  seen.desired = verbs.desired(situation);
  seen.wanted_patched = wanted_patched(situation, verbs);
  seen.awaiting_us = awaiting_us(situation, seen.desired, seen.wanted_patched);
  const bool caught_up = verbs.controllers_caught_up(situation);
  seen.step_complete = caught_up && seen.patched_ready >= seen.wanted_patched;
  const int reachable = verbs.reachable(situation);
  // A copy that was taken away by a scale-down may still be in the cache, patched, in place of one that is
  // not.
  const auto left_behind = std::ranges::count_if(
      situation.pods, [](const ObservedPod& pod) { return is_live(pod.pod) && !pod.patched; });
  seen.complete = situation.all_patched() && caught_up && seen.patched_ready >= reachable &&
                  left_behind <= std::max(0, seen.desired - reachable) && verbs.rolled_out(situation) &&
                  verbs.tidy(situation);
  const bool patch_is_gone =
      !situation.any_ours() && std::ranges::none_of(situation.pods, [&](const ObservedPod& pod) {
        return is_live(pod.pod) && carries_patch(situation, pod.pod);
      });
  seen.restored = patch_is_gone && caught_up && verbs.rolled_out(situation) && verbs.tidy(situation);
}

std::vector<Act> forward(const Situation& situation, const Verbs& verbs, const std::string& claim) {
  if (situation.workload == nullptr || !situation.problem.empty() || situation.foreign_write) return {};
  const bool claimed = situation.claimed_by == claim;
  if (!claimed && !situation.claimed_by.empty()) return {};
  std::vector<Act> acts;
  if (!claimed) {
    acts.push_back(claim_workload(situation, claim));
  } else if (situation.record.state == TargetState::Canary) {
    acts = verbs.step(situation, claim);
  } else if (situation.record.state == TargetState::Promoting) {
    acts = verbs.promote(situation, claim);
  }
  const bool writes = std::ranges::any_of(acts, [](const Act& act) {
    return std::holds_alternative<PatchWorkload>(act.what) || std::holds_alternative<ApplyCanary>(act.what);
  });
  return writes && !situation.gitops_manager.empty() ? std::vector<Act>{} : acts;
}

std::vector<Act> back(const Situation& situation, const Verbs& verbs, const std::string& claim) {
  const bool elsewhere = !situation.claimed_by.empty() && situation.claimed_by != claim;
  if (situation.workload == nullptr || elsewhere) {
    return remove_canary(situation.record, situation.live, claim);
  }
  std::vector<Act> acts = verbs.restore(situation, claim);
  const auto is_on_workload = [](const Act& act) { return !std::holds_alternative<DeleteCanary>(act.what); };
  if (situation.claimed_by.empty() && std::ranges::any_of(acts, is_on_workload)) {
    std::erase_if(acts, is_on_workload);
    acts.insert(acts.begin(), claim_workload(situation, claim));
  }
  return acts;
}

/// What is left of a target whose work is over; the claim goes last. Without the claim another wave may
/// have begun, so only a canary copy of ours is still removed.
std::vector<Act> finish(const Situation& situation, const Verbs& verbs, const std::string& claim) {
  if (situation.workload != nullptr && situation.claimed_by == claim) {
    std::vector<Act> acts;
    if (situation.record.state == TargetState::RolledBack) {
      acts = verbs.restore(situation, claim);
    } else if (situation.record.state == TargetState::Promoted && situation.all_patched() &&
               !verbs.tidy(situation)) {
      acts = verbs.promote(situation, claim);
    }
    if (!acts.empty()) return acts;
  }
  std::vector<Act> acts = remove_canary(situation.record, situation.live, claim);
  std::ranges::move(release(situation, claim), std::back_inserter(acts));
  return acts;
}

}  // namespace

Observation observe(const api::TargetStatus& record, const LiveTarget& live, const std::string& image,
                    Time now, const std::vector<std::string>& continuous_managers) {
  const Situation situation = assess(record, live, image, now, continuous_managers);
  const Verbs& verbs = verbs_of(record.target.kind);
  Observation seen;
  seen.exists = live.workload.has_value();
  seen.replaced = situation.replaced;
  seen.claimed_by = situation.claimed_by;
  seen.ready = count_ready(situation, false);
  seen.patched_ready = count_ready(situation, true);
  seen.patched = static_cast<int>(std::ranges::count_if(
      situation.pods, [](const ObservedPod& pod) { return pod.patched && is_live(pod.pod); }));
  seen.already_patched = was_patched_before_us(situation);
  seen.foreign_write = situation.foreign_write;
  seen.gitops_manager = situation.gitops_manager;
  seen.problem = situation.problem;
  seen.pods = situation.pods;
  seen.current = situation.current;
  seen.uid = live.workload ? string_at(*live.workload, {"metadata", "uid"}) : "";
  if (situation.workload != nullptr) {
    count(situation, verbs, seen);
  } else {
    seen.restored = verbs.tidy(situation);
  }
  return seen;
}

int copies_for(const api::CountOrPercent& step, int desired) {
  return std::clamp(step.of(desired), 0, desired);
}

std::vector<Act> next_acts(const api::TargetStatus& record, const LiveTarget& live, const std::string& claim,
                           Time now, const std::vector<std::string>& continuous_managers) {
  const Situation situation = assess(record, live, record.after_image, now, continuous_managers);
  const Verbs& verbs = verbs_of(record.target.kind);
  switch (record.state) {
    case TargetState::Claimed:
    case TargetState::Canary:
    case TargetState::Promoting:
      return forward(situation, verbs, claim);
    case TargetState::RollingBack:
      return back(situation, verbs, claim);
    case TargetState::Promoted:
    case TargetState::RolledBack:
    case TargetState::Skipped:
      return finish(situation, verbs, claim);
    case TargetState::Pending:
    case TargetState::Patching:  // Of nodes.
    case TargetState::RollbackFailed:
      break;
  }
  return {};
}

bool is_released(const api::TargetStatus& record, const LiveTarget& live, const std::string& claim) {
  const bool claimed = live.workload && claim_of(*live.workload) == claim;
  return !claimed && !(live.canary && is_canary_of(*live.canary, record.target, claim));
}

}  // namespace patchwave::target
