// Builders of wave snapshots: a test says only what matters to it.
#pragma once

#include "controllers/wave/decide.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave::given {

inline const Time kNow = *parse_time("2026-11-21T02:00:00Z");
inline constexpr std::string_view kDigest =
    "sha256:1111111111111111111111111111111111111111111111111111111111111111";
inline const std::string kImage = "registry.example.com/storefront/web:1.4.3@" + std::string(kDigest);

inline api::WaveTarget target(const std::string& name) {
  return {api::TargetKind::Deployment, "shop", name, {"web"}};
}

/// A wave over Deployments "web0", "web1", … that has its patch, no gates beyond "pods", and may claim.
inline Snapshot wave(int targets = 1) {
  Snapshot snapshot;
  auto& wave = snapshot.wave;
  wave.metadata.ns = "shop";
  wave.metadata.name = "web-1.4.3-canary";
  wave.metadata.uid = "wave-uid";
  wave.metadata.generation = 1;
  wave.spec.patch = "web-1.4.3";
  for (int i = 0; i < targets; ++i) wave.spec.targets.push_back(target("web" + std::to_string(i)));
  wave.spec.steps = {{1, false}, {100, true}};
  wave.spec.max_unavailable = {targets, false};
  wave.spec.step_bake = seconds(30);
  wave.spec.bake = std::chrono::minutes(5);
  api::Patch patch;
  patch.metadata.ns = "shop";
  patch.metadata.name = "web-1.4.3";
  patch.spec.image = "registry.example.com/storefront/web";
  patch.spec.tag = "1.4.3";
  patch.status.digest = kDigest;
  snapshot.patch = patch;
  snapshot.may_claim = targets;
  return snapshot;
}

/// A workload with every copy ready that nobody has touched.
inline target::Observation untouched() {
  target::Observation seen;
  seen.exists = true;
  seen.uid = "workload-uid";
  seen.desired = 4;
  seen.ready = 4;
  seen.current.images = {{"web", "registry.example.com/storefront/web:1.4.2"}};
  return seen;
}

inline void observe(Snapshot& snapshot, std::size_t index, target::Observation seen) {
  snapshot.observed[index] = {{}, std::move(seen), {}};
}

/// A Running wave whose targets are all in `state`, observed as `seen`.
inline Snapshot running(api::TargetState state, target::Observation seen, int targets = 1) {
  auto snapshot = wave(targets);
  auto& status = snapshot.wave.status;
  status.phase = api::WavePhase::Running;
  status.start_time = kNow - std::chrono::minutes(10);
  status.digest = kDigest;
  status.image = kImage;
  for (int i = 0; i < targets; ++i) {
    api::TargetStatus record;
    record.target = snapshot.wave.spec.targets[static_cast<std::size_t>(i)];
    record.state = state;
    record.state_since_time = kNow - std::chrono::minutes(2);
    if (state != api::TargetState::Pending) {
      record.uid = "workload-uid";
      record.before = untouched().current;
      record.after_image = kImage;
      seen.claimed_by = claim_of(snapshot.wave);
    }
    if (state == api::TargetState::Canary) record.canary_replicas = 1;
    status.targets.push_back(record);
    observe(snapshot, static_cast<std::size_t>(i), seen);
  }
  return snapshot;
}

inline Snapshot baking(std::chrono::minutes ago) {
  auto snapshot = running(api::TargetState::Promoted, untouched());
  snapshot.wave.status.phase = api::WavePhase::Baking;
  snapshot.wave.status.bake_start_time = kNow - ago;
  return snapshot;
}

inline void find(Snapshot& snapshot, const std::string& gate, api::Verdict verdict,
                 judge::Absence absence = judge::Absence::None, std::size_t target = 0) {
  snapshot.findings.push_back({gate, target, {verdict, absence, "as the test says", "", std::nullopt}});
}

inline api::GateSpec threshold_gate(const std::string& name) {
  api::GateSpec gate;
  gate.name = name;
  gate.threshold = api::ThresholdGate{"errors", "0.05", std::nullopt, seconds(30)};
  return gate;
}

inline std::string hold_reason(const Decision& decision) {
  return decision.status.hold ? decision.status.hold->reason : "";
}

}  // namespace patchwave::wave::given
