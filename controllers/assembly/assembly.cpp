#include "controllers/assembly/assembly.hpp"

#include <algorithm>

#include "controllers/api/codec.hpp"

namespace patchwave::assembly {
namespace {

std::string key_of(const Json& object) {
  return string_at(object, {"metadata", "namespace"}) + "/" + string_at(object, {"metadata", "name"});
}

const Json& either(const kube::Object* before, const kube::Object* after) {
  return after != nullptr ? **after : **before;
}

using Path = std::initializer_list<std::string_view>;

bool differs(const kube::Object* before, const kube::Object* after, std::initializer_list<Path> paths) {
  if (before == nullptr || after == nullptr) return true;
  return std::any_of(paths.begin(), paths.end(), [&](const Path& path) {
    const Json* was = find(**before, path);
    const Json* is = find(**after, path);
    return (was == nullptr) != (is == nullptr) || (was != nullptr && *was != *is);
  });
}

// What people say of an object, as opposed to what controllers report on it.
bool spec_changed(const kube::Object* before, const kube::Object* after) {
  return differs(before, after,
                 {{"metadata", "uid"}, {"metadata", "generation"}, {"metadata", "deletionTimestamp"}});
}

// Of what planning looks at, nothing is part of a status.
bool plan_may_change(const kube::Object* before, const kube::Object* after) {
  if (before == nullptr || after == nullptr) return true;
  return integer_at(**before, {"metadata", "generation"}) !=
             integer_at(**after, {"metadata", "generation"}) ||
         object_at(**before, {"metadata", "labels"}) != object_at(**after, {"metadata", "labels"});
}

// Evidence and holds move with every look at a wave and are nobody else's business; what policies, patches,
// approvals and other waves read of it is this.
bool concerns_policies(const kube::Object* before, const kube::Object* after) {
  return spec_changed(before, after) ||
         differs(before, after, {{"status", "phase"}, {"status", "harm"}, {"status", "completionTime"}});
}
bool concerns_others(const kube::Object* before, const kube::Object* after) {
  return concerns_policies(before, after) ||
         differs(before, after, {{"status", "planHash"}, {"status", "digest"}, {"status", "progress"}});
}

// How far a patch has got is told by its waves; they and policies read this of it. Until it has a digest, its
// waves show why not.
bool patch_concerns_others(const kube::Object* before, const kube::Object* after) {
  return spec_changed(before, after) ||
         differs(before, after,
                 {{"status", "digest"},
                  {"status", "phase"},
                  {"status", "quarantine"},
                  {"status", "liftedTime"}}) ||
         string_at(**after, {"status", "digest"}).empty();
}

// What an assessment reads of a patch but its own words: whether it is everywhere.
bool concerns_ranking(const kube::Object* before, const kube::Object* after) {
  return spec_changed(before, after) || differs(before, after, {{"status", "phase"}});
}

// Of workloads and namespaces, an assessment reads what people wrote.
bool assessment_may_change(const kube::Object* before, const kube::Object* after) {
  return plan_may_change(before, after) || differs(before, after, {{"metadata", "annotations"}});
}

constexpr const char* kAllPatches = "all";
/// What comes in one breath is looked at once.
constexpr milliseconds kGatherChanges{500};

milliseconds until_next_day(Time now) {
  const auto tomorrow = std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1);
  return std::chrono::ceil<milliseconds>(Time(tomorrow) - now);
}

bool under_way(const api::PatchWave& wave) {
  return wave.status.phase != api::WavePhase::Pending && wave.status.phase != api::WavePhase::Waiting &&
         !api::has_ended(wave.status.phase);
}

}  // namespace

