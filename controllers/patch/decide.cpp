#include "controllers/patch/decide.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchwave::patch {
namespace {

using api::WavePhase;

constexpr milliseconds kLookupInterval{30'000};

void resolve(const PatchSnapshot& snapshot, PatchDecision& decision) {
  auto& status = decision.status;
  const auto& spec = snapshot.patch.spec;
  if (status.digest.empty() && !spec.digest.empty()) status.digest = spec.digest;
  if (!snapshot.lookup) return;
  if (snapshot.lookup->problem.empty()) {
    status.digest = snapshot.lookup->digest;
    status.platform_digests = snapshot.lookup->platform_digests;
  } else {
    decision.requeue_after = snapshot.lookup->retry_after.value_or(kLookupInterval);
  }
}

bool lift_is_asked(const PatchSnapshot& snapshot) {
  const auto& annotations = snapshot.patch.metadata.annotations;
  const auto asked = annotations.find(std::string(api::kLiftQuarantineAnnotation));
  return asked != annotations.end() && asked->second == snapshot.patch.status.digest;
}

// Harm seen before somebody lifted the quarantine has been forgiven; harm seen after has not.
const api::PatchWave* harmed_wave(const PatchSnapshot& snapshot, const api::PatchStatus& status) {
  const auto harmed =
      std::find_if(snapshot.waves.begin(), snapshot.waves.end(), [&](const api::PatchWave& wave) {
        return wave.status.harm && wave.status.digest == status.digest &&
               (!status.lifted_time || wave.status.harm->time.value_or(Time::max()) > *status.lifted_time);
      });
  return harmed == snapshot.waves.end() ? nullptr : &*harmed;
}

void judge_quarantine(const PatchSnapshot& snapshot, PatchDecision& decision, Time now) {
  auto& status = decision.status;
  if (lift_is_asked(snapshot)) {
    if (status.quarantine) {
      status.quarantine.reset();
      status.lifted_time = now;
    }
    decision.remove_lift_annotation = true;
    return;
  }
  if (status.quarantine) return;
  const auto* wave = harmed_wave(snapshot, status);
  if (wave == nullptr) return;
  const auto& harm = *wave->status.harm;
  status.quarantine =
      api::Quarantine{status.digest, fmt::format("gate '{}' on {}: {}", harm.gate, harm.target, harm.message),
                      wave->metadata.name, now};
}

void count(const PatchSnapshot& snapshot, api::PatchStatus& status) {
  status.targets_total = 0;
  status.targets_patched = 0;
  for (const auto& wave : snapshot.waves) {
    status.targets_total += static_cast<int>(wave.spec.targets.size());
    const bool kept = wave.status.phase != WavePhase::RolledBack &&
                      wave.status.phase != WavePhase::RollingBack &&
                      wave.status.phase != WavePhase::RollbackFailed;
    if (kept) status.targets_patched += wave.status.progress.done;
  }
}

std::string phase_of(const PatchSnapshot& snapshot, const api::PatchStatus& status) {
  if (status.quarantine) return "Quarantined";
  if (status.digest.empty()) return "Pending";
  const auto has = [&](auto predicate) {
    return std::any_of(snapshot.waves.begin(), snapshot.waves.end(),
                       [&](const auto& wave) { return predicate(wave.status.phase); });
  };
  if (snapshot.waves.empty()) return "Resolved";
  if (std::all_of(snapshot.waves.begin(), snapshot.waves.end(),
                  [](const auto& wave) { return wave.status.phase == WavePhase::Succeeded; })) {
    return "Succeeded";
  }
  if (has([](WavePhase phase) {
        return phase == WavePhase::RolledBack || phase == WavePhase::RollbackFailed;
      })) {
    return "Failed";
  }
  const bool begun =
      has([](WavePhase phase) { return phase != WavePhase::Pending && phase != WavePhase::Waiting; });
  return begun ? "Rolling" : "Resolved";
}

void set_conditions(const PatchSnapshot& snapshot, api::PatchStatus& status, Time now) {
  const auto set = [&](std::string_view type, std::string_view value, std::string reason,
                       std::string message) {
    api::set_condition(status.conditions,
                       {std::string(type), std::string(value), std::move(reason), std::move(message),
                        snapshot.patch.metadata.generation, now},
                       now);
  };
  const bool resolved = !status.digest.empty();
  const auto problem = snapshot.lookup ? snapshot.lookup->problem : "the registry has not been asked yet";
  const auto text =
      resolved ? fmt::format("{} is {}", api::text_of(snapshot.patch.spec), status.digest) : problem;
  set("Ready", resolved ? "True" : "False", resolved ? "Resolved" : "DigestUnresolved", text);
  set("Reconciling", resolved ? "False" : "True", resolved ? "Resolved" : "DigestUnresolved", text);
  const bool ended_badly = status.phase == "Quarantined" || status.phase == "Failed";
  set("Succeeded",
      status.phase == "Succeeded" ? "True"
      : ended_badly               ? "False"
                                  : "Unknown",
      status.phase, fmt::format("{} of {} targets", status.targets_patched, status.targets_total));
  if (status.quarantine) {
    set("Quarantined", "True", "HarmDetected", status.quarantine->reason);
  } else {
    api::remove_condition(status.conditions, "Quarantined");
  }
}

void take_risk(const PatchSnapshot& snapshot, api::PatchStatus& status, Time now) {
  if (!snapshot.risk) return;
  status.risk = snapshot.risk->risk;
  status.deadline = snapshot.risk->deadline;
  auto condition = snapshot.risk->condition;
  condition.observed_generation = snapshot.patch.metadata.generation;
  api::set_condition(status.conditions, std::move(condition), now);
}

}  // namespace

bool needs_lookup(const api::Patch& patch) {
  return patch.status.digest.empty() && patch.spec.digest.empty();
}

PatchDecision decide(const PatchSnapshot& snapshot, Time now) {
  PatchDecision decision;
  decision.status = snapshot.patch.status;
  decision.status.observed_generation = snapshot.patch.metadata.generation;
  resolve(snapshot, decision);
  judge_quarantine(snapshot, decision, now);
  count(snapshot, decision.status);
  decision.status.phase = phase_of(snapshot, decision.status);
  set_conditions(snapshot, decision.status, now);
  take_risk(snapshot, decision.status, now);
  return decision;
}

}  // namespace patchwave::patch
