#include "controllers/wave/progress.hpp"

#include <fmt/format.h>

#include "controllers/api/hold.hpp"
#include "controllers/wave/node_progress.hpp"
#include "controllers/wave/transition.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

using api::TargetState;
using api::TargetStatus;

constexpr std::string_view kMadeAnew =
    "was deleted and made anew while the wave ran; the new one is left alone";

// A step of everything is the promotion itself: there is no copy left to compare with.
bool is_whole(const api::CountOrPercent& step) {
  return step.percent && step.value >= 100;
}

void enter_step(const Pass& pass, TargetStatus& record, int step, int desired) {
  const auto& steps = pass.snapshot.wave.spec.steps;
  const auto at = static_cast<std::size_t>(step);
  record.step = step;
  if (at >= steps.size() || is_whole(steps[at])) {
    record.canary_replicas = desired;
    enter(record, TargetState::Promoting, pass.now, "the whole workload gets the image");
    return;
  }
  record.canary_replicas = target::copies_for(steps[at], desired);
  enter(
      record, TargetState::Canary, pass.now,
      fmt::format("step {} of {}: {} of {} copies", step + 1, steps.size(), record.canary_replicas, desired));
}

void claim(Pass& pass, const target::Observation& seen, TargetStatus& record) {
  if (!seen.exists) return skip(record, pass.now, "does not exist");
  if (!seen.claimed_by.empty() && seen.claimed_by != pass.claim) {
    return held(pass, record, api::hold::kClaimedElsewhere,
                fmt::format("is being changed by '{}'", seen.claimed_by));
  }
  if (seen.already_patched) return skip(record, pass.now, "has the image already");
  if (obstructed(pass, seen, record)) return;
  if (seen.ready < seen.desired) {
    return held(
        pass, record, api::hold::kTargetNotReady,
        fmt::format("{} of {} copies are ready before anything was changed", seen.ready, seen.desired));
  }
  if (!may_begin(pass, record)) return;
  record.uid = seen.uid;
  record.before = seen.current;
  record.after_image = pass.image;
  enter(record, TargetState::Claimed, pass.now, "what was there is on record");
}

void begin(Pass& pass, const target::Observation& seen, TargetStatus& record) {
  if (vanished(pass, seen.exists, seen.replaced, kMadeAnew, record)) return;
  const bool taken = !seen.claimed_by.empty() && seen.claimed_by != pass.claim;
  const bool changed_since = seen.claimed_by.empty() && !seen.problem.empty();
  if (taken || changed_since) {
    // Nothing of ours is on it yet, so what was there before is put on record anew.
    record.before = {};
    record.uid.clear();
    enter(record, TargetState::Pending, pass.now, taken ? "another wave was first" : seen.problem);
    return;
  }
  if (pass.widening_held) {
    pass.holds.push_back(*pass.widening_held);
    return;
  }
  if (seen.claimed_by == pass.claim) enter_step(pass, record, 0, seen.desired);
}

void advance(Pass& pass, const target::Observation& seen, TargetStatus& record, std::string why) {
  if (record.state == TargetState::Promoting) {
    return enter(record, TargetState::Promoted, pass.now, std::move(why));
  }
  if (pass.widening_held) {
    pass.holds.push_back(*pass.widening_held);
    return;
  }
  enter_step(pass, record, record.step + 1, seen.desired);
}

void watch_step(Pass& pass, std::size_t index, const target::Observation& seen, TargetStatus& record) {
  if (vanished(pass, seen.exists, seen.replaced, kMadeAnew, record)) return;
  const bool complete = record.state == TargetState::Promoting ? seen.complete : seen.step_complete;
  note_readiness(pass, complete, record);
  const auto finding = verdict_of(pass.snapshot, index);
  if (shows_harm(pass, finding, record)) return;
  if (obstructed(pass, seen, record)) return;
  if (finding.verdict == api::Verdict::Pass && complete) {
    return advance(pass, seen, record, finding.message);
  }

  if (goes_on_undecided(pass, finding, record, complete)) {
    advance(pass, seen, record,
            fmt::format("advanced without a verdict after {}",
                        format_duration(pass.snapshot.wave.spec.on_undecided.after)));
  }
}

}  // namespace

bool obstructed(Pass& pass, const target::Observation& seen, const TargetStatus& record) {
  if (!seen.gitops_manager.empty()) {
    held(pass, record, api::hold::kFieldConflict,
         fmt::format("'{}' keeps the image field and would put it back; let it ignore that field",
                     seen.gitops_manager));
    return true;
  }
  if (!seen.problem.empty()) {
    held(pass, record, api::hold::kTargetNotReady, seen.problem);
    return true;
  }
  if (!seen.foreign_write) return false;
  held(pass, record, api::hold::kFieldConflict,
       fmt::format(
           "'{}' set the image of container '{}' to '{}'; put back what the wave expects or cancel the "
           "wave",
           seen.foreign_write->manager, seen.foreign_write->container, seen.foreign_write->image));
  return true;
}

