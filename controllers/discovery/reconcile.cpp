#include "controllers/discovery/reconcile.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "controllers/api/codec.hpp"
#include "controllers/discovery/conversation.hpp"
#include "controllers/discovery/running.hpp"
#include "controllers/plan/update.hpp"
#include "controllers/status/status.hpp"
#include "operator/base/time.hpp"

namespace patchwave::discovery {
namespace {

constexpr int kMostWrites = 5;

bool asks_for_updates(const api::PatchPolicy& policy) {
  return policy.spec.updates && policy.spec.updates->semver != api::UpdateScope::None;
}

bool has_begun(const api::PatchWave& wave) {
  return wave.status.phase != api::WavePhase::Pending && wave.status.phase != api::WavePhase::Waiting;
}

Json patch_object(const api::PatchPolicy& policy, const Proposal& proposal, Time now) {
  Json annotations = {
      {std::string(api::kDiscoveredFromAnnotation), fmt::format("{}", fmt::join(proposal.from, ", "))},
      {std::string(api::kDiscoveredTimeAnnotation), format_time(now)},
      {std::string(api::kDiscoveredBecauseAnnotation), proposal.because}};
  if (proposal.made) annotations[std::string(api::kImageTimeAnnotation)] = format_time(*proposal.made);
  api::PatchSpec spec;
  spec.image = proposal.repository;
  spec.tag = proposal.tag;
  spec.digest = proposal.digest;
  return {{"apiVersion", api::kApiVersion},
          {"kind", "Patch"},
          {"metadata",
           {{"name", proposal.name},
            {"namespace", policy.metadata.ns},
            {"labels",
             {{"app.kubernetes.io/managed-by", "patchwave"},
              {std::string(api::kDiscoveredByLabel), plan::discoverer(policy.metadata.name)}}},
            {"annotations", std::move(annotations)},
            {"ownerReferences",
             {{{"apiVersion", api::kApiVersion},
               {"kind", "PatchPolicy"},
               {"name", policy.metadata.name},
               {"uid", policy.metadata.uid},
               {"controller", true},
               {"blockOwnerDeletion", true}}}}}},
          {"spec", api::print_spec(spec)}};
}

std::set<std::string> repositories_of(const std::vector<RunningImage>& running) {
  std::set<std::string> repositories;
  for (const auto& image : running) repositories.insert(image.repository);
  return repositories;
}

milliseconds until(Time time, Time now) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(time - now));
}

}  // namespace

Result<runtime::ReconcileResult> DiscoveryReconciler::reconcile(const std::string& key) {
  if (!with_.open) return runtime::ReconcileResult{};
  const auto object = status::read(with_.client, kube::resources::kPatchPolicies, key);
  if (!object) return fail(object.error());
  // What is wrong with a policy is for its own reconciler to say.
  const auto policy = *object ? api::parse_policy(**object) : fail(ErrorKind::NotFound, key);
  if (!policy || policy->metadata.deletion_time || !asks_for_updates(*policy)) {
    repositories_.erase(key);
    if (policy && !policy->metadata.deletion_time && policy->status.discovery)
      return stand_down(key, *policy);
    return runtime::ReconcileResult{};
  }
  auto running = running_images(with_.stores, *policy, policy->metadata.ns == with_.operator_namespace);
  auto repositories = repositories_of(running);
  const Time begin = with_.clock.now();
  if (const auto due = due_time(*policy, has_new_repository(key, repositories)); due > begin)
    return runtime::ReconcileResult{until(due, begin)};

  const auto images = running.size();
  auto [decision, retry_after] = look(read_snapshot(*policy, std::move(running)));
  if (!decision && decision.error().kind != ErrorKind::Invalid) return fail(std::move(decision.error()));
  if (decision) write_patches(*policy, *decision);
  const Time now = with_.clock.now();
  auto condition = decision ? condition_of(*decision, images) : condition_of(decision.error());
  condition.observed_generation = policy->metadata.generation;
  const auto found = decision ? std::move(*decision) : Decision{};
  const auto next = next_look(*policy, with_.settings, found, retry_after, with_.random_fraction(), now);
  tell(*policy, found, condition);
  auto written = write_status(key, api::DiscoveryStatus{now, next, found.held_back}, condition);
  if (!written) return fail(std::move(written.error()));
  repositories_[key] = std::move(repositories);
  if (observers_.on_look) observers_.on_look(*policy, found);
  return runtime::ReconcileResult{until(next, now)};
}

// What it found and has not begun is nothing that counts any more.
Result<runtime::ReconcileResult> DiscoveryReconciler::stand_down(const std::string& key,
                                                                 const api::PatchPolicy& policy) {
  auto decision = decide(read_snapshot(policy, {}), with_.clock.now());
  if (!decision) return fail(decision.error());
  write_patches(policy, *decision);
  if (!decision->refused.empty()) return fail(ErrorKind::Unavailable, decision->refused.front());
  if (auto written = write_status(key, std::nullopt, std::nullopt); !written)
    return fail(std::move(written.error()));
  return runtime::ReconcileResult{};
}

bool DiscoveryReconciler::has_new_repository(const std::string& key, const std::set<std::string>& now) {
  // After a start nothing is new: the status says when the registries were asked.
  const auto before = repositories_.try_emplace(key, now).first;
  return !std::ranges::includes(before->second, now);
}

