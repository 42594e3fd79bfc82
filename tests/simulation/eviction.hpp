// The eviction subresource and its arithmetic with PodDisruptionBudgets, and the controller that keeps the
// budgets' status.
#pragma once

#include "operator/http/transport.hpp"
#include "tests/simulation/agenda.hpp"
#include "tests/simulation/cluster_state.hpp"
#include "tests/simulation/random.hpp"

namespace patchwave::simulation {

http::Response evict(ClusterState& state, const std::string& ns, const std::string& name, const Json& body,
                     bool dry_run, const Writer& writer);

/// Recomputes a budget's status a moment after its pods or the budget itself changed.
class DisruptionController {
 public:
  DisruptionController(ClusterState& state, Agenda& agenda, Random& random);

 private:
  void schedule(const kube::NamespacedName& budget);
  void sync(const kube::NamespacedName& budget);
  [[nodiscard]] std::int64_t expected_pods(const std::vector<Snapshot>& pods) const;

  ClusterState& state_;
  Agenda& agenda_;
  Random& random_;
  std::set<kube::NamespacedName> scheduled_;
};

bool pod_is_ready(const Json& pod);

}  // namespace patchwave::simulation
