#include "controllers/assembly/outcome_metrics.hpp"

#include <map>

#include "controllers/api/codec.hpp"
#include "controllers/api/hold.hpp"
#include "operator/base/time.hpp"

namespace patchwave::assembly {
namespace {

using api::TargetState;
using api::WavePhase;

template <class Enum>
std::vector<std::string> words(std::initializer_list<Enum> values) {
  std::vector<std::string> texts;
  for (const auto value : values) texts.emplace_back(api::to_string(value));
  return texts;
}

runtime::PatchVocabulary vocabulary() {
  runtime::PatchVocabulary words_of;
  words_of.wave_phases = words({WavePhase::Pending, WavePhase::Waiting, WavePhase::Running, WavePhase::Baking,
                                WavePhase::Succeeded, WavePhase::RollingBack, WavePhase::RolledBack,
                                WavePhase::RollbackFailed, WavePhase::Cancelled});
  words_of.terminal_phases =
      words({WavePhase::Succeeded, WavePhase::RolledBack, WavePhase::RollbackFailed, WavePhase::Cancelled});
  for (const auto reason : api::hold::kAll) words_of.hold_reasons.emplace_back(reason);
  words_of.target_states =
      words({TargetState::Pending, TargetState::Claimed, TargetState::Canary, TargetState::Promoting,
             TargetState::Promoted, TargetState::RollingBack, TargetState::RolledBack,
             TargetState::RollbackFailed, TargetState::Skipped});
  words_of.gate_types = {"threshold", "alerts", "counter", "histogram", "gauge"};
  words_of.verdicts = words({api::Verdict::Undecided, api::Verdict::Pass, api::Verdict::Harm});
  words_of.rollback_causes = words({api::RollbackCause::Harm, api::RollbackCause::Quarantine,
                                    api::RollbackCause::Undecided, api::RollbackCause::Cancelled});
  return words_of;
}

double seconds_between(Time from, Time to) {
  return std::chrono::duration<double>(to - from).count();
}

// From the change of the target that shows harm until it is shown.
std::optional<double> detection_seconds(const api::PatchWave& before, const api::Harm& harm) {
  for (const auto& record : before.status.targets) {
    const auto text =
        std::string(api::to_string(record.target.kind)) + " " + record.target.ns + "/" + record.target.name;
    if (text == harm.target && record.state_since_time && harm.time) {
      return seconds_between(*record.state_since_time, *harm.time);
    }
  }
  return std::nullopt;
}

}  // namespace

OutcomeMetrics::OutcomeMetrics(runtime::Metrics& metrics, const inventory::Stores& stores, const Clock& clock)
    : stores_(stores),
      clock_(clock),
      families_(metrics, vocabulary()),
      before_scrape_(metrics.before_scrape([this] { count_waves(); })) {}

void OutcomeMetrics::wave_written(const api::PatchWave& before, const api::PatchWaveStatus& after) {
  const auto& ns = before.metadata.ns;
  const auto& policy = before.spec.policy;
  const auto now = clock_.now();
  const auto& was = before.status;
  const bool hold_ended =
      was.hold && was.hold->since_time && (!after.hold || after.hold->reason != was.hold->reason);
  if (hold_ended) {
    families_.wave_hold_seconds.increment({ns, policy, was.hold->reason},
                                          seconds_between(*was.hold->since_time, now));
  }
  if (!was.harm && after.harm) {
    if (const auto took = detection_seconds(before, *after.harm)) families_.harm_detection.observe({}, *took);
  }
  if (was.phase == after.phase) return;
  if (after.phase == WavePhase::RollingBack && after.rollback_cause) {
    families_.rollbacks.increment({ns, policy, std::string(api::to_string(*after.rollback_cause))});
  }
  if (after.phase == WavePhase::RolledBack && after.harm && after.harm->time) {
    families_.rollback_duration.observe({}, seconds_between(*after.harm->time, now));
  }
  if (!api::is_terminal(after.phase)) return;
  const std::string outcome(api::to_string(after.phase));
  families_.wave_outcomes.increment({ns, policy, outcome});
  if (after.start_time)
    families_.wave_duration.observe({ns, outcome}, seconds_between(*after.start_time, now));
}

void OutcomeMetrics::policy_seen(const api::PatchPolicy& policy, const api::PatchPolicyStatus& status) {
  const runtime::LabelValues labels = {policy.metadata.ns, policy.metadata.name};
  families_.patches_open.set(labels, status.open_patches);
  families_.patches_quarantined.set(labels, status.quarantined_patches);
  const auto opens = parse_time(status.next_window);
  if (opens || status.next_window == "open") {
    families_.window_next_open.set(labels, seconds_between(Time(), opens ? *opens : clock_.now()));
  }
}

void OutcomeMetrics::gate_asked(const api::PatchWave& wave, const api::GateSpec& gate,
                                const judge::Finding& finding) {
  families_.gate_evaluations.increment({wave.metadata.ns, wave.spec.policy, std::string(api::kind_of(gate)),
                                        std::string(api::to_string(finding.verdict))});
}

void OutcomeMetrics::count_waves() {
  using Samples = std::vector<std::pair<runtime::LabelValues, double>>;
  Samples phases;
  Samples holds;
  Samples states;
  Samples approvals;
  for (const auto& object : stores_.waves.list()) {
    const auto wave = api::parse_wave(*object);
    if (!wave) continue;
    const auto& ns = wave->metadata.ns;
    const auto& policy = wave->spec.policy;
    phases.push_back({{ns, policy, std::string(api::to_string(wave->status.phase))}, 1});
    if (wave->status.hold) holds.push_back({{ns, policy, wave->status.hold->reason}, 1});
    const bool pending = wave->status.hold && (wave->status.hold->reason == api::hold::kApprovalRequired ||
                                               wave->status.hold->reason == api::hold::kApprovalOutdated);
    approvals.push_back({{ns, policy}, pending ? 1.0 : 0.0});
    for (const auto& target : wave->status.targets) {
      states.push_back({{ns, policy, std::string(api::to_string(target.state))}, 1});
    }
  }
  families_.waves.replace_all(phases);
  families_.wave_holds.replace_all(holds);
  families_.wave_targets.replace_all(states);
  families_.approvals_pending.replace_all(approvals);
}

}  // namespace patchwave::assembly
