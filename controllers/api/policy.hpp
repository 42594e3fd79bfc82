// PatchPolicy: standing rules for what is kept patched, how, when, and on what evidence.
#pragma once

#include "controllers/api/common.hpp"
#include "controllers/api/node_pool.hpp"

namespace patchwave::api {

struct WorkloadTargets {
  LabelSelector namespace_selector;  ///< Heeded only for a policy in the operator's own namespace.
  LabelSelector selector;
  std::vector<std::string> images;  ///< Globs over repositories: "registry.example.com/storefront/*".
  bool operator==(const WorkloadTargets&) const = default;
};

struct WavePlan {
  std::string name;
  std::optional<CountOrPercent>
      select;  ///< `select.count` or `select.percent`; the last wave takes the rest.
  std::vector<CountOrPercent> steps = {{1, false}, {100, true}};
  CountOrPercent max_unavailable{1, false};
  milliseconds step_bake{60'000};  ///< Least time a step is watched before it may pass.
  milliseconds bake{15 * 60'000};  ///< Least time after the last target before the wave succeeds.
  milliseconds progress_deadline{10 * 60'000};
  bool approval_required = false;  ///< `approval: Required`
  bool operator==(const WavePlan&) const = default;
};

struct HistoryLimits {
  int succeeded = 10;
  int failed = 10;
  bool operator==(const HistoryLimits&) const = default;
};

struct PatchPolicySpec {
  Mode mode = Mode::Approve;
  bool suspend = false;
  std::optional<WorkloadTargets> workloads;  ///< `targets.workloads`
  std::vector<NodePool> node_pools;          ///< `targets.nodePools`
  std::vector<WavePlan> waves;
  Windows windows;
  std::vector<GateSpec> gates;
  OnHarm on_harm = OnHarm::Rollback;
  UndecidedPolicy on_undecided;
  CountOrPercent max_unavailable{
      1, false};  ///< `disruption.maxUnavailable`: targets in transition, over all waves.
  HistoryLimits history;
  bool operator==(const PatchPolicySpec&) const = default;
};

struct PatchPolicyStatus {
  std::int64_t observed_generation = 0;
  int targets = 0;       ///< Workloads and nodes that the policy selects now.
  int open_patches = 0;  ///< Patches that apply and are not everywhere yet.
  int active_waves = 0;
  int quarantined_patches = 0;
  std::string next_window;  ///< For the column: RFC 3339, "open", or "".
  std::vector<Condition> conditions;
  bool operator==(const PatchPolicyStatus&) const = default;
};

struct PatchPolicy {
  Metadata metadata;
  PatchPolicySpec spec;
  PatchPolicyStatus status;
};

}  // namespace patchwave::api