Snapshot DiscoveryReconciler::read_snapshot(const api::PatchPolicy& policy,
                                            std::vector<RunningImage> running) const {
  Snapshot snapshot{policy, std::move(running), {}, {}, {}};
  for (const auto& object : with_.stores.patches.list(policy.metadata.ns)) {
    if (auto patch = api::parse_patch(*object)) snapshot.patches.push_back(std::move(*patch));
  }
  snapshot.begun = begun_patches(policy.metadata.ns);
  return snapshot;
}

DiscoveryReconciler::Look DiscoveryReconciler::look(Snapshot snapshot) const {
  const bool reaches_all = snapshot.policy.metadata.ns == with_.operator_namespace;
  const std::string ns = reaches_all ? "" : snapshot.policy.metadata.ns;
  Conversation conversation([&](const std::string& repository) {
    return with_.open(repository, patch::pullers_of(with_.stores, ns, repository));
  });
  while (true) {
    auto decision = decide(snapshot, with_.clock.now());
    if (!decision || decision->ask.empty()) return {std::move(decision), conversation.retry_after()};
    for (const auto& question : decision->ask) {
      if (auto asked = conversation.ask(question, snapshot.answers); !asked)
        return {fail(std::move(asked.error())), std::nullopt};
    }
  }
}

// One that is refused keeps no other from being written.
void DiscoveryReconciler::write_patches(const api::PatchPolicy& policy, Decision& decision) const {
  std::erase_if(decision.propose, [&](const Proposal& proposal) {
    const auto applied =
        with_.client.patch(kube::resources::kPatches, policy.metadata.ns, proposal.name,
                           kube::PatchType::Apply, patch_object(policy, proposal, with_.clock.now()));
    if (applied) return false;
    decision.standing.erase(proposal.name);
    decision.refused.push_back(fmt::format("Patch {}: {}", proposal.name, applied.error().message));
    return true;
  });
  // Asking has taken its time: a wave may have begun meanwhile.
  const auto begun = begun_patches(policy.metadata.ns);
  std::erase_if(decision.withdraw, [&](const Withdrawal& withdrawal) {
    const auto& [name, uid, resource_version, why] = withdrawal;
    if (begun.contains(name)) return true;
    // With the resourceVersion: a patch that has got on meanwhile is not what was decided about.
    const auto removed =
        with_.client.remove(kube::resources::kPatches, policy.metadata.ns, name, {uid, resource_version});
    if (removed) return false;
    if (removed.error().kind != ErrorKind::Conflict && !status::is_gone(removed.error()))
      decision.refused.push_back(fmt::format("Patch {}: {}", name, removed.error().message));
    return true;
  });
}

std::set<std::string> DiscoveryReconciler::begun_patches(const std::string& ns) const {
  std::set<std::string> begun;
  for (const auto& object : with_.stores.waves.list(ns)) {
    const auto wave = api::parse_wave(*object);
    if (!wave || has_begun(*wave)) begun.insert(string_at(*object, {"spec", "patchRef", "name"}));
  }
  return begun;
}

// Asking has taken its time, and the policy has another writer: what is written to is read anew.
Result<void> DiscoveryReconciler::write_status(const std::string& key,
                                               const std::optional<api::DiscoveryStatus>& discovery,
                                               const std::optional<api::Condition>& condition) const {
  Error last;
  for (int i = 0; i < kMostWrites; ++i) {
    const auto object = status::read(with_.client, kube::resources::kPatchPolicies, key);
    if (!object) return fail(object.error());
    if (!*object) return {};
    const auto policy = api::parse_policy(**object);
    if (!policy) return {};
    auto after = policy->status;
    after.discovery = discovery;
    if (condition) {
      api::set_condition(after.conditions, *condition, with_.clock.now());
    } else {
      api::remove_condition(after.conditions, "UpdatesDiscovered");
    }
    auto written =
        status::write(with_.client, kube::resources::kPatchPolicies, **object, api::print_status(after));
    if (written || written.error().kind != ErrorKind::Conflict) return written;
    last = std::move(written.error());
  }
  return fail(std::move(last));
}

void DiscoveryReconciler::tell(const api::PatchPolicy& policy, const Decision& decision,
                               const api::Condition& condition) const {
  if (!observers_.on_happening) return;
  const auto say = [&](bool warning, std::string reason, std::string note) {
    observers_.on_happening({warning,
                             std::move(reason),
                             "Discover",
                             std::move(note),
                             {std::string(api::kApiVersion), "PatchPolicy", policy.metadata.ns,
                              policy.metadata.name, policy.metadata.uid}});
  };
  for (const auto& proposal : decision.propose) {
    say(false, "PatchDiscovered", fmt::format("Patch {}: {}", proposal.name, proposal.because));
  }
  for (const auto& withdrawal : decision.withdraw) {
    say(false, "PatchWithdrawn", fmt::format("Patch {}: {}", withdrawal.name, withdrawal.why));
  }
  const auto* before = api::find_condition(policy.status.conditions, "UpdatesDiscovered");
  const bool is_news = before == nullptr || before->reason != condition.reason;
  if (condition.status == "False" && is_news) say(true, condition.reason, condition.message);
}

}  // namespace patchwave::discovery
