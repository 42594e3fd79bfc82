#include "controllers/api/enums.hpp"

#include <array>

namespace patchwave::api {
namespace {

template <class Enum, std::size_t kSize>
using Table = std::array<std::pair<Enum, std::string_view>, kSize>;

constexpr Table<Mode, 3> kModes = {{
    {Mode::Observe, "Observe"},
    {Mode::Approve, "Approve"},
    {Mode::Automatic, "Automatic"},
}};
constexpr Table<OnHarm, 2> kOnHarm = {{
    {OnHarm::Rollback, "Rollback"},
    {OnHarm::Freeze, "Freeze"},
}};
constexpr Table<OnUndecided, 3> kOnUndecided = {{
    {OnUndecided::Hold, "Hold"},
    {OnUndecided::Advance, "Advance"},
    {OnUndecided::Rollback, "Rollback"},
}};
constexpr Table<UpdateScope, 4> kUpdateScopes = {{
    {UpdateScope::None, "None"},
    {UpdateScope::Digest, "Digest"},
    {UpdateScope::Patch, "Patch"},
    {UpdateScope::Minor, "Minor"},
}};
constexpr Table<Verdict, 3> kVerdicts = {{
    {Verdict::Undecided, "Undecided"},
    {Verdict::Pass, "Pass"},
    {Verdict::Harm, "Harm"},
}};
constexpr Table<TargetKind, 4> kTargetKinds = {{
    {TargetKind::Deployment, "Deployment"},
    {TargetKind::StatefulSet, "StatefulSet"},
    {TargetKind::DaemonSet, "DaemonSet"},
    {TargetKind::Node, "Node"},
}};
constexpr Table<WavePhase, 9> kWavePhases = {{
    {WavePhase::Pending, "Pending"},
    {WavePhase::Waiting, "Waiting"},
    {WavePhase::Running, "Running"},
    {WavePhase::Baking, "Baking"},
    {WavePhase::Succeeded, "Succeeded"},
    {WavePhase::RollingBack, "RollingBack"},
    {WavePhase::RolledBack, "RolledBack"},
    {WavePhase::RollbackFailed, "RollbackFailed"},
    {WavePhase::Cancelled, "Cancelled"},
}};
constexpr Table<TargetState, 10> kTargetStates = {{
    {TargetState::Pending, "Pending"},
    {TargetState::Claimed, "Claimed"},
    {TargetState::Canary, "Canary"},
    {TargetState::Patching, "Patching"},
    {TargetState::Promoting, "Promoting"},
    {TargetState::Promoted, "Promoted"},
    {TargetState::RollingBack, "RollingBack"},
    {TargetState::RolledBack, "RolledBack"},
    {TargetState::RollbackFailed, "RollbackFailed"},
    {TargetState::Skipped, "Skipped"},
}};
constexpr Table<NodeStep, 7> kNodeSteps = {{
    {NodeStep::Drain, "Drain"},
    {NodeStep::Patch, "Patch"},
    {NodeStep::Reboot, "Reboot"},
    {NodeStep::Verify, "Verify"},
    {NodeStep::Return, "Return"},
    {NodeStep::Undo, "Undo"},
    {NodeStep::UndoReboot, "UndoReboot"},
}};
constexpr Table<Reboot, 3> kReboots = {{
    {Reboot::IfNeeded, "IfNeeded"},
    {Reboot::Always, "Always"},
    {Reboot::Never, "Never"},
}};
constexpr Table<PodTreatment, 3> kPodTreatments = {{
    {PodTreatment::Evict, "Evict"},
    {PodTreatment::Refuse, "Refuse"},
    {PodTreatment::Leave, "Leave"},
}};
constexpr Table<RollbackCause, 4> kRollbackCauses = {{
    {RollbackCause::Harm, "Harm"},
    {RollbackCause::Quarantine, "Quarantine"},
    {RollbackCause::Undecided, "Undecided"},
    {RollbackCause::Cancelled, "Cancelled"},
}};

}  // namespace

template <>
Names<Mode> names_of<Mode>() {
  return kModes;
}
template <>
Names<OnHarm> names_of<OnHarm>() {
  return kOnHarm;
}
template <>
Names<OnUndecided> names_of<OnUndecided>() {
  return kOnUndecided;
}
template <>
Names<UpdateScope> names_of<UpdateScope>() {
  return kUpdateScopes;
}
template <>
Names<Verdict> names_of<Verdict>() {
  return kVerdicts;
}
template <>
Names<TargetKind> names_of<TargetKind>() {
  return kTargetKinds;
}
template <>
Names<WavePhase> names_of<WavePhase>() {
  return kWavePhases;
}
template <>
Names<TargetState> names_of<TargetState>() {
  return kTargetStates;
}
template <>
Names<NodeStep> names_of<NodeStep>() {
  return kNodeSteps;
}
template <>
Names<Reboot> names_of<Reboot>() {
  return kReboots;
}
template <>
Names<PodTreatment> names_of<PodTreatment>() {
  return kPodTreatments;
}
template <>
Names<RollbackCause> names_of<RollbackCause>() {
  return kRollbackCauses;
}

std::string_view to_string(Mode value) {
  return word_of(value);
}
std::string_view to_string(OnHarm value) {
  return word_of(value);
}
std::string_view to_string(OnUndecided value) {
  return word_of(value);
}
std::string_view to_string(UpdateScope value) {
  return word_of(value);
}
std::string_view to_string(Verdict value) {
  return word_of(value);
}
std::string_view to_string(TargetKind value) {
  return word_of(value);
}
std::string_view to_string(WavePhase value) {
  return word_of(value);
}
std::string_view to_string(TargetState value) {
  return word_of(value);
}
std::string_view to_string(NodeStep value) {
  return word_of(value);
}
std::string_view to_string(Reboot value) {
  return word_of(value);
}
std::string_view to_string(PodTreatment value) {
  return word_of(value);
}
std::string_view to_string(RollbackCause value) {
  return word_of(value);
}

bool is_terminal(WavePhase phase) {
  switch (phase) {
    case WavePhase::Succeeded:
    case WavePhase::RolledBack:
    case WavePhase::RollbackFailed:
    case WavePhase::Cancelled:
      return true;
    case WavePhase::Pending:
    case WavePhase::Waiting:
    case WavePhase::Running:
    case WavePhase::Baking:
    case WavePhase::RollingBack:
      return false;
  }
  return false;
}

}  // namespace patchwave::api
