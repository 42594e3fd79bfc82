#include "controllers/wave/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "controllers/api/hold.hpp"
#include "controllers/plan/plan.hpp"
#include "controllers/wave/conditions.hpp"
#include "controllers/wave/node_progress.hpp"
#include "controllers/wave/preflight.hpp"
#include "controllers/wave/progress.hpp"

namespace patchwave::wave {
namespace {

using api::TargetState;
using api::WavePhase;

bool in_flight(TargetState state) {
  return state == TargetState::Claimed || state == TargetState::Canary || state == TargetState::Patching ||
         state == TargetState::Promoting;
}

bool settled(TargetState state) {
  return state == TargetState::Promoted || state == TargetState::Skipped || state == TargetState::RolledBack;
}

bool was_claimed(const api::TargetStatus& record) {
  return !record.uid.empty();
}

bool is_released(const api::TargetStatus& record, const ObservedTarget& observed, const std::string& claim) {
  return observed.node ? node::is_released(record, observed.node->live, claim)
                       : target::is_released(record, observed.live, claim);
}

// A wave ends only when nothing of its own is left on any workload: no claim, no canary copy, no partition.
bool everything_released(const Snapshot& snapshot, const api::PatchWaveStatus& status) {
  for (std::size_t index = 0; index < status.targets.size(); ++index) {
    const auto& record = status.targets[index];
    if (!was_claimed(record)) continue;
    const auto observed = snapshot.observed.find(index);
    if (observed == snapshot.observed.end() ||
        !is_released(record, observed->second, claim_of(snapshot.wave))) {
      return false;
    }
  }
  return true;
}

// Which hold to show when several targets wait: what needs a person first, then what needs a server, then
// what time alone will end.
int urgency(const api::Hold& hold) {
  static constexpr std::array order = {
      api::hold::kFieldConflict,   api::hold::kInvalidSpec,       api::hold::kQuarantined,
      api::hold::kSuspended,       api::hold::kClaimedElsewhere,  api::hold::kTelemetryUnavailable,
      api::hold::kNoData,          api::hold::kWindowClosed,      api::hold::kTargetNotReady,
      api::hold::kEvictionBlocked, api::hold::kGatheringEvidence, api::hold::kNodeInWork};
  const auto* const found = std::find(order.begin(), order.end(), hold.reason);
  return static_cast<int>(found - order.begin());
}

void show_hold(api::PatchWaveStatus& status, const std::vector<api::Hold>& holds) {
  const auto most_urgent = std::min_element(
      holds.begin(), holds.end(), [](const auto& a, const auto& b) { return urgency(a) < urgency(b); });
  if (most_urgent != holds.end()) status.hold = *most_urgent;
}

Pass begin_pass(const Snapshot& snapshot, Time now) {
  return {snapshot,
          now,
          claim_of(snapshot.wave),
          image_of(snapshot),
          hold_against_widening(snapshot, now),
          snapshot.may_claim};
}

void send_back(api::TargetStatus& record, Time now, const std::string& why) {
  record.state = TargetState::RollingBack;
  record.state_since_time = now;
  record.ready_since_time.reset();
  record.unready_since_time.reset();
  record.message = why;
  turn_back(record);
}

// What is in transition goes back at once. What was promoted follows as the disruption budget allows, unless
// a person called the wave off: then it stays.
void roll_back(api::PatchWaveStatus& status, Time now, api::RollbackCause cause, const std::string& why) {
  status.phase = WavePhase::RollingBack;
  status.rollback_cause = cause;
  status.bake_start_time.reset();
  for (auto& record : status.targets) {
    if (in_flight(record.state)) send_back(record, now, why);
  }
}

bool promoted_goes_back(const api::PatchWaveStatus& status) {
  return status.rollback_cause != api::RollbackCause::Cancelled;
}

// The gate that shows harm, by name; the record of harm is written once and never overwritten.
void record_harm(const Snapshot& snapshot, api::PatchWaveStatus& status, api::Harm harm) {
  for (const auto& [gate, target, finding] : snapshot.findings) {
    if (finding.verdict == api::Verdict::Harm && text_of(snapshot.wave.spec.targets[target]) == harm.target) {
      harm.gate = gate;
      harm.message = finding.message;
      break;
    }
  }
  status.verdict = api::Verdict::Harm;
  if (!status.harm) status.harm = std::move(harm);
}

void answer_harm(const Snapshot& snapshot, api::PatchWaveStatus& status, const api::Harm& harm, Time now) {
  record_harm(snapshot, status, harm);
  if (snapshot.wave.spec.on_harm == api::OnHarm::Rollback) {
    roll_back(status, now, api::RollbackCause::Harm, status.harm->message);
    return;
  }
  status.hold =
      api::Hold{std::string(api::hold::kFrozen),
                fmt::format("harm was shown by gate '{}' on {}: {}; `onHarm` is Freeze: cancel the wave "
                            "to put it back",
                            status.harm->gate, status.harm->target, status.harm->message),
                std::nullopt, std::nullopt};
}

// Quarantine by another wave of the same patch takes the image out here too.
bool answer_quarantine(const Snapshot& snapshot, api::PatchWaveStatus& status, Time now) {
  if (!snapshot.patch || !snapshot.patch->status.quarantine) return false;
  const auto& quarantine = *snapshot.patch->status.quarantine;
  if (quarantine.digest != status.digest || snapshot.wave.spec.on_harm != api::OnHarm::Rollback) return false;
  roll_back(status, now, api::RollbackCause::Quarantine,
            fmt::format("the patch was quarantined by wave '{}'", quarantine.wave));
  return true;
}

void start(const Snapshot& snapshot, api::PatchWaveStatus& status, Time now) {
  status.phase = WavePhase::Running;
  status.start_time = now;
  status.digest = snapshot.patch->status.digest;
  status.image = image_of(snapshot);
  status.approved_by = approval_state(snapshot).approver;
  status.emergency = emergency_at_work(snapshot, now);
  status.targets.clear();
  for (const auto& target : snapshot.wave.spec.targets) {
    api::TargetStatus record;
    record.target = target;
    record.state_since_time = now;
    status.targets.push_back(std::move(record));
  }
}

void wait(const Snapshot& snapshot, Decision& decision, Time now) {
  auto& status = decision.status;
  if (snapshot.wave.spec.cancel || snapshot.wave.metadata.deletion_time) {
    status.phase = WavePhase::Cancelled;
    status.completion_time = now;
    return;
  }
  status.phase = WavePhase::Waiting;
  // The hash is of the plan as it would be carried out; it moves with the image until the wave starts.
  status.plan_hash = plan::plan_hash(snapshot.wave.spec, image_of(snapshot));
  Snapshot with_hash = snapshot;
  with_hash.wave.status.plan_hash = status.plan_hash;
  if (auto hold = hold_before_start(with_hash, now)) {
    status.hold = std::move(hold);
    return;
  }
  start(with_hash, status, now);
}

void finish_targets(const Snapshot& snapshot, Decision& decision, Time now) {
  auto& status = decision.status;
  if (std::none_of(status.targets.begin(), status.targets.end(), was_claimed)) {
    status.phase = WavePhase::Succeeded;
    status.verdict = api::Verdict::Pass;
    status.completion_time = now;
    return;
  }
  status.phase = WavePhase::Baking;
  status.bake_start_time = now;
  decision.requeue_after = snapshot.wave.spec.bake;
}

api::ArmCount arm_of(const judge::Count& count) {
  return {std::llround(count.events), std::llround(count.exposure)};
}

std::optional<api::GateEvidence> evidence_of(const judge::Finding& finding) {
  if (!finding.numbers) return std::nullopt;
  const auto& [total, harm, pass, expected_time] = *finding.numbers;
  const auto text = [](double value) { return fmt::format("{:.2f}", value); };
  return api::GateEvidence{arm_of(total.canary), arm_of(total.baseline), text(harm.log_e),
                           text(harm.threshold), text(pass.log_e),       text(pass.threshold),
                           expected_time};
}

void note_gates(const Snapshot& snapshot, api::PatchWaveStatus& status, Time now) {
  std::vector<api::GateStatus> gates;
  for (const auto& [gate, target, finding] : snapshot.findings) {
    auto known =
        std::find_if(gates.begin(), gates.end(), [&](const auto& other) { return other.name == gate; });
    const auto where = text_of(snapshot.wave.spec.targets[target]);
    const api::GateStatus noted{gate, finding.verdict, finding.message, where, now, evidence_of(finding)};
    if (known == gates.end()) {
      gates.push_back(noted);
    } else if (finding.verdict == api::Verdict::Harm ||
               (finding.verdict == api::Verdict::Undecided && known->verdict == api::Verdict::Pass)) {
      *known = noted;
    }
  }
  for (auto& gate : gates) {
    for (const auto& old : status.gates) {
      if (old.name == gate.name && old.verdict == gate.verdict) gate.since_time = old.since_time;
    }
  }
  if (gates.empty()) return;
  const auto all_pass = std::all_of(gates.begin(), gates.end(),
                                    [](const auto& gate) { return gate.verdict == api::Verdict::Pass; });
  status.verdict = all_pass ? api::Verdict::Pass : api::Verdict::Undecided;
  status.gates = std::move(gates);
}

void run(const Snapshot& snapshot, Decision& decision, Time now) {
  auto& status = decision.status;
  if (snapshot.wave.spec.cancel || snapshot.wave.metadata.deletion_time) {
    // What was promoted stays, unless it is what harmed.
    const auto cause = status.harm ? api::RollbackCause::Harm : api::RollbackCause::Cancelled;
    return roll_back(status, now, cause, "the wave was cancelled");
  }
  if (answer_quarantine(snapshot, status, now)) return;

  auto pass = begin_pass(snapshot, now);
  for (std::size_t index = 0; index < status.targets.size(); ++index) {
    progress_target(pass, index, status.targets[index]);
  }
  note_gates(snapshot, status, now);
  if (status.harm && snapshot.wave.spec.on_harm == api::OnHarm::Freeze) pass.harm = status.harm;
  if (pass.harm) {
    // Harm outweighs whatever else this pass moved forward.
    status.targets = snapshot.wave.status.targets;
    return answer_harm(snapshot, status, *pass.harm, now);
  }
  if (pass.give_up_undecided) {
    status.targets = snapshot.wave.status.targets;
    return roll_back(status, now, api::RollbackCause::Undecided,
                     "no verdict in time, and `onUndecided.do` is Rollback");
  }
  show_hold(status, pass.holds);
  if (pass.next_look) decision.requeue_after = std::chrono::ceil<milliseconds>(*pass.next_look - now);
  const bool all_settled = std::all_of(status.targets.begin(), status.targets.end(),
                                       [](const auto& record) { return settled(record.state); });
  if (all_settled) finish_targets(snapshot, decision, now);
}

void bake(const Snapshot& snapshot, Decision& decision, Time now) {
  auto& status = decision.status;
  if (snapshot.wave.spec.cancel || snapshot.wave.metadata.deletion_time) {
    if (!everything_released(snapshot, status)) return;
    status.phase = WavePhase::Cancelled;
    status.completion_time = now;
    return;
  }
  if (answer_quarantine(snapshot, status, now)) return;
  note_gates(snapshot, status, now);

  auto pass = begin_pass(snapshot, now);
  std::vector<judge::Finding> findings;
  for (std::size_t index = 0; index < status.targets.size(); ++index) {
    if (status.targets[index].state != TargetState::Promoted) continue;
    if (const auto observed = snapshot.observed.find(index); observed != snapshot.observed.end()) {
      const auto& seen = observed->second.seen;
      const auto& node = observed->second.node;
      auto& record = status.targets[index];
      if (node && (!node->seen.exists || node->seen.replaced) && !record.unready_since_time) {
        record.state = TargetState::Skipped;
        record.message = "was well when it was deleted or replaced";
        continue;
      }
      note_readiness(pass, node ? is_back(pass, node->seen) : seen.complete, status.targets[index]);
      if (!node) obstructed(pass, seen, status.targets[index]);
    }
    const auto finding = verdict_of(snapshot, index);
    if (finding.verdict == api::Verdict::Harm) {
      return answer_harm(snapshot, status, {"", text_of(status.targets[index].target), finding.message, now},
                         now);
    }
    findings.push_back(finding);
  }
  if (status.harm) return answer_harm(snapshot, status, *status.harm, now);

  const auto& spec = snapshot.wave.spec;
  const auto since = status.bake_start_time.value_or(now);
  // A node that went after it was changed, for whatever reason, proves nothing.
  const bool unseen = std::any_of(status.targets.begin(), status.targets.end(), [](const auto& record) {
    return record.state == TargetState::Skipped && record.node && record.node->touched;
  });
  const bool nothing_changed = findings.empty() && !unseen;
  const auto bake_end = nothing_changed ? since : since + spec.bake;
  auto combined = judge::combine(findings);
  if (findings.empty())
    combined.message = "every node that was changed is gone: nothing shows that it was well";
  const auto action = undecided_action(spec, since, now);
  const bool proven =
      nothing_changed || combined.verdict == api::Verdict::Pass || action == api::OnUndecided::Advance;
  if (proven && now >= bake_end) {
    if (!everything_released(snapshot, status)) return;
    status.phase = WavePhase::Succeeded;
    status.completion_time = now;
    return;
  }
  if (action == api::OnUndecided::Rollback) {
    return roll_back(status, now, api::RollbackCause::Undecided,
                     "no verdict in time, and `onUndecided.do` is Rollback");
  }
  if (proven) {
    status.hold =
        api::Hold{std::string(api::hold::kGatheringEvidence), "the bake is not over", std::nullopt, bake_end};
  } else {
    pass.holds.push_back(hold_for(combined, "bake"));
    show_hold(status, pass.holds);
    if (now < bake_end) decision.requeue_after = std::chrono::ceil<milliseconds>(bake_end - now);
  }
}

void go_back(const Snapshot& snapshot, Decision& decision, Time now) {
  auto& status = decision.status;
  auto pass = begin_pass(snapshot, now);
  bool all_back = true;
  bool failed = false;
  for (std::size_t index = 0; index < status.targets.size(); ++index) {
    auto& record = status.targets[index];
    if (record.state == TargetState::RollingBack || record.state == TargetState::RollbackFailed) {
      progress_rollback(pass, index, record);
    } else if (record.state == TargetState::Promoted && promoted_goes_back(status) && pass.may_claim > 0) {
      --pass.may_claim;
      send_back(record, now, summary(status));
    }
    const bool waits = record.state == TargetState::Promoted && promoted_goes_back(status);
    if (waits && !status.hold) status.hold = hold_of_spent_budget(text_of(record.target));
    all_back = all_back && !waits && record.state != TargetState::RollingBack &&
               record.state != TargetState::RollbackFailed;
    failed = failed || record.state == TargetState::RollbackFailed;
  }
  if (pass.next_look) decision.requeue_after = std::chrono::ceil<milliseconds>(*pass.next_look - now);
  if (failed) status.phase = WavePhase::RollbackFailed;
  if (!all_back || !everything_released(snapshot, status)) return;
  const bool called_off = status.rollback_cause == api::RollbackCause::Cancelled;
  status.phase = called_off ? WavePhase::Cancelled : WavePhase::RolledBack;
  status.completion_time = now;
}

void rest(const Snapshot& snapshot, Decision& decision, Time now) {
  auto& status = decision.status;
  if (status.phase == WavePhase::Succeeded && !snapshot.wave.metadata.deletion_time) {
    if (answer_quarantine(snapshot, status, now)) status.completion_time.reset();
  }
}

bool is_under_way(WavePhase phase) {
  return phase == WavePhase::Running || phase == WavePhase::Baking;
}

// Times within a hold survive from pass to pass as long as the reason does.
void keep_hold_since(const std::optional<api::Hold>& before, std::optional<api::Hold>& hold, Time now) {
  if (!hold) return;
  hold->since_time = before && before->reason == hold->reason ? before->since_time : now;
}

void count_progress(api::PatchWaveStatus& status, std::size_t targets) {
  api::Progress progress;
  progress.total = static_cast<int>(targets);
  for (const auto& record : status.targets) {
    if (record.state == TargetState::Promoted || record.state == TargetState::Skipped) ++progress.done;
    if (in_flight(record.state) || record.state == TargetState::RollingBack) ++progress.in_flight;
    if (record.state == TargetState::RollbackFailed) ++progress.failed;
  }
  status.progress = progress;
  status.progress_text = fmt::format("{}/{}", progress.done, progress.total);
}

// The writes that a state stands for are the same in both records.
bool same_intent(const api::TargetStatus& a, const api::TargetStatus& b) {
  const auto step_of = [](const api::TargetStatus& record) {
    return record.node ? std::pair(record.node->step, record.node->attempt)
                       : std::pair(api::NodeStep::Drain, 0);
  };
  return a.state == b.state && a.step == b.step && a.canary_replicas == b.canary_replicas &&
         step_of(a) == step_of(b);
}

bool widens(TargetState state) {
  return state == TargetState::Claimed || state == TargetState::Canary;
}

}  // namespace

std::string claim_of(const api::PatchWave& wave) {
  return fmt::format("{}/{}/{}", wave.metadata.ns, wave.metadata.name, wave.metadata.uid);
}

bool in_transition(TargetState state) {
  return in_flight(state) || state == TargetState::RollingBack || state == TargetState::RollbackFailed;
}

int targets_in_transition(const api::PatchWaveStatus& status) {
  return static_cast<int>(std::count_if(status.targets.begin(), status.targets.end(),
                                        [](const auto& record) { return in_transition(record.state); }));
}

Decision decide(const Snapshot& snapshot, Time now) {
  Decision decision;
  decision.status = snapshot.wave.status;
  decision.status.observed_generation = snapshot.wave.metadata.generation;
  decision.status.hold.reset();
  switch (snapshot.wave.status.phase) {
    case WavePhase::Pending:
    case WavePhase::Waiting:
      wait(snapshot, decision, now);
      break;
    case WavePhase::Running:
      run(snapshot, decision, now);
      break;
    case WavePhase::Baking:
      bake(snapshot, decision, now);
      break;
    case WavePhase::RollingBack:
    case WavePhase::RollbackFailed:
      go_back(snapshot, decision, now);
      break;
    case WavePhase::Succeeded:
    case WavePhase::RolledBack:
    case WavePhase::Cancelled:
      rest(snapshot, decision, now);
      break;
  }
  if (is_under_way(snapshot.wave.status.phase)) {
    if (auto emergency = emergency_at_work(snapshot, now)) decision.status.emergency = std::move(emergency);
  }
  keep_hold_since(snapshot.wave.status.hold, decision.status.hold, now);
  if (decision.status.hold && decision.status.hold->until_time) {
    const auto wait_for = std::chrono::ceil<milliseconds>(*decision.status.hold->until_time - now);
    if (wait_for > milliseconds::zero() && (!decision.requeue_after || wait_for < *decision.requeue_after)) {
      decision.requeue_after = wait_for;
    }
  }
  count_progress(decision.status, snapshot.wave.spec.targets.size());
  set_conditions(snapshot.wave, decision.status, now);
  decision.finalize = snapshot.wave.metadata.deletion_time && api::has_ended(decision.status.phase);
  return decision;
}

std::vector<TargetActs> acts_for(const Snapshot& snapshot, const Decision& decision,
                                 const std::vector<std::string>& git_ops_managers, Time now) {
  std::vector<TargetActs> all;
  const auto& persisted = snapshot.wave.status.targets;
  const auto claim = claim_of(snapshot.wave);
  const bool held = hold_against_widening(snapshot, now).has_value();
  for (const auto& [index, observed] : snapshot.observed) {
    if (index >= persisted.size() || index >= decision.status.targets.size()) continue;
    const auto& record = persisted[index];
    if (record.state == TargetState::Pending || !same_intent(record, decision.status.targets[index]))
      continue;
    if (held && widens(record.state)) continue;
    const bool frozen = snapshot.wave.status.harm && snapshot.wave.spec.on_harm == api::OnHarm::Freeze;
    if (frozen && record.state == TargetState::Patching) continue;
    TargetActs next{index, {}, {}};
    if (observed.node) {
      next.node_acts = node::next_acts(work_of(snapshot), record, observed.node->live, now);
    } else {
      next.acts = target::next_acts(record, observed.live, claim, now, git_ops_managers);
    }
    if (!next.acts.empty() || !next.node_acts.empty()) all.push_back(std::move(next));
  }
  return all;
}

}  // namespace patchwave::wave
