// A whole cluster in virtual time: true state, API server, controllers, scheduler and kubelets, all moved by
// one agenda and one stream of chance.
#pragma once

#include "tests/simulation/agenda.hpp"
#include "tests/simulation/cluster_state.hpp"
#include "tests/simulation/deletion.hpp"
#include "tests/simulation/eviction.hpp"
#include "tests/simulation/kubelet.hpp"
#include "tests/simulation/random.hpp"
#include "tests/simulation/simulated_api.hpp"
#include "tests/simulation/workload_controllers.hpp"

namespace patchwave::simulation {

class Cluster {
 public:
  Cluster(Time start, Random& random)
      : clock(start),
        agenda(clock),
        state(clock),
        api(state),
        kubelets(state, agenda, random),
        collector_(state, agenda, random),
        disruption_(state, agenda, random),
        deployments_(state, agenda, random),
        replica_sets_(state, agenda, random),
        stateful_sets_(state, agenda, random),
        daemon_sets_(state, agenda, random) {}
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  ManualClock clock;
  Agenda agenda;
  ClusterState state;
  SimulatedApi api;
  Kubelets kubelets;

  /// How far the DaemonSet controller may be behind from now on.
  void daemon_sets_lag(milliseconds longest) { daemon_sets_.lag(longest); }

 private:
  GarbageCollector collector_;
  DisruptionController disruption_;
  DeploymentController deployments_;
  ReplicaSetController replica_sets_;
  StatefulSetController stateful_sets_;
  DaemonSetController daemon_sets_;
};

}  // namespace patchwave::simulation
