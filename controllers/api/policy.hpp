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

/// How far a newer version may be from the one that runs; each includes those before it.
enum class UpdateScope : std::uint8_t { None, Digest, Patch, Minor };
std::string_view to_string(UpdateScope value);

/// Which newer versions of what runs are found in registries.
struct Updates {
  UpdateScope semver = UpdateScope::Patch;
  milliseconds minimum_age{24 * 3600 * 1000};
  std::string tags;                      ///< RE2, of whole tags; empty: see plan/update.hpp.
  std::optional<milliseconds> interval;  ///< Unset: that of the operator's configuration.
  bool operator==(const Updates&) const = default;
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
  std::optional<Updates> updates = {};  ///< Unset: nothing is looked for.
  bool operator==(const PatchPolicySpec&) const = default;
};

/// A newer version that is not old enough yet.
struct HeldBackUpdate {
  std::string image;
  std::string tag;
  std::string digest;
  std::optional<Time> seen_time;  ///< First seen with this digest: its age counts from here if it says none.
  std::optional<Time> until_time;
  bool operator==(const HeldBackUpdate&) const = default;
};

struct DiscoveryStatus {
  std::optional<Time> last_time;  ///< When registries were last asked, and when they are asked next.
  std::optional<Time> next_time;
  std::vector<HeldBackUpdate> held_back;  ///< At most kMostHeldBack.
  bool operator==(const DiscoveryStatus&) const = default;
};
inline constexpr std::size_t kMostHeldBack = 200;

struct PatchPolicyStatus {
  std::int64_t observed_generation = 0;
  int targets = 0;       ///< Workloads and nodes that the policy selects now.
  int open_patches = 0;  ///< Patches that apply and are not everywhere yet.
  int active_waves = 0;
  int quarantined_patches = 0;
  std::string next_window;  ///< For the column: RFC 3339, "open", or "".
  std::optional<DiscoveryStatus> discovery = {};
  std::vector<Condition> conditions;
  bool operator==(const PatchPolicyStatus&) const = default;
};

struct PatchPolicy {
  Metadata metadata;
  PatchPolicySpec spec;
  PatchPolicyStatus status;
};

}  // namespace patchwave::api
