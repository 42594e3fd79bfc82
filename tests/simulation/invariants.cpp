#include "tests/simulation/invariants.hpp"

#include <fmt/format.h>

#include "operator/base/time.hpp"
#include "tests/simulation/pods.hpp"

namespace patchwave::simulation {
namespace {

constexpr std::size_t kMostViolations = 20;

bool is_workload(const kube::Resource& resource) {
  return resource == resources::kDeployments || resource == resources::kStatefulSets ||
         resource == resources::kDaemonSets;
}

}  // namespace

Invariants::Invariants(Cluster& cluster) : cluster_(cluster) {
  cluster_.state.listen([this](const Change& change) { observe(change); });
}

void Invariants::violated(const std::string& what) {
  if (violations_.size() < kMostViolations) {
    violations_.push_back(fmt::format("{}: {}", format_time(cluster_.clock.now()), what));
  }
}

void Invariants::observe(const Change& change) {
  track_readiness(change);
  if (change.writer.actor != Actor::Operator) return;
  const bool bookkeeping = change.resource == resources::kEvents || change.resource == resources::kLeases;
  // A policy's status tells the next window: time alone changes it.
  if (!bookkeeping && change.resource != resources::kPatchPolicies) {
    ++operator_writes_;
    last_before_ = change.before;
    last_after_ = change.after;
  }
  if (!bookkeeping && !change.writer.late && deposed_.contains(change.writer.incarnation)) {
    violated(fmt::format("wrote {} {} without being the leader", change.resource.kind, change.name.text()));
  }
  if (is_workload(change.resource)) {
    workload_written(change);
  } else if (change.resource == resources::kPatchWaves) {
    if (change.after) wave_written(change);
  } else if (change.resource == resources::kPods) {
    if (change.subresource == "eviction" || !change.after) {
      evicted(change);
    } else {
      violated(fmt::format("wrote pod {} other than by evicting it", change.name.text()));
    }
  }
}

std::string Invariants::last_write() const {
  const Json before = last_before_ ? last_before_->json : Json();
  const Json after = last_after_ ? last_after_->json : Json();
  return name_of(before.is_null() ? after : before).text() + " " + Json::diff(before, after).dump();
}

void Invariants::track_readiness(const Change& change) {
  if (change.resource == resources::kDeployments && change.before && change.after) {
    const Json& old = change.before->json;
    const Json& now = change.after->json;
    const bool scaled = integer_at(old, {"spec", "replicas"}) != integer_at(now, {"spec", "replicas"});
    const bool shrank =
        integer_at(now, {"status", "availableReplicas"}) < integer_at(old, {"status", "availableReplicas"});
    if (scaled || shrank) unready_since_[uid_of(now)] = cluster_.clock.now();
  }
  if (change.resource != resources::kPods) return;
  const bool was = change.before && pod_is_available(change.before->json);
  const bool is = change.after && pod_is_available(change.after->json);
  if (was && !is) unready_since_[controller_uid(change.before->json)] = cluster_.clock.now();
}

const Json* record_of(const Json& wave, const std::string& kind, const kube::NamespacedName& workload) {
  for (const auto& target : array_at(wave, {"status", "targets"})) {
    if (target["kind"] == kind && target["namespace"] == workload.ns && target["name"] == workload.name)
      return &target;
  }
  return nullptr;
}

Snapshot wave_of_claim(const ClusterState& state, const std::string& claim) {
  const auto first = claim.find('/');
  const auto second = claim.find('/', first + 1);
  if (second == std::string::npos) return nullptr;
  Snapshot wave =
      state.find(resources::kPatchWaves, claim.substr(0, first), claim.substr(first + 1, second - first - 1));
  return wave && uid_of(wave->json) == claim.substr(second + 1) ? wave : nullptr;
}

std::string claim_on(const Json& workload) {
  return string_at(workload, {"metadata", "annotations", "patchwave.dev/claimed-by"});
}

}  // namespace patchwave::simulation
