#include "controllers/patch/reconcile.hpp"

#include <fmt/format.h>

#include "controllers/api/codec.hpp"
#include "controllers/patch/deadline_news.hpp"
#include "controllers/patch/pool_recipe.hpp"
#include "controllers/status/status.hpp"

namespace patchwave::patch {
namespace {

std::vector<api::PatchWave> waves_of(const inventory::Stores& stores, const api::Patch& patch) {
  std::vector<api::PatchWave> waves;
  for (const auto& object : stores.waves.list(patch.metadata.ns)) {
    auto wave = api::parse_wave(*object);
    if (wave && wave->spec.patch == patch.metadata.name) waves.push_back(std::move(*wave));
  }
  return waves;
}

}  // namespace

Result<runtime::ReconcileResult> PatchReconciler::reconcile(const std::string& key) {
  const auto object = status::read(with_.client, kube::resources::kPatches, key);
  if (!object) return fail(object.error());
  if (!*object) return runtime::ReconcileResult{};
  auto patch = api::parse_patch(**object);
  if (!patch) {
    return fail(status::report_invalid(with_.client, kube::resources::kPatches, **object, patch.error(),
                                       with_.clock.now()));
  }
  if (patch->metadata.deletion_time) return runtime::ReconcileResult{};

  PatchSnapshot snapshot{*patch, waves_of(with_.stores, *patch), std::nullopt, std::nullopt};
  if (needs_lookup(*patch)) {
    auto lookup = look_up(*patch);
    if (!lookup) return fail(std::move(lookup.error()));
    snapshot.lookup = std::move(*lookup);
  }
  if (with_.risk_of) snapshot.risk = with_.risk_of(*patch);
  const auto decision = decide(snapshot, with_.clock.now());

  if (decision.status != patch->status) {
    auto written =
        status::write(with_.client, kube::resources::kPatches, **object, api::print_status(decision.status));
    if (!written) return fail(std::move(written.error()));
    tell(*patch, decision.status);
  }
  if (decision.remove_lift_annotation) {
    if (auto removed = remove_lift_annotation(*patch); !removed) return fail(std::move(removed.error()));
  }
  return runtime::ReconcileResult{decision.requeue_after};
}

Result<Lookup> PatchReconciler::look_up(const api::Patch& patch) const {
  if (patch.spec.node_pool.empty()) return with_.resolve(question_of(patch));
  return look_up_recipe(patch);
}

Result<Lookup> PatchReconciler::look_up_recipe(const api::Patch& patch) const {
  if (patch.metadata.ns != with_.operator_namespace) {
    return Lookup{"",
                  {},
                  fmt::format("a patch of a node pool must be in the operator's namespace, '{}'",
                              with_.operator_namespace),
                  {}};
  }
  std::vector<api::PatchPolicy> policies;
  for (const auto& object : with_.stores.policies.list(patch.metadata.ns)) {
    if (auto policy = api::parse_policy(*object)) policies.push_back(std::move(*policy));
  }
  const auto name = recipe_of_pool(patch, policies);
  if (!name) return Lookup{"", {}, name.error().message, {}};
  const auto object = with_.client.get(kube::resources::kNodeRecipes, patch.metadata.ns, *name);
  if (!object && status::is_gone(object.error())) {
    return Lookup{"",
                  {},
                  fmt::format("NodeRecipe '{}' does not exist in namespace '{}'", *name, patch.metadata.ns),
                  {}};
  }
  if (!object) return fail(object.error());
  const auto recipe = api::parse_recipe(*object);
  if (!recipe) return Lookup{"", {}, fmt::format("NodeRecipe '{}': {}", *name, recipe.error().message), {}};
  return resolve(patch, *recipe);
}

// With no more than the workloads that the patch can reach: a namespace does not look into another's
// registry.
ImageQuestion PatchReconciler::question_of(const api::Patch& patch) const {
  const bool reaches_all = patch.metadata.ns == with_.operator_namespace;
  return {patch.spec.image, patch.spec.tag,
          pullers_of(with_.stores, reaches_all ? "" : patch.metadata.ns, patch.spec.image)};
}

Result<void> PatchReconciler::remove_lift_annotation(const api::Patch& patch) {
  const Json body = {
      {"metadata", {{"annotations", {{std::string(api::kLiftQuarantineAnnotation), nullptr}}}}}};
  auto written = with_.client.patch(kube::resources::kPatches, patch.metadata.ns, patch.metadata.name,
                                    kube::PatchType::Merge, body);
  if (!written) return fail(std::move(written.error()));
  return {};
}

void PatchReconciler::tell(const api::Patch& patch, const api::PatchStatus& after) {
  if (!on_happening_) return;
  const api::ObjectReference reference{std::string(api::kApiVersion), "Patch", patch.metadata.ns,
                                       patch.metadata.name, patch.metadata.uid};
  if (!patch.status.quarantine && after.quarantine) {
    on_happening_({true, "PatchQuarantined", "Quarantine", after.quarantine->reason, reference});
  }
  if (patch.status.quarantine && !after.quarantine) {
    on_happening_({false, "QuarantineLifted", "Quarantine", "the patch may be rolled out again", reference});
  }
  if (patch.status.digest.empty() && !after.digest.empty()) {
    on_happening_({false, "DigestResolved", "Resolve", after.digest, reference});
  }
  if (const auto news = deadline_news(patch.status, after))
    on_happening_({news->is_sooner, "DeadlineChanged", "Assess", news->text, reference});
}

}  // namespace patchwave::patch