void progress_target(Pass& pass, std::size_t index, TargetStatus& record) {
  if (record.target.kind == api::TargetKind::Node) return progress_node(pass, index, record);
  const auto observed = pass.snapshot.observed.find(index);
  if (observed == pass.snapshot.observed.end()) return;
  const auto& seen = observed->second.seen;
  switch (record.state) {
    case TargetState::Pending:
      return claim(pass, seen, record);
    case TargetState::Claimed:
      return begin(pass, seen, record);
    case TargetState::Canary:
    case TargetState::Promoting:
      return watch_step(pass, index, seen, record);
    default:
      return;
  }
}

void progress_rollback(Pass& pass, std::size_t index, TargetStatus& record) {
  if (record.target.kind == api::TargetKind::Node) return progress_node_rollback(pass, index, record);
  const auto observed = pass.snapshot.observed.find(index);
  if (observed == pass.snapshot.observed.end()) return;
  const auto& seen = observed->second.seen;
  const bool nothing_to_restore = !seen.exists || seen.replaced;
  if (seen.restored || nothing_to_restore) {
    return enter(record, TargetState::RolledBack, pass.now,
                 nothing_to_restore ? "does not exist any more" : "runs what it ran before, and is ready");
  }
  const auto since = std::max(record.state_since_time.value_or(pass.now), pass.snapshot.watching_since);
  const auto deadline = since + 2 * pass.snapshot.wave.spec.progress_deadline;
  if (record.state != TargetState::RollingBack) return;
  if (pass.now < deadline) return pass.look_again(deadline);
  enter(
      record, TargetState::RollbackFailed, pass.now,
      fmt::format("is not back after {}: {} of {} copies are ready; retried until it is",
                  format_duration(2 * pass.snapshot.wave.spec.progress_deadline), seen.ready, seen.desired));
}

void note_readiness(Pass& pass, bool complete, TargetStatus& record) {
  if (complete) {
    record.unready_since_time.reset();
    if (!record.ready_since_time) {
      record.ready_since_time = pass.now;
      pass.look_again(pass.now + pass.snapshot.wave.spec.step_bake);
    }
    return;
  }
  if (record.ready_since_time) record.unready_since_time = pass.now;
  record.ready_since_time.reset();
}

judge::Finding verdict_of(const Snapshot& snapshot, std::size_t index) {
  std::vector<judge::Finding> findings;
  for (const auto& finding : snapshot.findings) {
    if (finding.target != index) continue;
    findings.push_back(finding.finding);
    if (finding.finding.verdict == api::Verdict::Undecided) {
      findings.back().message = fmt::format("gate '{}': {}", finding.gate, finding.finding.message);
    }
  }
  const std::size_t gates = snapshot.wave.spec.gates.size() + 1;  // "pods", or "node", is always on.
  auto combined = judge::combine(findings);
  if (combined.verdict == api::Verdict::Pass && findings.size() < gates) {
    return {api::Verdict::Undecided, judge::Absence::None, "not every gate has been asked yet", "",
            std::nullopt};
  }
  return combined;
}

api::Hold hold_for(const judge::Finding& finding, std::string_view target) {
  const auto reason = finding.absence == judge::Absence::TelemetryUnavailable
                          ? api::hold::kTelemetryUnavailable
                      : finding.absence == judge::Absence::NoData ? api::hold::kNoData
                                                                  : api::hold::kGatheringEvidence;
  return {std::string(reason), fmt::format("{}: {}", target, finding.message), std::nullopt,
          finding.decides_time};
}

api::Hold hold_of_spent_budget(std::string_view target) {
  return {std::string(api::hold::kBudgetSpent),
          fmt::format("{}: `maxUnavailable` targets are in transition, counted over all waves of the policy",
                      target),
          std::nullopt, std::nullopt};
}

std::string text_of(const api::WaveTarget& target) {
  if (target.ns.empty()) return fmt::format("{} {}", api::to_string(target.kind), target.name);
  return fmt::format("{} {}/{}", api::to_string(target.kind), target.ns, target.name);
}

std::optional<api::OnUndecided> undecided_action(const api::PatchWaveSpec& spec, Time since, Time now) {
  if (now < since + spec.on_undecided.after) return std::nullopt;
  return spec.on_undecided.action;
}

}  // namespace patchwave::wave
