#include "controllers/policy/succession.hpp"

#include <algorithm>

#include "controllers/plan/plan.hpp"
#include "controllers/plan/update.hpp"
#include "controllers/plan/version.hpp"

namespace patchwave::policy {
namespace {

std::string repository_of(const std::string& image) {
  const auto parsed = plan::parse_image(image);
  return parsed ? parsed->repository : "";
}

bool is_of_same_subject(const api::Patch& one, const api::Patch& other) {
  if (one.spec.node_pool != other.spec.node_pool) return false;
  return one.spec.image == other.spec.image ||
         repository_of(one.spec.image) == repository_of(other.spec.image);
}

// Of the same subject, for this policy, and good as far as is known.
bool competes(const api::Patch& other, const api::Patch& patch, const api::PatchPolicy& policy) {
  return other.metadata.uid != patch.metadata.uid && is_of_same_subject(other, patch) &&
         !other.status.quarantine && !other.metadata.deletion_time && plan::is_for(other, policy);
}

// What the policy itself found takes the place only of what it counts for, and a rebuilt image that of the
// build found before it. What somebody wrote may be for workloads that it does not count for: see left_to.
bool takes_the_place(const api::Patch& other, const api::Patch& patch, const api::PatchPolicy& policy) {
  if (!patch.spec.node_pool.empty())
    return plan::compare_versions(other.spec.version, patch.spec.version).value_or(0) > 0;
  if (!plan::discovered_by(other, policy))
    return plan::compare_versions(other.spec.tag, patch.spec.tag).value_or(0) > 0;
  if (!plan::discovered_by(patch, policy)) return false;
  if (other.spec.tag == patch.spec.tag) return other.metadata.creation_time > patch.metadata.creation_time;
  const auto rule = plan::UpdateRule::of(policy);
  return rule && rule->counts(patch.spec.tag, other.spec.tag);
}

bool counts_for_all(const plan::UpdateRule& rule, const api::Patch& found, const api::Workload& workload) {
  const auto repository = repository_of(found.spec.image);
  return std::ranges::all_of(workload.containers, [&](const auto& container) {
    const auto image = plan::parse_image(container.image);
    return !image || image->repository != repository || rule.counts(image->tag, found.spec.tag);
  });
}

}  // namespace

bool superseded(const api::Patch& patch, const PolicySnapshot& snapshot) {
  return std::ranges::any_of(snapshot.patches, [&](const api::Patch& other) {
    return competes(other, patch, snapshot.policy) && takes_the_place(other, patch, snapshot.policy);
  });
}

std::vector<api::Workload> left_to(const api::Patch& patch, std::vector<api::Workload> workloads,
                                   const PolicySnapshot& snapshot) {
  const auto rule = plan::UpdateRule::of(snapshot.policy);
  if (!rule || !patch.spec.node_pool.empty() || plan::discovered_by(patch, snapshot.policy)) return workloads;
  for (const auto& other : snapshot.patches) {
    if (!plan::discovered_by(other, snapshot.policy) || !competes(other, patch, snapshot.policy)) continue;
    if (plan::compare_versions(other.spec.tag, patch.spec.tag).value_or(0) <= 0) continue;
    std::erase_if(workloads,
                  [&](const api::Workload& workload) { return counts_for_all(*rule, other, workload); });
  }
  return workloads;
}

}  // namespace patchwave::policy
