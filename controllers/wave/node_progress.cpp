#include "controllers/wave/node_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/api/hold.hpp"
#include "controllers/wave/control_plane.hpp"
#include "controllers/wave/decide.hpp"
#include "controllers/wave/node_step.hpp"
#include "controllers/wave/transition.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

using api::NodeStep;
using api::TargetState;
using api::TargetStatus;
using node::JobFacts;

/// What a kubelet that starts takes to tell its node's boot ID, with room to spare.
constexpr seconds kUntilBootIsTold{15};
constexpr std::string_view kAnotherMachine =
    "was replaced by another machine of the same name, which is left alone";

bool claimed_by_another(const Pass& pass, const node::Observation& seen) {
  return !seen.claimed_by.empty() && seen.claimed_by != pass.claim;
}

// A machine that was repaired away while it did not come back was lost by the patch, as far as anybody can
// tell. One that was well when it went was taken by somebody else.
bool lost_by_the_patch(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  const bool gone = !seen.exists || seen.replaced;
  const bool away =
      record.unready_since_time || (record.node->step == NodeStep::Reboot && record.node->started);
  if (!gone || !record.node->touched || !away) return false;
  record.message = "was deleted or replaced while it did not come back";
  if (!pass.harm) pass.harm = api::Harm{"node", text_of(record.target), record.message, pass.now};
  return true;
}

void in_work(Pass& pass, const TargetStatus& record, std::string_view message) {
  held(pass, record, api::hold::kNodeInWork, message);
  pass.look_again(pass.now + kNodeLook);
}

void claim(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  if (!seen.exists) return skip(record, pass.now, "does not exist");
  if (seen.facts.patched_by == pass.image) return skip(record, pass.now, "has the patch already");
  if (claimed_by_another(pass, seen)) {
    return held(pass, record, api::hold::kClaimedElsewhere,
                fmt::format("is being drained by '{}'", seen.claimed_by));
  }
  if (record.node && record.node->retry_time && pass.now < *record.node->retry_time) {
    pass.look_again(record.node->retry_time);
    return held(pass, record, api::hold::kEvictionBlocked, record.message, record.node->retry_time);
  }
  if (!seen.ready) {
    return held(pass, record, api::hold::kTargetNotReady, "is not ready before anything was changed");
  }
  if (const auto why =
          keeps_control_plane_node(pass.snapshot, pass.control_plane_begun, record.target.name)) {
    return held(pass, record, api::hold::kTargetNotReady, *why);
  }
  if (!may_begin(pass, record)) return;
  if (pass.snapshot.control_plane.contains(record.target.name)) pass.control_plane_begun = record.target.name;
  record.uid = seen.uid;
  record.before.node = seen.facts;
  record.after_image = pass.image;
  record.node = api::NodeProgress{};
  enter_step(record, TargetState::Claimed, NodeStep::Drain, seen, pass.now, "what it was is on record");
}

void forget(TargetStatus& record, Time now, std::string message) {
  record.before = {};
  record.uid.clear();
  enter(record, TargetState::Pending, now, std::move(message));
}

// Unpatched: what keeps it from being drained may pass.
void give_back(TargetStatus& record, const node::Observation& seen, Time now, std::string why,
               std::optional<Time> retry) {
  enter_step(record, TargetState::Patching, NodeStep::Return, seen, now, std::move(why));
  record.node->retry_time = retry;
}

void begin(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  if (vanished(pass, seen.exists, seen.replaced, kAnotherMachine, record)) return;
  if (claimed_by_another(pass, seen)) return forget(record, pass.now, "another was first");
  if (seen.cordoned) {
    return enter_step(record, TargetState::Patching, NodeStep::Drain, seen, pass.now, "is being drained");
  }
  if (pass.widening_held) {
    pass.holds.push_back(*pass.widening_held);
    return;
  }
  if (seen.drain && seen.drain->state == drain::State::Refused) {
    // Nothing was touched: another node may go first.
    held(pass, record, api::hold::kEvictionBlocked, seen.drain->message);
    forget(record, pass.now, seen.drain->message);
    record.node->retry_time = pass.now + pass.snapshot.wave.spec.nodes->drain.deadline;
  }
}