Assembly::Assembly(Surroundings surroundings)
    : with_(std::move(surroundings)),
      outcomes_(with_.metrics, with_.stores, with_.clock),
      ranking_(with_.knowledge, with_.stores, with_.clock, with_.operator_namespace),
      risks_(with_.metrics, with_.stores, with_.clock, ranking_),
      discovered_(with_.metrics, with_.stores, with_.clock),
      gates_(with_.prometheus, with_.gates, with_.stop),
      policy_reconciler_(
          {with_.client, with_.stores, with_.clock, with_.operator_namespace},
          {with_.on_happening,
           [this](const auto& policy, const auto& status) { outcomes_.policy_seen(policy, status); }}),
      patch_reconciler_({with_.client, with_.stores, with_.clock, with_.resolve, with_.operator_namespace,
                         [this](const api::Patch& patch) { return ranking_.report_of(patch); }},
                        with_.on_happening),
      wave_reconciler_(
          {with_.client, with_.stores, with_.clock, with_.log, gates_, with_.git_ops_managers,
           with_.operator_namespace, with_.node_jobs},
          {with_.on_happening,
           [this](const auto& before, const auto& after) { outcomes_.wave_written(before, after); }}),
      approval_reconciler_({with_.client, with_.stores, with_.clock}),
      discovery_reconciler_(
          {with_.client, with_.stores, with_.clock, with_.open_repository, with_.random_fraction,
           with_.operator_namespace, with_.discovery},
          {with_.on_happening,
           [this](const auto& policy, const auto& decision) { discovered_.looked(policy, decision); }}),
      policies_(
          {.name = "patchpolicy", .workers = with_.workers.policies, .backoff = {}},
          [this](const std::string& key) { return policy_reconciler_.reconcile(key); }, with_.clock,
          with_.log, with_.metrics),
      patches_(
          {.name = "patch", .workers = with_.workers.patches, .backoff = {}},
          [this](const std::string& key) { return patch_reconciler_.reconcile(key); }, with_.clock, with_.log,
          with_.metrics),
      waves_(
          {.name = "patchwave", .workers = with_.workers.waves, .backoff = {}},
          [this](const std::string& key) { return wave_reconciler_.reconcile(key); }, with_.clock, with_.log,
          with_.metrics),
      approvals_(
          {.name = "patchapproval", .workers = 1, .backoff = {}},
          [this](const std::string& key) { return approval_reconciler_.reconcile(key); }, with_.clock,
          with_.log, with_.metrics),
      rankings_(
          {.name = "ranking", .workers = 1, .backoff = {}},
          [this](const std::string&) { return rank_patches(); }, with_.clock, with_.log, with_.metrics),
      discoveries_(
          {.name = "discovery", .workers = 1, .backoff = {}},
          [this](const std::string& key) { return discovery_reconciler_.reconcile(key); }, with_.clock,
          with_.log, with_.metrics) {
  gates_.on_finding = [this](const auto& wave, const auto& gate, const auto& finding) {
    outcomes_.gate_asked(wave, gate, finding);
  };
  listen();
}

std::vector<runtime::Controller*> Assembly::controllers() {
  return {&policies_, &patches_, &waves_, &approvals_, &rankings_, &discoveries_};
}

void Assembly::feeds_changed() {
  rankings_.enqueue(kAllPatches);
}

Result<runtime::ReconcileResult> Assembly::rank_patches() {
  if (!ranking_.has_feeds()) return runtime::ReconcileResult{};
  for (const auto& outdated : ranking_.refresh()) {
    // A patch that others have overtaken can wait for those that have news.
    patches_.enqueue(outdated.key, outdated.rank_only ? runtime::Priority::Resync : runtime::Priority::Live);
  }
  // Vulnerabilities age, and rows dated ahead begin to count.
  return runtime::ReconcileResult{until_next_day(with_.clock.now())};
}

void Assembly::inventory_changed() {
  ranking_.inventory_changed();
  rankings_.enqueue_after(kAllPatches, kGatherChanges);
}

