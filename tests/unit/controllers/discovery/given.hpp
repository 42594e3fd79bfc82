// Policies, registries and what runs, in few words.
#pragma once

#include <string>
#include <vector>

#include "controllers/discovery/decide.hpp"

namespace patchwave::discovery::given {

inline constexpr Time kNow{std::chrono::seconds(1'795'000'000)};
inline const std::string kWeb = "registry.example.com/shop/web";

/// A digest that is told apart by its first letters.
inline std::string digest(const std::string& of) {
  std::string hex;
  for (const char c : of) hex += "0123456789abcdef"[static_cast<unsigned char>(c) % 16];
  hex.resize(64, '0');
  return "sha256:" + hex;
}

inline api::PatchPolicy policy(api::UpdateScope scope = api::UpdateScope::Patch,
                               milliseconds minimum_age = std::chrono::hours(24)) {
  api::PatchPolicy policy;
  policy.metadata.ns = "shop";
  policy.metadata.name = "storefront";
  policy.metadata.uid = "uid";
  policy.spec.updates = api::Updates{scope, minimum_age, "", {}};
  return policy;
}

/// All of them three days old.
inline Answers answers(const std::vector<std::string>& tags) {
  Answers answers;
  answers.tags = tags;
  for (const auto& tag : tags)
    answers.releases[tag] = Release{digest(tag), {}, kNow - std::chrono::hours(72)};
  return answers;
}

inline Snapshot snapshot(const std::vector<std::string>& running, const std::vector<std::string>& tags,
                         api::PatchPolicy policy = given::policy()) {
  Snapshot snapshot;
  snapshot.policy = std::move(policy);
  for (const auto& tag : running) snapshot.running.push_back({kWeb, tag, {}});
  snapshot.answers[kWeb] = answers(tags);
  return snapshot;
}

/// As the API server would have it once the decision is carried out.
inline void carry_out(Snapshot& snapshot, const Decision& decision) {
  for (const auto& withdrawal : decision.withdraw) {
    std::erase_if(snapshot.patches,
                  [&](const api::Patch& patch) { return patch.metadata.name == withdrawal.name; });
  }
  for (const auto& proposal : decision.propose) {
    api::Patch patch;
    patch.metadata.ns = snapshot.policy.metadata.ns;
    patch.metadata.name = proposal.name;
    patch.metadata.uid = "uid-" + proposal.name;
    patch.metadata.labels[std::string(api::kDiscoveredByLabel)] = snapshot.policy.metadata.name;
    patch.metadata.owner_references = {{{"uid", snapshot.policy.metadata.uid}, {"controller", true}}};
    patch.spec.image = proposal.repository;
    patch.spec.tag = proposal.tag;
    patch.spec.digest = proposal.digest;
    snapshot.patches.push_back(std::move(patch));
  }
  snapshot.policy.status.discovery = api::DiscoveryStatus{kNow, kNow, decision.held_back};
}

}  // namespace patchwave::discovery::given
