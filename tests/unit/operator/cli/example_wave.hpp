// One wave as the operator would have left it, for golden texts.
#pragma once

#include "controllers/api/patch.hpp"
#include "controllers/api/wave.hpp"
#include "operator/base/time.hpp"

namespace patchwave::cli {

inline const std::string kPlan = "sha256:7f3a90c1d2e3f4a5b6c7d8e9f00112233445566778899aabbccddeeff0011223";
inline const std::string kDigest = "sha256:1111111111112222222222222222222222222222222222222222222222222222";
inline const Time kNow = *parse_time("2026-11-21T20:30:00Z");

inline api::PatchWave example_wave(const std::string& name = "web-1.4.3-canary") {
  using namespace std::chrono_literals;
  api::PatchWave wave;
  wave.metadata.name = name;
  wave.metadata.ns = "shop";
  wave.metadata.resource_version = "41";
  wave.metadata.creation_time = kNow - 17min;
  wave.spec.patch = "web-1.4.3";
  wave.spec.policy = "web";
  wave.spec.targets = {{api::TargetKind::Deployment, "shop", "web", {"web"}},
                       {api::TargetKind::StatefulSet, "shop", "cart", {"cart"}}};
  wave.status.phase = api::WavePhase::Running;
  wave.status.plan_hash = kPlan;
  wave.status.digest = kDigest;
  wave.status.image = "registry.example.com/storefront/web:1.4.3@" + kDigest;
  wave.status.progress = {2, 1, 1, 0};
  api::TargetStatus web;
  web.target = wave.spec.targets[0];
  web.state = api::TargetState::Canary;
  web.step = 1;
  web.canary_replicas = 3;
  web.state_since_time = kNow - 5min;
  web.before.images = {{"web", "registry.example.com/storefront/web:1.4.2"}};
  web.after_image = wave.status.image;
  api::TargetStatus cart = web;
  cart.target = wave.spec.targets[1];
  cart.state = api::TargetState::Promoted;
  cart.state_since_time = kNow - 12min;
  wave.status.targets = {web, cart};
  wave.status.gates = {
      {"pods", api::Verdict::Pass, "0 restarts", "", kNow - 4min},
      {"errors", api::Verdict::Undecided, "3/912 against 31/11204", "Deployment shop/web", kNow - 5min}};
  api::GateSpec errors;
  errors.name = "errors";
  errors.threshold = api::ThresholdGate{"rate(errors[1m])", "0.05", std::nullopt, seconds(0)};
  wave.spec.gates = {errors};
  return wave;
}

inline api::PatchWave waiting_wave(std::string_view reason, std::optional<Time> until = std::nullopt) {
  using namespace std::chrono_literals;
  auto wave = example_wave("web-1.4.3-rest");
  wave.spec.approval_required = true;
  wave.spec.after = {"web-1.4.3-canary"};
  wave.status.phase = api::WavePhase::Waiting;
  wave.status.targets.clear();
  wave.status.gates.clear();
  wave.status.progress = {2, 0, 0, 0};
  wave.status.hold = api::Hold{std::string(reason), "", kNow - 3h, until};
  return wave;
}

}  // namespace patchwave::cli