// In a closed window nothing more is disturbed, and a cordon that waits for the next one is capacity lost.
void drain_on(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  const auto& rules = pass.snapshot.wave.spec.nodes->drain;
  if (pass.widening_held) {
    pass.holds.push_back(*pass.widening_held);
    return give_back(record, seen, pass.now, "was not drained before the wave was held", std::nullopt);
  }
  if (!seen.drain) return;
  switch (seen.drain->state) {
    case drain::State::Drained:
      return enter_step(record, TargetState::Patching, NodeStep::Patch, seen, pass.now, "is being patched");
    case drain::State::Expired:
    case drain::State::CordonLost:
      return give_back(record, seen, pass.now, seen.drain->message, pass.now + rules.deadline);
    case drain::State::HeldByAnother:
      return forget(record, pass.now, seen.drain->message);
    default:
      break;
  }
  const bool blocked = !seen.drain->blockers.empty();
  held(pass, record, blocked ? api::hold::kEvictionBlocked : api::hold::kNodeInWork, seen.drain->message);
  pass.look_again(seen.drain->next_time);
}

// The Job that was cut short, or that nothing has run, is made again: a bounded number of times.
void try_again(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  if (another_attempt(record, seen)) return pass.look_again(pass.now + kNodeLook);
  held(pass, record, api::hold::kTargetNotReady,
       fmt::format("the {} step could not be run in {} attempts: {}", api::to_string(record.node->step),
                   kMostAttempts, seen.job.message));
}

NodeStep after_patch(const Snapshot& snapshot, const node::Observation& seen) {
  const auto reboot = snapshot.wave.spec.nodes->reboot;
  const bool due = reboot == api::Reboot::Always ||
                   (reboot == api::Reboot::IfNeeded && (seen.job.reboot_required || !seen.job.last_words));
  return due ? NodeStep::Reboot : NodeStep::Verify;
}

// Verify needs no Job where the recipe has no such step.
void go_on(Pass& pass, const node::Observation& seen, TargetStatus& record, NodeStep next) {
  const auto& recipe = pass.snapshot.nodes->recipe;
  if (next == NodeStep::Verify && recipe && !recipe->verify) next = NodeStep::Return;
  if (next != NodeStep::Return) {
    return enter_step(record, TargetState::Patching, next, seen, pass.now,
                      next == NodeStep::Reboot ? "is being booted anew" : "is being verified");
  }
  enter_step(record, TargetState::Promoting, NodeStep::Return, seen, pass.now,
             record.node->rebooted ? fmt::format("is patched, and has booted as {}", seen.facts.boot_id)
                                   : "is patched");
}

void wait_for_job(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  const auto step = api::to_string(record.node->step);
  if (seen.job.state == JobFacts::State::Absent && !pass.snapshot.nodes->recipe) {
    return held(pass, record, api::hold::kInvalidSpec, pass.snapshot.nodes->problem);
  }
  if (seen.job.state == JobFacts::State::Failed) {
    if (!seen.ready) return in_work(pass, record, fmt::format("the {} step was cut short: not ready", step));
    if (!record.node->started || booted_anew(record, seen)) return try_again(pass, seen, record);
    return in_work(pass, record, fmt::format("the {} step has failed: {}", step, seen.job.message));
  }
  if (seen.job.state == JobFacts::State::Absent && seen.drain && seen.drain->state != drain::State::Drained) {
    return in_work(pass, record, fmt::format("the {} step waits: {}", step, seen.drain->message));
  }
  in_work(pass, record,
          seen.job.message.empty() ? fmt::format("the {} step runs", step)
                                   : fmt::format("the {} step waits: {}", step, seen.job.message));
}