void Assembly::listen() {
  using Handler = void (Assembly::*)(const kube::Object*, const kube::Object*);
  const auto connect = [this](kube::ObjectStore& store, Handler handler) {
    store.on_change([this, handler](const kube::Object* before, const kube::Object* after) {
      (this->*handler)(before, after);
    });
  };
  connect(with_.stores.policies, &Assembly::policy_changed);
  connect(with_.stores.patches, &Assembly::patch_changed);
  connect(with_.stores.waves, &Assembly::wave_changed);
  connect(with_.stores.approvals, &Assembly::approval_changed);
  connect(with_.stores.deployments, &Assembly::workload_changed);
  connect(with_.stores.stateful_sets, &Assembly::workload_changed);
  connect(with_.stores.daemon_sets, &Assembly::workload_changed);
  connect(with_.stores.namespaces, &Assembly::namespace_changed);
  with_.stores.nodes.on_change(
      [this](const kube::NodeView* before, const kube::NodeView* after) { node_changed(before, after); });
  connect(with_.stores.services, &Assembly::access_changed);
  connect(with_.stores.ingresses, &Assembly::access_changed);
  with_.stores.pods.on_change([this](const kube::PodView* before, const kube::PodView* after) {
    look_at_waves_in(after != nullptr ? after->ns : before->ns);
  });
}

void Assembly::policy_changed(const kube::Object* before, const kube::Object* after) {
  const auto& policy = either(before, after);
  policies_.enqueue(key_of(policy));
  if (spec_changed(before, after)) discoveries_.enqueue(key_of(policy));
  // A patch of a pool waits for a policy that has it.
  for (const auto& patch : with_.stores.patches.list(string_at(policy, {"metadata", "namespace"}))) {
    const bool waits = string_at(*patch, {"status", "digest"}).empty() &&
                       !string_at(*patch, {"spec", "subject", "nodePool"}).empty();
    if (waits) patches_.enqueue(key_of(*patch));
  }
  for (const auto& wave : with_.stores.waves.list(string_at(policy, {"metadata", "namespace"}))) {
    if (string_at(*wave, {"spec", "policyRef", "name"}) == string_at(policy, {"metadata", "name"})) {
      waves_.enqueue(key_of(*wave));
    }
  }
}

void Assembly::patch_changed(const kube::Object* before, const kube::Object* after) {
  const auto& patch = either(before, after);
  const auto ns = string_at(patch, {"metadata", "namespace"});
  // Also after a status alone: a former leader may have written it, from caches that were behind.
  patches_.enqueue(key_of(patch));
  if (concerns_ranking(before, after)) rankings_.enqueue_after(kAllPatches, kGatherChanges);
  if (!patch_concerns_others(before, after)) return;
  look_at_policies(ns);
  for (const auto& wave : with_.stores.waves.list(ns)) {
    if (string_at(*wave, {"spec", "patchRef", "name"}) == string_at(patch, {"metadata", "name"})) {
      waves_.enqueue(key_of(*wave));
    }
  }
}

void Assembly::wave_changed(const kube::Object* before, const kube::Object* after) {
  const auto& wave = either(before, after);
  const auto ns = string_at(wave, {"metadata", "namespace"});
  const auto name = string_at(wave, {"metadata", "name"});
  // Also after a status alone: a former leader may have written it, from caches that were behind.
  waves_.enqueue(key_of(wave));
  if (!concerns_others(before, after)) return;
  index_wave(key_of(wave), after);
  patches_.enqueue(ns + "/" + string_at(wave, {"spec", "patchRef", "name"}));
  const auto policy = string_at(wave, {"spec", "policyRef", "name"});
  if (!policy.empty() && concerns_policies(before, after)) policies_.enqueue(ns + "/" + policy);
  for (const auto& approval : with_.stores.approvals.list(ns)) {
    if (string_at(*approval, {"spec", "waveRef", "name"}) == name) approvals_.enqueue(key_of(*approval));
  }
  // Successors wait for it, and others of the policy for its share of the disruption budget.
  for (const auto& other : with_.stores.waves.list(ns)) {
    const auto& predecessors = array_at(*other, {"spec", "after"});
    const bool successor =
        std::find(predecessors.begin(), predecessors.end(), Json(name)) != predecessors.end();
    const bool shares_budget = !policy.empty() &&
                               string_at(*other, {"spec", "policyRef", "name"}) == policy &&
                               string_at(*other, {"status", "hold", "reason"}) == "DisruptionBudgetSpent";
    if (successor || shares_budget) waves_.enqueue(key_of(*other));
  }
}

