// One target of a wave: what it looks like (observe) and what to write next to bring it where its record
// says it may go (next_acts). Both are pure; perform() in act.hpp does the writing.
//
// The record (api::TargetStatus) was persisted before: a crash between two acts changes nothing but the
// time at which the next one happens, because acts follow from record and live object alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/api/wave.hpp"
#include "controllers/target/act.hpp"
#include "operator/kube/pod.hpp"

namespace patchwave::target {

/// What was read of one target. Workload and canary come from a live read, because acts depend on them.
struct LiveTarget {
  std::optional<Json> workload;     ///< nullopt: it does not exist.
  std::optional<Json> canary;       ///< Deployments: the canary copy, when there is one.
  std::vector<kube::PodView> pods;  ///< Pods of the workload and of its canary copy.
  std::vector<Json> services;       ///< Of its namespace: what selects its pods.
  std::vector<Json> disruption_budgets;
};

/// A pod as a judge wants to see it.
struct ObservedPod {
  kube::PodView pod;
  bool patched = false;  ///< Every targeted container runs `after_image`.
};

/// Facts only, no verdict.
struct Observation {
  bool exists = false;
  bool replaced = false;   ///< Another UID than on record: another object under the name.
  std::string claimed_by;  ///< The claim annotation's value, "" when unclaimed.
  int desired = 0;         ///< Copies wanted by whoever owns the scale (replicas, scheduled nodes).
  int ready = 0;           ///< Ready copies of any version, canary copy included.
  int patched = 0;         ///< Live copies on `after_image`.
  int patched_ready = 0;
  int wanted_patched = 0;      ///< How many copies the record asks to be patched now.
  int awaiting_us = 0;         ///< Of those, how many can't be there before a write or an eviction of ours.
  bool step_complete = false;  ///< At least wanted_patched copies are patched and ready, and the controllers
                               ///< have caught up (observedGeneration).
  bool complete = false;  ///< All of the workload is patched and ready, and nothing temporary (canary copy,
                          ///< partition, update strategy) is left to do but release.
  bool restored = false;  ///< `before` is back everywhere, ready, and nothing temporary is left.
  bool already_patched = false;  ///< Spec has the digest already, before any act of ours.
  /// Somebody else wrote the image: container, its value now, and the manager that owns the field. The old
  /// image counts too when it was written again after we had changed it (`kubectl rollout undo`).
  struct ForeignWrite {
    std::string container;
    std::string image;
    std::string manager;
  };
  std::optional<ForeignWrite> foreign_write;
  std::string gitops_manager;  ///< A continuous manager ("argocd-controller") owns the image, or the
                               ///< partition or update strategy that we would change: it would fight us.
  std::string problem;  ///< Why it can't be a target at all (no such container, paused, …), for people.
  std::vector<ObservedPod> pods;
  api::TargetBefore current;  ///< Images, partition and strategy as they are: becomes `before` at the claim.
  std::string uid;
};

/// Managers, as patterns with `*`, that write their desired state again and again.
const std::vector<std::string>& default_continuous_managers();

/// `after_image` comes from the record, or from `image` while the target is Pending.
Observation observe(const api::TargetStatus& record, const LiveTarget& live, const std::string& image,
                    Time now,
                    const std::vector<std::string>& continuous_managers = default_continuous_managers());

/// How many copies `step` asks for, of `desired`.
int copies_for(const api::CountOrPercent& step, int desired);

/// The next writes, in order, for what the record's state allows. Empty when there is nothing to write now.
/// `claim` is the value of the claim annotation. Release of claim and temporary objects is part of
/// Promoted, RolledBack and Skipped.
///
/// Nothing is written forward over a problem, a foreign write or another's claim; what a rollback takes back
/// does not depend on them, and touches nothing that is not ours.
std::vector<Act> next_acts(
    const api::TargetStatus& record, const LiveTarget& live, const std::string& claim, Time now,
    const std::vector<std::string>& continuous_managers = default_continuous_managers());

/// Whether nothing of ours is left on the live objects: claim and canary copy. The claim goes last, after
/// partition and strategy are back, so its absence stands for theirs.
bool is_released(const api::TargetStatus& record, const LiveTarget& live, const std::string& claim);

/// The canary copy's name: "<name>-patchwave-canary", shortened with a hash to what a label can hold.
std::string canary_name(std::string_view workload);

}  // namespace patchwave::target
