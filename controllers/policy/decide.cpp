#include "controllers/policy/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controllers/api/codec.hpp"
#include "controllers/plan/plan.hpp"
#include "controllers/plan/update.hpp"
#include "controllers/plan/windows.hpp"
#include "controllers/policy/succession.hpp"
#include "operator/base/time.hpp"

namespace patchwave::policy {
namespace {

using api::WavePhase;

// As many as people read in one condition.
constexpr std::size_t kMostWarnings = 10;

bool has_begun(const api::PatchWave& wave) {
  return wave.status.phase != WavePhase::Pending && wave.status.phase != WavePhase::Waiting;
}

PolicyDecision::Removal removal(const api::PatchWave& wave, std::string why) {
  return {wave.metadata.name, wave.metadata.uid, wave.metadata.resource_version, std::move(why)};
}

bool forgiven(const api::PatchWave& wave, const api::Patch& patch) {
  return wave.status.phase == WavePhase::RolledBack && wave.status.harm && patch.status.lifted_time &&
         wave.status.harm->time.value_or(Time::min()) <= *patch.status.lifted_time;
}

struct WavesOfPatch {
  std::vector<const api::PatchWave*> begun;
  std::vector<const api::PatchWave*> waiting;
};

std::vector<api::Workload> selected_by(const PolicySnapshot& snapshot) {
  std::vector<api::Workload> selected;
  std::copy_if(snapshot.workloads.begin(), snapshot.workloads.end(), std::back_inserter(selected),
               [&](const api::Workload& workload) {
                 return plan::selects(snapshot.policy, snapshot.in_operator_namespace, workload);
               });
  return selected;
}

std::vector<api::Workload> not_yet_in_a_wave(const std::vector<api::Workload>& workloads,
                                             const WavesOfPatch& waves) {
  std::set<plan::WorkloadKey> taken;
  for (const auto* wave : waves.begun) {
    for (const auto& target : wave->spec.targets) taken.insert({target.kind, target.ns, target.name});
  }
  std::vector<api::Workload> left;
  std::copy_if(workloads.begin(), workloads.end(), std::back_inserter(left),
               [&](const api::Workload& workload) {
                 return !taken.contains({workload.kind, workload.ns, workload.name});
               });
  return left;
}

// A wave is known by its label; one that lost it, by the name of a first part.
std::string policys_name_of(const api::PatchWave& wave, const api::PatchPolicy& policy,
                            const api::Patch& patch) {
  const auto label = wave.metadata.labels.find(std::string(kWaveLabel));
  if (label != wave.metadata.labels.end()) return label->second;
  for (const auto& planned : policy.spec.waves) {
    const auto name = plan::wave_name(patch.metadata.name, policy.metadata.name, planned.name);
    if (wave.metadata.name == name) return planned.name;
  }
  return "";
}

// What has begun keeps its targets for good. The rest is divided among what has not.
plan::Plan plan_the_rest(const PolicySnapshot& snapshot, const std::vector<api::Workload>& selected,
                         const api::Patch& patch, const WavesOfPatch& waves) {
  auto taken = snapshot.other_wave_names;
  plan::PlanSoFar so_far;
  for (const auto* wave : waves.begun) {
    taken.insert(wave->metadata.name);
    so_far.begun[policys_name_of(*wave, snapshot.policy, patch)].push_back(wave->spec.targets.size());
  }
  for (const auto* wave : waves.waiting) {
    for (std::size_t i = 0; i < wave->spec.targets.size(); ++i) {
      const auto& target = wave->spec.targets[i];
      so_far.waiting[{target.kind, target.ns, target.name}] = {wave->spec.order, i};
    }
  }
  auto plan = plan::make_plan(snapshot.policy, patch, not_yet_in_a_wave(selected, waves), taken, so_far);
  if (plan.waves.empty() || waves.begun.empty()) return plan;
  const auto* last_begun =
      *std::max_element(waves.begun.begin(), waves.begun.end(),
                        [](const auto* a, const auto* b) { return a->spec.order < b->spec.order; });
  auto& first = plan.waves.front().spec.after;
  if (first.empty()) first.push_back(last_begun->metadata.name);
  for (auto& wave : plan.waves) wave.spec.order += last_begun->spec.order;
  return plan;
}

bool same_plan(const api::PatchWaveSpec& existing, const api::PatchWaveSpec& planned) {
  auto wanted = planned;
  wanted.suspend = existing.suspend;
  wanted.cancel = existing.cancel;
  return api::print_spec(existing) == api::print_spec(wanted);
}

void reconcile_waves(const WavesOfPatch& waves, const plan::Plan& plan, PolicyDecision& decision) {
  std::set<std::string> kept;
  for (const auto* wave : waves.waiting) {
    const auto planned = std::find_if(plan.waves.begin(), plan.waves.end(),
                                      [&](const auto& other) { return other.name == wave->metadata.name; });
    kept.insert(wave->metadata.name);  // A name is free again only once its old bearer is gone.
    if (planned != plan.waves.end() && same_plan(wave->spec, planned->spec)) continue;
    if (!wave->metadata.deletion_time) decision.remove.push_back(removal(*wave, "the plan has changed"));
  }
  for (const auto& planned : plan.waves) {
    if (!kept.contains(planned.name)) decision.create.push_back(planned);
  }
}

void plan_patch(const PolicySnapshot& snapshot, const std::vector<api::Workload>& selected,
                const api::Patch& patch, PolicyDecision& decision, std::vector<std::string>& warnings) {
  WavesOfPatch waves;
  for (const auto& wave : snapshot.waves) {
    if (wave.spec.patch != patch.metadata.name) continue;
    if (forgiven(wave, patch)) {
      if (!wave.metadata.deletion_time) decision.remove.push_back(removal(wave, "its quarantine was lifted"));
      return;  // Planned anew once it is gone.
    }
    (has_begun(wave) ? waves.begun : waves.waiting).push_back(&wave);
  }
  const bool open = !patch.metadata.deletion_time && !patch.status.digest.empty();
  if (!open || patch.status.quarantine) return;
  plan::Plan plan;
  if (!superseded(patch, snapshot))
    plan = plan_the_rest(snapshot, left_to(patch, selected, snapshot), patch, waves);
  warnings.insert(warnings.end(), plan.workload_warnings.begin(), plan.workload_warnings.end());
  reconcile_waves(waves, plan, decision);
  const bool active = std::any_of(waves.begun.begin(), waves.begun.end(),
                                  [](const auto* wave) { return !api::has_ended(wave->status.phase); });
  if (active || !plan.waves.empty()) ++decision.status.open_patches;
}

// What waits for a patch that is gone waits for nothing.
void drop_orphans(const PolicySnapshot& snapshot, PolicyDecision& decision) {
  for (const auto& wave : snapshot.waves) {
    if (has_begun(wave) || wave.metadata.deletion_time) continue;
    const bool gone = std::ranges::none_of(
        snapshot.patches, [&](const api::Patch& patch) { return patch.metadata.name == wave.spec.patch; });
    if (gone) decision.remove.push_back(removal(wave, "its patch is gone"));
  }
}

// The oldest ended waves beyond the limits go, but none of a patch that is still under way, and no failed
// one whose removal would let the patch be tried again by itself.
void prune(const PolicySnapshot& snapshot, PolicyDecision& decision) {
  std::vector<const api::PatchWave*> succeeded;
  std::vector<const api::PatchWave*> failed;
  for (const auto& wave : snapshot.waves) {
    if (!api::has_ended(wave.status.phase) || wave.metadata.deletion_time) continue;
    const auto patch = std::find_if(snapshot.patches.begin(), snapshot.patches.end(), [&](const auto& other) {
      return other.metadata.name == wave.spec.patch;
    });
    const bool gone = patch == snapshot.patches.end();
    if (wave.status.phase == WavePhase::Succeeded) {
      if (gone || patch->status.phase == "Succeeded") succeeded.push_back(&wave);
    } else if (gone || patch->status.quarantine) {
      failed.push_back(&wave);
    }
  }
  const auto drop_oldest = [&](std::vector<const api::PatchWave*>& waves, int limit) {
    std::sort(waves.begin(), waves.end(), [](const auto* a, const auto* b) {
      return a->status.completion_time.value_or(Time::min()) >
             b->status.completion_time.value_or(Time::min());
    });
    for (auto i = static_cast<std::size_t>(limit); i < waves.size(); ++i) {
      decision.remove.push_back(removal(*waves[i], "is beyond `spec.history`"));
    }
  };
  drop_oldest(succeeded, snapshot.policy.spec.history.succeeded);
  drop_oldest(failed, snapshot.policy.spec.history.failed);
}

void count_waves(const PolicySnapshot& snapshot, api::PatchPolicyStatus& status) {
  status.active_waves = static_cast<int>(std::count_if(
      snapshot.waves.begin(), snapshot.waves.end(),
      [](const api::PatchWave& wave) { return has_begun(wave) && !api::has_ended(wave.status.phase); }));
  std::set<std::string> quarantined;
  for (const auto& patch : snapshot.patches) {
    const bool ours = std::any_of(snapshot.waves.begin(), snapshot.waves.end(),
                                  [&](const auto& wave) { return wave.spec.patch == patch.metadata.name; });
    if (ours && patch.status.quarantine) quarantined.insert(patch.metadata.name);
  }
  status.quarantined_patches = static_cast<int>(quarantined.size());
}

void show_window(const PolicySnapshot& snapshot, PolicyDecision& decision, Time now) {
  const auto state = plan::window_state(snapshot.policy.spec.windows, now);
  decision.status.next_window = state.open ? "open" : state.until ? format_time(*state.until) : "";
  if (state.until && *state.until > now)
    decision.requeue_after = std::chrono::ceil<milliseconds>(*state.until - now);
}

struct Standing {
  std::string reason;
  std::string message;
  bool in_force = false;
};

std::string words_of_empty_selection(const api::PatchPolicySpec& spec) {
  constexpr std::string_view kNoWorkload =
      "`spec.targets.workloads` selects nothing: no Deployment, StatefulSet or DaemonSet in the namespaces "
      "the "
      "policy may reach has the labels of `selector` and an image that matches `images`";
  constexpr std::string_view kNoNode =
      "`spec.targets.nodePools` selects nothing: no node has the labels of a `nodeSelector`, or the policy "
      "is not "
      "in the operator's namespace";
  if (!spec.workloads) return std::string(kNoNode);
  return spec.node_pools.empty() ? std::string(kNoWorkload) : fmt::format("{}; {}", kNoWorkload, kNoNode);
}

Standing standing_of(const PolicySnapshot& snapshot, const api::PatchPolicyStatus& status) {
  const auto& spec = snapshot.policy.spec;
  if (const auto valid = plan::validate(spec.windows, "spec.windows"); !valid) {
    return {"InvalidSpec", valid.error().message};
  }
  if (status.targets == 0) {
    return {"SelectsNothing", words_of_empty_selection(spec)};
  }
  if (spec.suspend) return {"Suspended", "`spec.suspend` is true: no wave goes further", true};
  return {"InForce",
          fmt::format("{} targets, {} open patches, {} active waves", status.targets, status.open_patches,
                      status.active_waves),
          true};
}

void set_conditions(const PolicySnapshot& snapshot, const Standing& standing, PolicyDecision& decision,
                    Time now) {
  const auto set = [&](std::string_view type, bool value) {
    api::set_condition(decision.status.conditions,
                       {std::string(type), value ? "True" : "False", standing.reason, standing.message,
                        snapshot.policy.metadata.generation, now},
                       now);
  };
  set("Ready", standing.in_force);
  set("Reconciling", false);
  set("Stalled", !standing.in_force);
}

// Shown only while there is something to say: what the spec asks for and the plan can't give word for word.
void show_warnings(const PolicySnapshot& snapshot, std::vector<std::string> warnings,
                   api::PatchPolicyStatus& status, Time now) {
  if (warnings.empty()) return api::remove_condition(status.conditions, "PlanAdjusted");
  if (warnings.size() > kMostWarnings) {
    const auto more = warnings.size() - kMostWarnings;
    warnings.resize(kMostWarnings);
    warnings.push_back(fmt::format("and {} more", more));
  }
  api::set_condition(status.conditions,
                     {"PlanAdjusted", "True", "DiffersFromSpec", fmt::format("{}", fmt::join(warnings, "; ")),
                      snapshot.policy.metadata.generation, now},
                     now);
}

}  // namespace

PolicyDecision decide(const PolicySnapshot& snapshot, Time now) {
  PolicyDecision decision;
  decision.status = snapshot.policy.status;
  decision.status.observed_generation = snapshot.policy.metadata.generation;
  decision.status.open_patches = 0;
  const auto selected = selected_by(snapshot);
  decision.status.targets = static_cast<int>(selected.size());
  count_waves(snapshot, decision.status);

  auto standing = standing_of(snapshot, decision.status);
  std::vector<std::string> warnings;
  if (standing.reason != "InvalidSpec") {
    if (!selected.empty()) warnings = plan::warnings_of_waves(snapshot.policy.spec, selected.size());
    for (const auto& patch : snapshot.patches) {
      if (plan::is_for(patch, snapshot.policy)) plan_patch(snapshot, selected, patch, decision, warnings);
    }
    drop_orphans(snapshot, decision);
    prune(snapshot, decision);
    show_window(snapshot, decision, now);
    standing = standing_of(snapshot, decision.status);
  }
  set_conditions(snapshot, standing, decision, now);
  show_warnings(snapshot, std::move(warnings), decision.status, now);
  return decision;
}

}  // namespace patchwave::policy