void work(Pass& pass, std::size_t index, const node::Observation& seen, TargetStatus& record) {
  const bool returning = record.node->step == NodeStep::Return;
  if (returning && seen.claimed_by != pass.claim) return forget(record, pass.now, record.message);
  if (lost_by_the_patch(pass, seen, record)) return;
  if (vanished(pass, seen.exists, seen.replaced, kAnotherMachine, record)) return;
  record.node->started = record.node->started || seen.job.started;
  const auto finding = verdict_of(pass.snapshot, index);
  if (shows_harm(pass, finding, record)) return;
  pass.look_again(finding.decides_time);
  // Before the patch step nothing of ours can have harmed it.
  if (seen.ready || !record.node->touched) {
    record.unready_since_time.reset();
  } else if (!record.unready_since_time) {
    record.unready_since_time = pass.now;
  }
  switch (record.node->step) {
    case NodeStep::Drain:
      return drain_on(pass, seen, record);
    case NodeStep::Patch:
      if (seen.job.state != JobFacts::State::Succeeded) return wait_for_job(pass, seen, record);
      return go_on(pass, seen, record, after_patch(pass.snapshot, seen));
    case NodeStep::Verify:
      if (pass.snapshot.nodes->recipe && !pass.snapshot.nodes->recipe->verify) {
        return go_on(pass, seen, record, NodeStep::Return);
      }
      if (seen.job.state != JobFacts::State::Succeeded) return wait_for_job(pass, seen, record);
      return go_on(pass, seen, record, NodeStep::Return);
    case NodeStep::Reboot:
      if (booted_anew(record, seen) && seen.ready) return go_on(pass, seen, record, NodeStep::Verify);
      if (seen.job.state == JobFacts::State::Failed && !record.node->started && seen.ready) {
        return try_again(pass, seen, record);
      }
      return in_work(pass, record, "waits for another boot ID");
    default:
      return in_work(pass, record, record.message);
  }
}

void watch(Pass& pass, std::size_t index, const node::Observation& seen, TargetStatus& record) {
  if (lost_by_the_patch(pass, seen, record)) return;
  if (vanished(pass, seen.exists, seen.replaced, kAnotherMachine, record)) return;
  const bool complete = is_back(pass, seen);
  note_readiness(pass, complete, record);
  const auto finding = verdict_of(pass.snapshot, index);
  if (shows_harm(pass, finding, record)) return;
  const bool pass_shown = finding.verdict == api::Verdict::Pass && complete;
  if (pass_shown) return enter(record, TargetState::Promoted, pass.now, finding.message);
  if (goes_on_undecided(pass, finding, record, complete)) {
    enter(record, TargetState::Promoted, pass.now, "goes on without a verdict, as `onUndecided` says");
  }
}

}  // namespace

bool is_back(const Pass& pass, const node::Observation& seen) {
  return seen.exists && !seen.replaced && seen.ready && seen.claimed_by != pass.claim;
}

std::optional<std::string> step_failure(const TargetStatus& record, const node::Observation& seen, Time now) {
  if (!record.node || record.state != TargetState::Patching) return std::nullopt;
  const auto step = record.node->step;
  const bool proves = step == NodeStep::Patch || step == NodeStep::Verify;
  const bool failed = seen.job.state == JobFacts::State::Failed && (record.node->started || seen.job.started);
  if (!proves || !failed || !seen.ready || booted_anew(record, seen)) return std::nullopt;
  if (now < seen.job.failed_time.value_or(now) + kUntilBootIsTold) return std::nullopt;
  return fmt::format("the {} step failed: {}", api::to_string(step), seen.job.message);
}

node::Work work_of(const Snapshot& snapshot) {
  const auto& nodes = snapshot.nodes;
  return {snapshot.wave,
          claim_of(snapshot.wave),
          nodes ? nodes->recipe : std::nullopt,
          nodes ? nodes->parameters : std::map<std::string, std::string>{},
          nodes ? nodes->jobs_namespace : "",
          nodes ? nodes->jobs_account : ""};
}

void progress_node(Pass& pass, std::size_t index, TargetStatus& record) {
  const auto observed = pass.snapshot.observed.find(index);
  if (observed == pass.snapshot.observed.end() || !observed->second.node) return;
  const auto& seen = observed->second.node->seen;
  switch (record.state) {
    case TargetState::Pending:
      return claim(pass, seen, record);
    case TargetState::Claimed:
      return begin(pass, seen, record);
    case TargetState::Patching:
      return work(pass, index, seen, record);
    case TargetState::Promoting:
      return watch(pass, index, seen, record);
    default:
      return;
  }
}

}  // namespace patchwave::wave