void Assembly::approval_changed(const kube::Object* before, const kube::Object* after) {
  const auto& approval = either(before, after);
  approvals_.enqueue(key_of(approval));
  if (!spec_changed(before, after)) return;
  const auto ns = string_at(approval, {"metadata", "namespace"});
  const auto wave = string_at(approval, {"spec", "waveRef", "name"});
  // One that is not known yet is looked at when it comes.
  if (with_.stores.waves.get(ns, wave) != nullptr) waves_.enqueue(ns + "/" + wave);
}

void Assembly::workload_changed(const kube::Object* before, const kube::Object* after) {
  const auto ns = string_at(either(before, after), {"metadata", "namespace"});
  look_at_waves_in(ns);
  if (assessment_may_change(before, after)) inventory_changed();
  if (!plan_may_change(before, after)) return;
  look_at_policies(ns);
  look_for_updates(ns);
  if (ns == with_.operator_namespace) return;
  look_at_policies(with_.operator_namespace);
  look_for_updates(with_.operator_namespace);
}

void Assembly::namespace_changed(const kube::Object* before, const kube::Object* after) {
  const bool relabelled =
      before == nullptr || after == nullptr ||
      object_at(**before, {"metadata", "labels"}) != object_at(**after, {"metadata", "labels"});
  if (relabelled) look_at_policies(with_.operator_namespace);
  if (relabelled || differs(before, after, {{"metadata", "annotations"}})) inventory_changed();
}

void Assembly::access_changed(const kube::Object* before, const kube::Object* after) {
  if (differs(before, after, {{"spec"}, {"metadata", "annotations"}})) inventory_changed();
}

void Assembly::node_changed(const kube::NodeView* before, const kube::NodeView* after) {
  look_at_waves_in("");
  const bool plan_may_change = before == nullptr || after == nullptr || before->labels != after->labels ||
                               before->annotations != after->annotations ||
                               before->terminating != after->terminating;
  if (!plan_may_change) return;
  for (const auto& policy : with_.stores.policies.list(with_.operator_namespace)) {
    if (!array_at(*policy, {"spec", "targets", "nodePools"}).empty()) policies_.enqueue(key_of(*policy));
  }
}

void Assembly::look_at_policies(std::string_view ns) {
  for (const auto& policy : with_.stores.policies.list(ns)) policies_.enqueue(key_of(*policy));
}

// It asks registries only for what it has not seen yet, and when it is time.
void Assembly::look_for_updates(std::string_view ns) {
  for (const auto& policy : with_.stores.policies.list(ns)) {
    if (find(*policy, {"spec", "updates"}) != nullptr)
      discoveries_.enqueue_after(key_of(*policy), kGatherChanges);
  }
}

void Assembly::look_at_waves_in(const std::string& target_namespace) {
  const std::scoped_lock lock(mutex_);
  const auto found = active_waves_.find(target_namespace);
  if (found == active_waves_.end()) return;
  for (const auto& key : found->second) waves_.enqueue(key);
}

void Assembly::index_wave(const std::string& key, const kube::Object* after) {
  std::set<std::string> namespaces;
  if (after != nullptr) {
    const auto wave = api::parse_wave(**after);
    if (wave && under_way(*wave)) {
      for (const auto& target : wave->spec.targets) namespaces.insert(target.ns);
    }
  }
  const std::scoped_lock lock(mutex_);
  for (const auto& ns : namespaces_of_[key]) {
    if (!namespaces.contains(ns)) active_waves_[ns].erase(key);
  }
  for (const auto& ns : namespaces) active_waves_[ns].insert(key);
  if (namespaces.empty()) {
    namespaces_of_.erase(key);
  } else {
    namespaces_of_[key] = std::move(namespaces);
  }
}

}  // namespace patchwave::assembly
