#include "controllers/wave/conditions.hpp"

#include <fmt/format.h>

namespace patchwave::wave {
namespace {

using api::WavePhase;

bool needs_somebody(const api::PatchWaveStatus& status) {
  return status.phase == WavePhase::RolledBack || status.phase == WavePhase::RollbackFailed ||
         status.phase == WavePhase::Cancelled;
}

std::string end_reason(const api::PatchWaveStatus& status) {
  if (status.phase == WavePhase::RolledBack && status.harm) return "HarmDetected";
  return std::string(api::to_string(status.phase));
}

}  // namespace

std::string summary(const api::PatchWaveStatus& status) {
  if (status.hold) return status.hold->message;
  switch (status.phase) {
    case WavePhase::Pending:
      return "not looked at yet";
    case WavePhase::Waiting:
      return "about to start";
    case WavePhase::Running:
      return fmt::format("{} of {} targets done", status.progress.done, status.progress.total);
    case WavePhase::Baking:
      return "all targets are changed; watching them";
    case WavePhase::Succeeded:
      return fmt::format("{} targets run {}", status.progress.done, status.image);
    case WavePhase::RollingBack:
      return status.harm ? fmt::format("putting back: gate '{}' on {}: {}", status.harm->gate,
                                       status.harm->target, status.harm->message)
             : status.rollback_cause == api::RollbackCause::Quarantine
                 ? "putting back: another wave of the patch showed harm"
                 : "putting back what was begun";
    case WavePhase::RolledBack:
      return status.harm ? fmt::format("put back: gate '{}' on {}: {}", status.harm->gate,
                                       status.harm->target, status.harm->message)
                         : "put back without a verdict";
    case WavePhase::RollbackFailed:
      return fmt::format("{} targets could not be put back in time; retried until they are",
                         status.progress.failed);
    case WavePhase::Cancelled:
      return "cancelled; what was begun is put back, what was done stays";
  }
  return "";
}

void set_conditions(const api::PatchWave& wave, api::PatchWaveStatus& status, Time now) {
  const auto set = [&](std::string_view type, std::string_view value, std::string reason,
                       std::string message) {
    api::set_condition(status.conditions,
                       {std::string(type), std::string(value), std::move(reason), std::move(message),
                        wave.metadata.generation, now},
                       now);
  };
  const auto text = summary(status);
  const auto reason = status.hold ? status.hold->reason : end_reason(status);
  const bool stalled = needs_somebody(status);
  const bool succeeded = status.phase == WavePhase::Succeeded;
  const bool active = !stalled && !succeeded;
  set("Ready", succeeded ? "True" : stalled ? "False" : "Unknown", reason, text);
  set("Reconciling", active ? "True" : "False", reason, text);
  set("Stalled", stalled ? "True" : "False", reason, text);
  set("Succeeded", succeeded ? "True" : stalled ? "False" : "Unknown", reason, text);
  if (status.hold) {
    set("Held", "True", status.hold->reason, text);
  } else {
    api::remove_condition(status.conditions, "Held");
  }
}

}  // namespace patchwave::wave
