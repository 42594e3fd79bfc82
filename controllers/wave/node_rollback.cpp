// A node's way back.
#include <fmt/format.h>

#include <algorithm>

#include "controllers/wave/node_progress.hpp"
#include "controllers/wave/node_step.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

using api::NodeStep;
using api::TargetState;
using api::TargetStatus;
using node::JobFacts;

std::string_view name_of(NodeStep step) {
  switch (step) {
    case NodeStep::Drain:
      return "is not drained";
    case NodeStep::Undo:
      return "is not undone";
    case NodeStep::UndoReboot:
      return "has not come back from its reboot";
    default:
      return "is not back";
  }
}

void undo(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  if (seen.job.state == JobFacts::State::Succeeded) {
    const auto next = record.node->rebooted ? NodeStep::UndoReboot : NodeStep::Return;
    return enter_step(record, record.state, next, seen, pass.now, "the patch is taken back");
  }
  if (seen.job.state != JobFacts::State::Failed || !seen.ready) return pass.look_again(pass.now + kNodeLook);
  if (another_attempt(record, seen)) return pass.look_again(pass.now + kNodeLook);
  if (record.state == TargetState::RollbackFailed) return;
  enter(record, TargetState::RollbackFailed, pass.now,
        fmt::format("the Undo step failed {} times, and the node stays cordoned: {}", kMostAttempts,
                    seen.job.message));
}

void begin_undo(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  if (!seen.drain || seen.drain->state != drain::State::Drained || seen.forward_job_active) {
    return pass.look_again(pass.now + kNodeLook);
  }
  const auto& recipe = pass.snapshot.nodes->recipe;
  if (!recipe) {
    record.message = pass.snapshot.nodes->problem;
    return pass.look_again(pass.now + kNodeLook);
  }
  if (recipe->undo) {
    return enter_step(record, record.state, NodeStep::Undo, seen, pass.now, "the patch is being taken back");
  }
  if (record.state == TargetState::RollbackFailed) return;
  enter(record, TargetState::RollbackFailed, pass.now,
        "the recipe has no undo, and the node stays cordoned; delete the wave to give it back as it is");
}

void step_back(Pass& pass, const node::Observation& seen, TargetStatus& record) {
  switch (record.node->step) {
    case NodeStep::Drain:
      return begin_undo(pass, seen, record);
    case NodeStep::Undo:
      return undo(pass, seen, record);
    case NodeStep::UndoReboot:
      if (booted_anew(record, seen) && seen.ready) {
        return enter_step(record, record.state, NodeStep::Return, seen, pass.now, "is what it was");
      }
      return pass.look_again(pass.now + kNodeLook);
    default:
      pass.look_again(pass.now + kNodeLook);
  }
}

}  // namespace

void turn_back(TargetStatus& record) {
  if (!record.node) return;
  record.node->step = record.node->touched ? NodeStep::Drain : NodeStep::Return;
  record.node->attempt = 1;
}

void progress_node_rollback(Pass& pass, std::size_t index, TargetStatus& record) {
  const auto observed = pass.snapshot.observed.find(index);
  if (observed == pass.snapshot.observed.end() || !observed->second.node) return;
  const auto& seen = observed->second.node->seen;
  if (!seen.exists || seen.replaced) {
    return enter(record, TargetState::RolledBack, pass.now, "does not exist any more");
  }
  if (!record.node) return enter(record, TargetState::RolledBack, pass.now, "was not begun");
  // A person who deletes the wave takes the node as it is.
  const bool given_up =
      record.state == TargetState::RollbackFailed && pass.snapshot.wave.metadata.deletion_time.has_value();
  if (given_up) record.node->step = NodeStep::Return;
  if (record.node->step == NodeStep::Return && is_back(pass, seen)) {
    return enter(record, TargetState::RolledBack, pass.now,
                 given_up ? "was given back as it is" : "is what it was, and is ready");
  }
  step_back(pass, seen, record);
  if (record.state != TargetState::RollingBack) return;
  const auto since = std::max(record.state_since_time.value_or(pass.now), pass.snapshot.watching_since);
  const auto& spec = pass.snapshot.wave.spec;
  const bool drains = record.node->step == NodeStep::Drain;
  const auto patience = 2 * spec.progress_deadline + (drains ? spec.nodes->drain.deadline : milliseconds(0));
  if (pass.now < since + patience) return pass.look_again(since + patience);
  enter(record, TargetState::RollbackFailed, pass.now,
        fmt::format("{} after {}; it stays cordoned and is retried until it is", name_of(record.node->step),
                    format_duration(patience)));
}

}  // namespace patchwave::wave
