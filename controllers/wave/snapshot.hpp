// Everything a decision about one wave may look at, read at one moment.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/api/approval.hpp"
#include "controllers/api/patch.hpp"
#include "controllers/api/policy.hpp"
#include "controllers/api/recipe.hpp"
#include "controllers/api/wave.hpp"
#include "controllers/drain/preflight.hpp"
#include "controllers/judge/judge.hpp"
#include "controllers/node/target.hpp"
#include "controllers/target/target.hpp"

namespace patchwave::wave {

struct Predecessor {
  std::string name;
  bool exists = false;
  api::WavePhase phase = api::WavePhase::Pending;
};

struct ObservedNode {
  node::LiveNode live;
  node::Observation seen;
};

struct ObservedTarget {
  target::LiveTarget live;
  target::Observation seen;
  std::optional<ObservedNode> node;  ///< Of a Node, in place of the two above.
  /// When this process last evicted one of its copies. The next one has its deadlines from here: it may not
  /// be there yet, and nothing else shows since when.
  Time evicted_time = {};
};

/// Of a wave of nodes: what their Jobs need.
struct NodeContext {
  std::optional<api::NodeRecipeSpec> recipe;
  std::map<std::string, std::string> parameters;  ///< All of the recipe's, filled in.
  std::string problem;                            ///< Why no node may be begun; names the field.
  std::string jobs_namespace;
  std::string jobs_account;
};

struct GateFinding {
  std::string gate;
  std::size_t target = 0;  ///< Index into spec.targets.
  judge::Finding finding;
};

struct Snapshot {
  api::PatchWave wave;
  std::optional<api::Patch> patch;
  std::optional<api::PatchPolicy> policy;     ///< The wave's policy, when it has one that exists.
  std::vector<api::PatchApproval> approvals;  ///< Those that name this wave.
  std::vector<Predecessor> predecessors;      ///< In the order of spec.after.

  std::optional<NodeContext> nodes;  ///< Of a wave of nodes.
  /// By name of node of the control plane: what it lacks, "" when it is whole. Of a wave of nodes.
  std::map<std::string, std::string> control_plane;
  /// What would keep its nodes from being drained; read once nothing else keeps it from starting.
  std::optional<drain::Report> drain_report;

  /// By index into spec.targets. Targets in flight are always here; untouched ones only as far as they may
  /// be claimed now.
  std::map<std::size_t, ObservedTarget> observed;

  /// Since when the API server has answered this process without a break, a step of the clock being one. What
  /// was not watched is no proof: deadlines count from here at the earliest.
  Time watching_since;

  /// Nodes that are not ready: what their pods show is not the patch's doing.
  std::set<std::string> lost_nodes;

  /// Findings for targets in Canary, Promoting and, while Baking, Promoted. Before the start: those of the
  /// Prometheus gates on the unchanged workloads.
  std::vector<GateFinding> findings;

  /// How many more targets may begin a transition, counted over all waves of the policy.
  int may_claim = 0;
};

}  // namespace patchwave::wave
