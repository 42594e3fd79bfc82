#include "controllers/wave/reconcile.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/api/codec.hpp"
#include "controllers/api/hold.hpp"
#include "controllers/status/status.hpp"
#include "controllers/wave/control_plane.hpp"
#include "controllers/wave/drain_report.hpp"
#include "controllers/wave/happenings.hpp"
#include "controllers/wave/node_progress.hpp"
#include "controllers/wave/observe.hpp"
#include "controllers/wave/preflight.hpp"
#include "controllers/wave/progress.hpp"

namespace patchwave::wave {
namespace {

using api::TargetState;
using api::WavePhase;

bool has_finalizer(const api::PatchWave& wave) {
  return std::find(wave.metadata.finalizers.begin(), wave.metadata.finalizers.end(), api::kFinalizer) !=
         wave.metadata.finalizers.end();
}

// More untouched targets than may be claimed are looked at: the first ones may be unfit to begin.
constexpr int kSpareCandidates = 8;

// Reading live what is only watched would cost a request a target and gate interval.
bool only_watched(const api::PatchWave& wave, const api::TargetStatus& record, Time now) {
  const auto& status = wave.status;
  if (status.phase != WavePhase::Baking || record.state != TargetState::Promoted) return false;
  const bool bake_is_over = status.bake_start_time && now >= *status.bake_start_time + wave.spec.bake;
  const bool may_hold_claim = status.bake_start_time && now < *status.bake_start_time + seconds(10);
  return !bake_is_over && !may_hold_claim && !wave.spec.cancel && !wave.metadata.deletion_time;
}

bool ends_rollback(const api::TargetStatus& record, const target::Observation& seen) {
  return seen.restored &&
         (record.state == TargetState::RollingBack || record.state == TargetState::RollbackFailed);
}

// Sentences carry numbers that move all the time; a status that differs in nothing else is written no
// more often than this.
constexpr milliseconds kTextInterval{5'000};

// Whether nodes can be drained is asked anew no more often than that, and takes no more than one part in so
// many of the time, over all waves: it reads all pods of the cluster.
constexpr milliseconds kLookAheadInterval{30'000};
constexpr int kLookAheadShare = 20;

void drop_texts(api::PatchWaveStatus& status) {
  for (auto& gate : status.gates) gate = {gate.name, gate.verdict, "", "", gate.since_time};
  if (status.hold) {
    status.hold->message.clear();
    status.hold->until_time.reset();
  }
  for (auto& condition : status.conditions) condition.message.clear();
  for (auto& target : status.targets) target.message.clear();
}

bool same_but_for_texts(api::PatchWaveStatus a, api::PatchWaveStatus b) {
  drop_texts(a);
  drop_texts(b);
  return a == b;
}

bool may_begin_more(const api::PatchWaveStatus& status) {
  return std::any_of(status.targets.begin(), status.targets.end(), [&](const api::TargetStatus& record) {
    return (record.state == TargetState::Pending && status.phase == WavePhase::Running) ||
           (record.state == TargetState::Promoted && status.phase == WavePhase::RollingBack);
  });
}

// What targets_in_transition says of the same status, without reading its hundreds of targets.
int transitions_on_record(const Json& wave) {
  const Json& progress = object_at(wave, {"status", "progress"});
  return static_cast<int>(integer_at(progress, {"inFlight"}) + integer_at(progress, {"failed"}));
}

std::optional<api::Hold> hold_from(const target::Outcome& outcome, const api::WaveTarget& target) {
  const auto text = fmt::format("{}: {}", text_of(target), outcome.message);
  if (outcome.kind == target::Outcome::Kind::Refused) {
    return api::Hold{std::string(api::hold::kWriteRefused), text, std::nullopt, std::nullopt};
  }
  if (outcome.kind == target::Outcome::Kind::Waiting) {
    return api::Hold{std::string(api::hold::kEvictionBlocked), text, std::nullopt, std::nullopt};
  }
  return std::nullopt;
}

void sooner(std::optional<milliseconds>& requeue_after, std::optional<milliseconds> candidate) {
  if (candidate && (!requeue_after || *candidate < *requeue_after)) {
    requeue_after = std::max(*candidate, milliseconds(0));
  }
}

}  // namespace

Result<runtime::ReconcileResult> WaveReconciler::reconcile(const std::string& key) {
  auto result = reconcile_watched(key);
  if (!result) note_failure(result.error());
  return result;
}

void WaveReconciler::note_failure(const Error& error) {
  const bool blind = error.kind == ErrorKind::Unavailable || error.kind == ErrorKind::Timeout ||
                     error.kind == ErrorKind::Transport;
  if (!blind) return;
  const std::scoped_lock lock(mutex_);
  watched_.interrupt();
}

Time WaveReconciler::watching_since() {
  const std::scoped_lock lock(mutex_);
  return watched_.look(with_.clock.now(), with_.clock.monotonic());
}

Result<runtime::ReconcileResult> WaveReconciler::reconcile_watched(const std::string& key) {
  auto read = status::read(with_.client, kube::resources::kPatchWaves, key);
  if (!read) return fail(std::move(read.error()));
  if (!*read) return runtime::ReconcileResult{};
  Json object = std::move(**read);
  auto wave = api::parse_wave(object);
  const auto unreadable = [&] {
    return fail(status::report_invalid(with_.client, kube::resources::kPatchWaves, object, wave.error(),
                                       with_.clock.now()));
  };
  if (!wave) return unreadable();
  if (api::has_ended(wave->status.phase) && wave->metadata.deletion_time) {
    forget(wave->metadata.uid);
    if (has_finalizer(*wave)) {
      if (auto dropped = drop_finalizer(object); !dropped) return fail(std::move(dropped.error()));
    }
    return runtime::ReconcileResult{};
  }
  if (!wave->metadata.deletion_time && !has_finalizer(*wave)) {
    auto kept = ensure_finalizer(object, *wave);
    if (!kept) return fail(std::move(kept.error()));
    object = std::move(*kept);
    wave = api::parse_wave(object);
    if (!wave) return unreadable();
  }

  const Time now = with_.clock.now();
  Snapshot snapshot;
  snapshot.wave = std::move(*wave);
  if (auto done = read_surroundings(snapshot); !done) return fail(std::move(done.error()));
  if (auto done = observe_targets(snapshot, now); !done) return fail(std::move(done.error()));
  snapshot.watching_since = watching_since();
  const bool waiting =
      snapshot.wave.status.phase == WavePhase::Pending || snapshot.wave.status.phase == WavePhase::Waiting;
  std::optional<Time> next_look_ahead;
  if (waiting) {
    auto next = look_ahead(snapshot, now);
    if (!next) return fail(std::move(next.error()));
    next_look_ahead = *next;
  }
  const auto next_gate =
      waiting ? with_.gates.judge_before_start(snapshot, now) : with_.gates.judge_targets(snapshot, now);

  auto decided = decide_within_budget(snapshot, now);
  if (!decided) return fail(std::move(decided.error()));
  auto& decision = *decided;
  if (decision.status.hold && decision.status.hold->reason == api::hold::kPreflightFailed) {
    sooner(decision.requeue_after,
           std::chrono::ceil<milliseconds>(next_look_ahead.value_or(now + seconds(1)) - now));
  }
  if (next_gate) sooner(decision.requeue_after, std::chrono::ceil<milliseconds>(*next_gate - now));
  perform_acts(snapshot, decision, now);
  if (decision.status == snapshot.wave.status) return runtime::ReconcileResult{decision.requeue_after};
  const bool moved = !same_but_for_texts(decision.status, snapshot.wave.status);
  if (!moved && now < last_written_time(snapshot.wave.metadata.uid, now) + kTextInterval) {
    sooner(decision.requeue_after, kTextInterval);
    return runtime::ReconcileResult{decision.requeue_after};
  }
  if (auto written = write_status(object, snapshot, decision); !written)
    return fail(std::move(written.error()));
  note_written(snapshot.wave.metadata.uid, now);
  return runtime::ReconcileResult{moved ? milliseconds(0) : decision.requeue_after};
}

Result<Json> WaveReconciler::ensure_finalizer(const Json& object, const api::PatchWave& wave) {
  Json finalizers = array_at(object, {"metadata", "finalizers"});
  finalizers.push_back(api::kFinalizer);
  const Json operations = {
      {{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", wave.metadata.resource_version}},
      {{"op", "add"}, {"path", "/metadata/finalizers"}, {"value", finalizers}}};
  return with_.client.patch(kube::resources::kPatchWaves, wave.metadata.ns, wave.metadata.name,
                            kube::PatchType::Json, operations);
}

Result<void> WaveReconciler::drop_finalizer(const Json& object) {
  const auto metadata = api::parse_metadata(object);
  Json left = Json::array();
  for (const auto& finalizer : metadata.finalizers) {
    if (finalizer != api::kFinalizer) left.push_back(finalizer);
  }
  const Json operations = {
      {{"op", "test"}, {"path", "/metadata/resourceVersion"}, {"value", metadata.resource_version}},
      {{"op", "replace"}, {"path", "/metadata/finalizers"}, {"value", left}}};
  auto written = with_.client.patch(kube::resources::kPatchWaves, metadata.ns, metadata.name,
                                    kube::PatchType::Json, operations);
  if (!written && !status::is_gone(written.error())) return fail(std::move(written.error()));
  return {};
}

Result<void> WaveReconciler::read_surroundings(Snapshot& snapshot) {
  const auto& wave = snapshot.wave;
  const auto& ns = wave.metadata.ns;
  // Live: a quarantine must hold from the moment it is written.
  auto patch = with_.client.get(kube::resources::kPatches, ns, wave.spec.patch);
  if (patch) {
    auto parsed = api::parse_patch(*patch);
    if (!parsed) return fail(std::move(parsed.error()));
    snapshot.patch = std::move(*parsed);
  } else if (!status::is_gone(patch.error())) {
    return fail(std::move(patch.error()));
  }
  if (const auto policy = with_.stores.policies.get(ns, wave.spec.policy);
      policy && !wave.spec.policy.empty()) {
    if (auto parsed = api::parse_policy(*policy)) snapshot.policy = std::move(*parsed);
  }
  for (const auto& object : with_.stores.approvals.list(ns)) {
    auto approval = api::parse_approval(*object);
    if (approval && approval->spec.wave == wave.metadata.name && !approval->metadata.deletion_time) {
      snapshot.approvals.push_back(std::move(*approval));
    }
  }
  if (wave.status.phase == WavePhase::Running || wave.status.phase == WavePhase::Baking) {
    for (const auto& node : with_.stores.nodes.list()) {
      if (!node.ready()) snapshot.lost_nodes.insert(node.name);
    }
  }
  for (const auto& name : wave.spec.after) {
    Predecessor before{name};
    if (const auto object = with_.stores.waves.get(ns, name)) {
      if (auto parsed = api::parse_wave(*object)) {
        before.exists = true;
        before.phase = parsed->status.phase;
      }
    }
    snapshot.predecessors.push_back(std::move(before));
  }
  if (!wave.spec.nodes || api::has_ended(wave.status.phase)) return {};
  snapshot.control_plane = read_control_plane(with_.stores);
  auto nodes = read_node_context(with_.client, snapshot, with_.node_jobs, with_.operator_namespace);
  if (!nodes) return fail(std::move(nodes.error()));
  snapshot.nodes = std::move(*nodes);
  return {};
}

Result<std::optional<Time>> WaveReconciler::look_ahead(Snapshot& snapshot, Time now) {
  if (!only_drain_is_unknown(snapshot, now)) return std::optional<Time>();
  const auto& uid = snapshot.wave.metadata.uid;
  {
    const std::scoped_lock lock(mutex_);
    const auto known = drain_reports_.find(uid);
    if (known != drain_reports_.end() && now < known->second.next_time) {
      snapshot.drain_report = known->second.report;
      return known->second.next_time;
    }
    if (now < next_drain_read_) return next_drain_read_;
  }
  const auto begin = with_.clock.monotonic();
  auto report = read_drain_report(with_.client, work_of(snapshot));
  const auto took = std::chrono::ceil<milliseconds>(with_.clock.monotonic() - begin);
  const std::scoped_lock lock(mutex_);
  next_drain_read_ = now + took * kLookAheadShare;
  if (!report) return fail(std::move(report.error()));
  const Time next = now + std::max(kLookAheadInterval, took * kLookAheadShare);
  snapshot.drain_report = std::move(*report);
  drain_reports_[uid] = {next, *snapshot.drain_report};
  return next;
}

Result<void> WaveReconciler::observe_targets(Snapshot& snapshot, Time now) {
  const auto& wave = snapshot.wave;
  if (api::has_ended(wave.status.phase)) return {};
  int candidates =
      wave.spec.max_unavailable.of(static_cast<int>(wave.spec.targets.size())) + kSpareCandidates;
  for (std::size_t index = 0; index < wave.status.targets.size(); ++index) {
    const auto& record = wave.status.targets[index];
    const bool untouched = record.uid.empty();
    if (untouched && (record.state != TargetState::Pending || candidates-- <= 0)) continue;
    const bool node = record.target.kind == api::TargetKind::Node;
    auto observed = node ? observe_node(snapshot, index, now) : observe_target(snapshot, index, now);
    if (!observed) return fail(std::move(observed.error()));
    snapshot.observed.emplace(index, std::move(*observed));
  }
  return {};
}

Result<ObservedTarget> WaveReconciler::observe_target(const Snapshot& snapshot, std::size_t index, Time now) {
  const auto& wave = snapshot.wave;
  const auto& record = wave.status.targets[index];
  const auto image = image_of(snapshot);
  ObservedTarget observed;
  if (only_watched(wave, record, now)) {
    observed.live = read_cached(with_.stores, record);
  } else {
    auto live = read_live(with_.client, with_.stores, record);
    if (!live) return fail(std::move(live.error()));
    observed.live = std::move(*live);
  }
  observed.seen = target::observe(record, observed.live, image, now, with_.git_ops_managers);
  if (ends_rollback(record, observed.seen)) {
    auto read = read_pods_live(with_.client, record, observed.live);
    if (!read) return fail(std::move(read.error()));
    observed.seen = target::observe(record, observed.live, image, now, with_.git_ops_managers);
  }
  observed.evicted_time = evicted_time(wave.metadata.uid, index);
  return observed;
}

Result<ObservedTarget> WaveReconciler::observe_node(const Snapshot& snapshot, std::size_t index, Time now) {
  const auto& record = snapshot.wave.status.targets[index];
  const auto work = work_of(snapshot);
  // Reading live what is only watched would cost a request a node and pass.
  auto live = record.state == TargetState::Promoted ? read_node_cached(with_.stores.nodes, work, record)
                                                    : std::optional<node::LiveNode>();
  if (!live) {
    auto read = read_node_live(with_.client, work, record);
    if (!read) return fail(std::move(read.error()));
    live = std::move(*read);
  }
  live->asked = asked_of(snapshot.wave.metadata.uid, index);
  ObservedTarget observed;
  auto seen = node::observe(work, record, *live, now);
  observed.node = ObservedNode{std::move(*live), std::move(seen)};
  return observed;
}

// Live when more may be begun: after a restart the caches may not show yet what the others have begun.
Result<BudgetLedger::Counts> WaveReconciler::count_transitions(const api::PatchWave& wave) const {
  BudgetLedger::Counts counts;
  const auto count = [&](const Json& object) {
    if (string_at(object, {"spec", "policyRef", "name"}) != wave.spec.policy) return;
    counts[string_at(object, {"metadata", "uid"})] = transitions_on_record(object);
  };
  if (!may_begin_more(wave.status)) {
    for (const auto& object : with_.stores.waves.list(wave.metadata.ns)) count(*object);
    return counts;
  }
  const auto waves = with_.client.list(kube::resources::kPatchWaves, wave.metadata.ns);
  if (!waves) return fail(waves.error());
  for (const auto& object : array_at(*waves, {"items"})) count(object);
  return counts;
}

Result<Decision> WaveReconciler::decide_within_budget(Snapshot& snapshot, Time now) {
  const auto& wave = snapshot.wave;
  const int own = targets_in_transition(wave.status);
  const int own_limit = wave.spec.max_unavailable.of(static_cast<int>(wave.spec.targets.size()));
  if (!snapshot.policy) {
    snapshot.may_claim = own_limit - own;
    return decide(snapshot, now);
  }
  const auto seen = count_transitions(wave);
  if (!seen) return fail(seen.error());
  Decision decision;
  const int budget = snapshot.policy->spec.max_unavailable.of(std::max(1, snapshot.policy->status.targets));
  ledger_.with_others(wave.metadata.ns + "/" + wave.spec.policy, wave.metadata.uid, *seen, [&](int others) {
    snapshot.may_claim = std::min(own_limit - own, budget - others - own);
    decision = decide(snapshot, now);
    return targets_in_transition(decision.status);
  });
  return decision;
}

Time WaveReconciler::last_written_time(const std::string& wave_uid, Time now) {
  const std::scoped_lock lock(mutex_);
  return written_.try_emplace(wave_uid, now).first->second;
}

void WaveReconciler::note_written(const std::string& wave_uid, Time now) {
  const std::scoped_lock lock(mutex_);
  written_[wave_uid] = now;
}

void WaveReconciler::forget(const std::string& wave_uid) {
  with_.gates.forget(wave_uid);
  const std::scoped_lock lock(mutex_);
  written_.erase(wave_uid);
  evicted_.erase(wave_uid);
  asked_.erase(wave_uid);
  drain_reports_.erase(wave_uid);
}

drain::Progress WaveReconciler::asked_of(const std::string& wave_uid, std::size_t target) {
  const std::scoped_lock lock(mutex_);
  const auto wave = asked_.find(wave_uid);
  if (wave == asked_.end()) return {};
  const auto found = wave->second.find(target);
  return found == wave->second.end() ? drain::Progress{} : found->second;
}

void WaveReconciler::note_asked(const std::string& wave_uid, std::size_t target, drain::Progress asked) {
  const std::scoped_lock lock(mutex_);
  asked_[wave_uid][target] = std::move(asked);
}

Time WaveReconciler::evicted_time(const std::string& wave_uid, std::size_t target) {
  const std::scoped_lock lock(mutex_);
  const auto wave = evicted_.find(wave_uid);
  if (wave == evicted_.end()) return {};
  const auto found = wave->second.find(target);
  return found == wave->second.end() ? Time{} : found->second;
}

void WaveReconciler::note_eviction(const std::string& wave_uid, std::size_t target) {
  const std::scoped_lock lock(mutex_);
  evicted_[wave_uid][target] = with_.clock.now();
}

void WaveReconciler::perform_acts(const Snapshot& snapshot, Decision& decision, Time now) {
  const auto& uid = snapshot.wave.metadata.uid;
  for (const auto& [index, acts, node_acts] : acts_for(snapshot, decision, with_.git_ops_managers, now)) {
    for (const auto& act : acts) {
      const auto outcome = target::perform(with_.client, act);
      // One that failed may have had its effect.
      const bool may_be_done =
          outcome.kind == target::Outcome::Kind::Done || outcome.kind == target::Outcome::Kind::Failed;
      if (may_be_done && std::holds_alternative<target::EvictPod>(act.what)) note_eviction(uid, index);
      if (!heed(snapshot, index, act.why, outcome, decision, now)) break;
    }
    if (node_acts.empty()) continue;
    auto asked = asked_of(uid, index);
    asked.forget_all_but(snapshot.observed.at(index).node->live.pods);
    for (const auto& act : node_acts) {
      const auto outcome = node::perform(with_.client, act, asked, now);
      // What one pod's budget refuses says nothing of the next pod.
      const bool goes_on = std::holds_alternative<node::Evict>(act.what) && !asked.quiet_until;
      if (!heed(snapshot, index, act.why, outcome, decision, now) && !goes_on) break;
    }
    note_asked(uid, index, std::move(asked));
  }
}

bool WaveReconciler::heed(const Snapshot& snapshot, std::size_t index, const std::string& why,
                          const target::Outcome& outcome, Decision& decision, Time now) {
  const auto& target = snapshot.wave.spec.targets[index];
  const bool done = outcome.kind == target::Outcome::Kind::Done;
  with_.log.info("wrote to target", {{"wave", snapshot.wave.metadata.ns + "/" + snapshot.wave.metadata.name},
                                     {"target", text_of(target)},
                                     {"act", why},
                                     {"outcome", done ? "done" : outcome.message}});
  if (auto hold = hold_from(outcome, target)) {
    const auto& before = snapshot.wave.status.hold;
    hold->since_time = before && before->reason == hold->reason ? before->since_time : now;
    decision.status.hold = std::move(hold);
  }
  if (done) {
    // The next act may depend on what this one changed; caches tell of it soon, this makes sure.
    sooner(decision.requeue_after, milliseconds(1000));
    return true;
  }
  const bool conflict = outcome.kind == target::Outcome::Kind::Conflict;
  sooner(decision.requeue_after, outcome.retry_after.value_or(milliseconds(conflict ? 50 : 2000)));
  return false;
}

Result<void> WaveReconciler::write_status(const Json& object, const Snapshot& snapshot,
                                          const Decision& decision) {
  auto written =
      status::write(with_.client, kube::resources::kPatchWaves, object, api::print_status(decision.status));
  if (!written) return fail(std::move(written.error()));
  if (observers_.on_status) observers_.on_status(snapshot.wave, decision.status);
  if (observers_.on_happening) {
    for (const auto& happening : happenings(snapshot.wave, snapshot.wave.status, decision.status)) {
      observers_.on_happening(happening);
    }
  }
  return {};
}

}  // namespace patchwave::wave
