#include "controllers/policy/reconcile.hpp"

#include <algorithm>
#include <iterator>

#include "controllers/api/codec.hpp"
#include "controllers/inventory/workloads.hpp"
#include "controllers/status/status.hpp"

namespace patchwave::policy {
namespace {

Json owner_reference(const api::PatchPolicy& policy) {
  return {{"apiVersion", api::kApiVersion}, {"kind", "PatchPolicy"}, {"name", policy.metadata.name},
          {"uid", policy.metadata.uid},     {"controller", true},    {"blockOwnerDeletion", true}};
}

Json wave_object(const api::PatchPolicy& policy, const plan::PlannedWave& wave) {
  return {{"apiVersion", api::kApiVersion},
          {"kind", "PatchWave"},
          {"metadata",
           {{"name", wave.name},
            {"namespace", policy.metadata.ns},
            {"labels", {{"app.kubernetes.io/managed-by", "patchwave"}, {kWaveLabel, wave.wave}}},
            {"finalizers", {api::kFinalizer}},
            {"ownerReferences", {owner_reference(policy)}}}},
          {"spec", api::print_spec(wave.spec)}};
}

}  // namespace

Result<runtime::ReconcileResult> PolicyReconciler::reconcile(const std::string& key) {
  const auto object = status::read(with_.client, kube::resources::kPatchPolicies, key);
  if (!object) return fail(object.error());
  if (!*object) return runtime::ReconcileResult{};
  auto policy = api::parse_policy(**object);
  if (!policy) {
    return fail(status::report_invalid(with_.client, kube::resources::kPatchPolicies, **object,
                                       policy.error(), with_.clock.now()));
  }
  if (policy->metadata.deletion_time) return runtime::ReconcileResult{};

  const auto snapshot = read_snapshot(std::move(*policy));
  const auto decision = decide(snapshot, with_.clock.now());
  if (auto written = write_waves(snapshot.policy, decision); !written)
    return fail(std::move(written.error()));
  if (decision.status != snapshot.policy.status) {
    auto written = status::write(with_.client, kube::resources::kPatchPolicies, **object,
                                 api::print_status(decision.status));
    if (!written) return fail(std::move(written.error()));
    tell(snapshot.policy, decision.status);
  }
  if (observers_.on_status) observers_.on_status(snapshot.policy, decision.status);
  return runtime::ReconcileResult{decision.requeue_after};
}

PolicySnapshot PolicyReconciler::read_snapshot(api::PatchPolicy policy) const {
  PolicySnapshot snapshot;
  snapshot.in_operator_namespace = policy.metadata.ns == with_.operator_namespace;
  snapshot.workloads =
      inventory::workloads(with_.stores, snapshot.in_operator_namespace ? "" : policy.metadata.ns);
  if (snapshot.in_operator_namespace && !policy.spec.node_pools.empty()) {
    std::ranges::move(inventory::nodes(with_.stores), std::back_inserter(snapshot.workloads));
  }
  for (const auto& object : with_.stores.patches.list(policy.metadata.ns)) {
    if (auto patch = api::parse_patch(*object)) snapshot.patches.push_back(std::move(*patch));
  }
  for (const auto& object : with_.stores.waves.list(policy.metadata.ns)) {
    auto wave = api::parse_wave(*object);
    if (wave && wave->spec.policy == policy.metadata.name) {
      snapshot.waves.push_back(std::move(*wave));
    } else {
      snapshot.other_wave_names.insert(string_at(*object, {"metadata", "name"}));
    }
  }
  snapshot.policy = std::move(policy);
  return snapshot;
}

Result<void> PolicyReconciler::write_waves(const api::PatchPolicy& policy, const PolicyDecision& decision) {
  for (const auto& [name, uid, resource_version, why] : decision.remove) {
    // With the resourceVersion: a wave that has begun meanwhile is not what was decided about.
    auto removed =
        with_.client.remove(kube::resources::kPatchWaves, policy.metadata.ns, name, {uid, resource_version});
    if (!removed && removed.error().kind != ErrorKind::Conflict) return fail(std::move(removed.error()));
  }
  for (const auto& wave : decision.create) {
    auto created =
        with_.client.create(kube::resources::kPatchWaves, policy.metadata.ns, wave_object(policy, wave));
    // The cache may lag behind what was created, by us or by hand: the next event shows what is there, and a
    // name that somebody else has taken is passed over then.
    if (!created && created.error().kind != ErrorKind::AlreadyExists) return fail(std::move(created.error()));
  }
  return {};
}

void PolicyReconciler::tell(const api::PatchPolicy& policy, const api::PatchPolicyStatus& after) {
  if (!observers_.on_happening) return;
  const auto* was = api::find_condition(policy.status.conditions, "Ready");
  const auto* is = api::find_condition(after.conditions, "Ready");
  if (is == nullptr || (was != nullptr && was->reason == is->reason)) return;
  observers_.on_happening({is->status != "True",
                           is->status == "True" ? "PolicyInForce" : is->reason,
                           "Plan",
                           is->message,
                           {std::string(api::kApiVersion), "PatchPolicy", policy.metadata.ns,
                            policy.metadata.name, policy.metadata.uid}});
}

}  // namespace patchwave::policy
