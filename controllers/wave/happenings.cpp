#include "controllers/wave/happenings.hpp"

#include <fmt/format.h>

#include "controllers/api/hold.hpp"
#include "controllers/wave/conditions.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

using api::Happening;
using api::TargetState;
using api::WavePhase;

api::ObjectReference reference_to(const api::TargetStatus& record) {
  const bool node = record.target.kind == api::TargetKind::Node;
  return {node ? "v1" : "apps/v1", std::string(api::to_string(record.target.kind)), record.target.ns,
          record.target.name, record.uid};
}

void tell_phase(const api::PatchWave& wave, const api::PatchWaveStatus& before,
                const api::PatchWaveStatus& after, std::vector<Happening>& told) {
  if (before.phase == after.phase) return;
  const auto tell = [&](bool warning, std::string_view reason, std::string_view action) {
    told.push_back(
        {warning, std::string(reason), std::string(action), summary(after), wave::reference_to(wave)});
  };
  switch (after.phase) {
    case WavePhase::Running:
      return tell(false, "WaveStarted", "Start");
    case WavePhase::Baking:
      return tell(false, "BakeStarted", "Bake");
    case WavePhase::Succeeded:
      return tell(false, "WaveSucceeded", "Finish");
    case WavePhase::RollingBack:
      return tell(true, "RollbackStarted", "RollBack");
    case WavePhase::RolledBack:
      return tell(true, "RollbackCompleted", "RollBack");
    case WavePhase::RollbackFailed:
      return tell(true, "RollbackFailed", "RollBack");
    case WavePhase::Cancelled:
      return tell(false, "WaveCancelled", "Cancel");
    default:
      return;
  }
}

void tell_hold(const api::PatchWave& wave, const api::PatchWaveStatus& before,
               const api::PatchWaveStatus& after, std::vector<Happening>& told) {
  const auto reason_of = [](const auto& status) { return status.hold ? status.hold->reason : std::string(); };
  const auto was = reason_of(before);
  const auto is = reason_of(after);
  if (was == is || is == api::hold::kGatheringEvidence || is == api::hold::kNodeInWork) return;
  if (is.empty() || was == api::hold::kTelemetryUnavailable) {
    if (was == api::hold::kTelemetryUnavailable) {
      told.push_back(
          {false, "TelemetryRestored", "Judge", "Prometheus answers again", wave::reference_to(wave)});
    }
    if (is.empty()) return;
  }
  const bool warning = is == api::hold::kFieldConflict || is == api::hold::kTelemetryUnavailable ||
                       is == api::hold::kInvalidSpec || is == api::hold::kFrozen ||
                       is == api::hold::kWriteRefused;
  told.push_back({warning, is, "Hold", after.hold->message, wave::reference_to(wave)});
}

void tell_emergency(const api::PatchWave& wave, const api::PatchWaveStatus& before,
                    const api::PatchWaveStatus& after, std::vector<Happening>& told) {
  if (!after.emergency || before.emergency == after.emergency) return;
  const auto& [approver, reason, until] = *after.emergency;
  told.push_back(
      {true, "EmergencyDeclared", "Start",
       fmt::format("{} opens the closed window until {}: {}", approver, format_time(until), reason),
       wave::reference_to(wave)});
}

void tell_harm(const api::PatchWave& wave, const api::PatchWaveStatus& before,
               const api::PatchWaveStatus& after, std::vector<Happening>& told) {
  if (before.harm || !after.harm) return;
  told.push_back(
      {true, "HarmDetected", "Judge",
       fmt::format("gate '{}' on {}: {}", after.harm->gate, after.harm->target, after.harm->message),
       wave::reference_to(wave)});
}

void tell_target(const api::PatchWave& wave, const api::TargetStatus& before, const api::TargetStatus& after,
                 std::vector<Happening>& told) {
  const auto step_of = [](const api::TargetStatus& record) {
    return record.node ? std::optional(record.node->step) : std::nullopt;
  };
  const bool same_step = before.step == after.step && step_of(before) == step_of(after);
  if (before.state == after.state && same_step) return;
  const auto tell = [&](bool warning, std::string_view reason, std::string_view action) {
    told.push_back({warning, std::string(reason), std::string(action),
                    fmt::format("{} (PatchWave {}/{})", after.message, wave.metadata.ns, wave.metadata.name),
                    reference_to(after)});
  };
  switch (after.state) {
    case TargetState::Canary:
      return tell(false, after.step == 0 ? "CanaryStarted" : "StepAdvanced", "Canary");
    case TargetState::Patching:
      return tell(false, fmt::format("Node{}", api::to_string(after.node->step)), "Patch");
    case TargetState::Promoting:
      return tell(false, "PromotionStarted", "Promote");
    case TargetState::Promoted:
      return tell(false, "TargetPromoted", "Promote");
    case TargetState::RollingBack:
      return tell(true, "TargetRollbackStarted", "RollBack");
    case TargetState::RolledBack:
      return tell(false, "TargetRolledBack", "RollBack");
    case TargetState::RollbackFailed:
      return tell(true, "TargetRollbackFailed", "RollBack");
    default:
      return;
  }
}

}  // namespace

std::vector<Happening> happenings(const api::PatchWave& wave, const api::PatchWaveStatus& before,
                                  const api::PatchWaveStatus& after) {
  std::vector<Happening> told;
  tell_emergency(wave, before, after, told);
  tell_harm(wave, before, after, told);
  tell_phase(wave, before, after, told);
  tell_hold(wave, before, after, told);
  for (std::size_t index = 0; index < after.targets.size() && index < before.targets.size(); ++index) {
    tell_target(wave, before.targets[index], after.targets[index], told);
  }
  return told;
}

api::ObjectReference reference_to(const api::PatchWave& wave) {
  return {std::string(api::kApiVersion), "PatchWave", wave.metadata.ns, wave.metadata.name,
          wave.metadata.uid};
}

}  // namespace patchwave::wave
