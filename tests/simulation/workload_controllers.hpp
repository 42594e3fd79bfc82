// The workload controllers of kube-controller-manager, as far as a rollout can tell them apart: one sync is
// one pure step on the store, requested by a change and carried out a drawn moment later.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/cluster_state.hpp"
#include "tests/simulation/random.hpp"
#include "tests/simulation/sync_queue.hpp"

namespace patchwave::simulation {

/// Rolling updates by maxSurge and maxUnavailable, Recreate, paused; scaling.
class DeploymentController {
 public:
  DeploymentController(ClusterState& state, Agenda& agenda, Random& random);

 private:
  void sync(const kube::NamespacedName& name);
  Snapshot current_replica_set(const Snapshot& deployment);
  /// True when a ReplicaSet was scaled: the rest waits for the next sync, as in the real controller.
  bool scale_up(const Json& deployment, const Snapshot& current, std::int64_t total);
  void scale_down(const Json& deployment, const Snapshot& current, const std::vector<Snapshot>& old,
                  std::int64_t total);
  void recreate(const Json& deployment, const Snapshot& current, const std::vector<Snapshot>& old);
  void write_status(const Snapshot& deployment, const Snapshot& current);
  void scale(const Snapshot& replica_set, std::int64_t replicas);

  ClusterState& state_;
  SyncQueue queue_;
};

/// Creates and deletes pods to reach spec.replicas: unready pods go first.
class ReplicaSetController {
 public:
  ReplicaSetController(ClusterState& state, Agenda& agenda, Random& random);

 private:
  void sync(const kube::NamespacedName& name);

  ClusterState& state_;
  Random& random_;
  SyncQueue queue_;
};

/// OrderedReady and Parallel, partition, OnDelete. A pod that never becomes ready blocks every later step,
/// also the one that would repair it (kubernetes#67250).
class StatefulSetController {
 public:
  StatefulSetController(ClusterState& state, Agenda& agenda, Random& random);

 private:
  struct Revisions {
    std::string current;
    std::string update;
  };
  void sync(const kube::NamespacedName& name);
  /// Creates, waits and scales down; true when all replicas are there and ready (or order does not matter).
  bool replicas_in_place(const Json& set, const std::vector<Snapshot>& pods, const Revisions& revisions);
  void update_pods(const Json& set, const std::vector<Snapshot>& pods, const Revisions& revisions);
  void create_pod(const Json& set, std::int64_t ordinal, const Revisions& revisions);
  void write_status(const Snapshot& set, const Revisions& revisions);
  /// Null where a replica is missing; longer than spec.replicas while it is scaled down.
  [[nodiscard]] std::vector<Snapshot> pods_by_ordinal(const Json& set) const;

  ClusterState& state_;
  SyncQueue queue_;
  /// What ControllerRevisions would hold: templates by set UID and revision.
  std::map<std::pair<std::string, std::string>, Json> templates_;
};

/// One pod a node; RollingUpdate by maxUnavailable, OnDelete. It works on what its own cache shows of the
/// set, which is behind: a pod that is made meanwhile still has the template from before.
class DaemonSetController {
 public:
  DaemonSetController(ClusterState& state, Agenda& agenda, Random& random);

  /// How far its cache may be behind from now on.
  void lag(milliseconds longest) { longest_lag_ = longest; }

 private:
  void observe(const Change& change);
  void sync(const kube::NamespacedName& name);
  void roll(const Json& set, const std::vector<Snapshot>& pods, const std::string& revision,
            std::int64_t wanted);

  ClusterState& state_;
  Agenda& agenda_;
  Random& random_;
  SyncQueue queue_;
  milliseconds longest_lag_{150};
  MonotonicTime shown_until_;  ///< When the latest change will have come into the cache: they come in order.
  std::map<kube::NamespacedName, Snapshot> cache_;
};

/// Requests a sync of the controlling owner of `kind` whenever one of `resource` changes.
void follow_owners(ClusterState& state, const kube::Resource& resource, std::string kind, SyncQueue& queue);
/// Requests a sync of every changed object of `resource` itself.
void follow_objects(ClusterState& state, const kube::Resource& resource, SyncQueue& queue);

}  // namespace patchwave::simulation
