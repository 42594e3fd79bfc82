#include "controllers/wave/node_step.hpp"

namespace patchwave::wave {

using api::NodeStep;
using api::TargetState;
using api::TargetStatus;

void enter_step(TargetStatus& record, TargetState state, NodeStep step, const node::Observation& seen,
                Time now, std::string message) {
  auto& progress = *record.node;
  progress.step = step;
  progress.attempt = 1;
  progress.started = false;
  progress.boot_id = seen.facts.boot_id;
  progress.touched = progress.touched || step == NodeStep::Patch;
  progress.rebooted = progress.rebooted || step == NodeStep::Reboot;
  enter(record, state, now, std::move(message));
}

bool another_attempt(TargetStatus& record, const node::Observation& seen) {
  auto& progress = *record.node;
  if (progress.attempt >= kMostAttempts) return false;
  ++progress.attempt;
  progress.started = false;
  progress.boot_id = seen.facts.boot_id;
  return true;
}

bool booted_anew(const TargetStatus& record, const node::Observation& seen) {
  return !seen.facts.boot_id.empty() && seen.facts.boot_id != record.node->boot_id;
}

}  // namespace patchwave::wave
