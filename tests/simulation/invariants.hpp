// What must hold of the true state after every single write, whatever goes wrong around it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/cluster.hpp"

namespace patchwave::simulation {

/// How often the operator did to a workload what cannot be undone unseen.
struct Disruptions {
  int image_changes = 0;
  int evictions = 0;
  int copies = 0;  ///< Most there ever were when one was evicted.
  bool operator==(const Disruptions&) const = default;
};

class Invariants {
 public:
  explicit Invariants(Cluster& cluster);

  /// Somebody else writes images too: a success may be undone the moment before it is recorded.
  void expect_foreign_writes() { foreign_writes_ = true; }
  /// The patch does harm that shows on every copy of it: no step that has one passes.
  void expect_harm() { harmful_ = true; }
  /// The patch is good and nobody interferes: nothing is ever found to be its harm.
  void expect_no_harm() { harmless_ = true; }
  /// The operator is about to send a write.
  void sent(const http::Request& request);
  /// A write of the operator was answered with 403.
  void refused(const http::Request& request);
  void leadership_lost(int incarnation) { deposed_.insert(incarnation); }
  void violated(const std::string& what);

  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] const std::map<std::string, Disruptions>& disruptions() const { return disruptions_; }
  /// Writes of the operator but for events, leases and the status of policies.
  [[nodiscard]] std::size_t operator_writes() const { return operator_writes_; }
  /// What the latest of them changed, as a JSON patch.
  [[nodiscard]] std::string last_write() const;

 private:
  void observe(const Change& change);
  void track_readiness(const Change& change);
  // Workloads (workload_invariants.cpp).
  void workload_written(const Change& change);
  void canary_written(const Change& change);
  void image_changed(const Change& change, const std::string& container, const std::string& from,
                     const std::string& to);
  void evicted(const Change& change);
  void check_reason_to_evict(const Change& change);
  // Waves (wave_invariants.cpp).
  void wave_written(const Change& change);
  void target_moved(const Change& change, const Json& wave, const Json* before, const Json& after);
  void target_started(const Change& change, const Json& wave, const Json& target);
  void check_budgets(const Change& change, const Json& wave);
  void check_success(const Change& change, const Json& wave);
  void check_times(const Change& change, const Json& before, const Json& wave);
  /// The wave on whose behalf a workload, a canary copy or a pod is written to; null when there is none.
  [[nodiscard]] Snapshot wave_behind(const http::Request& request) const;

  Cluster& cluster_;
  std::vector<std::string> violations_;
  std::map<std::string, Disruptions> disruptions_;
  /// When a pod of the owner with this UID last stopped being ready, or a Deployment was scaled: a cache may
  /// not show it yet.
  std::map<std::string, Time> unready_since_;
  std::set<int> deposed_;
  std::set<kube::NamespacedName> succeeded_;  ///< Waves that ever did.
  std::size_t operator_writes_ = 0;
  Snapshot last_before_;
  Snapshot last_after_;
  bool foreign_writes_ = false;
  bool harmful_ = false;
  bool harmless_ = false;
  /// Since when writes for a wave are refused without a hold having been put on its record.
  std::map<kube::NamespacedName, Time> refused_since_;
};

/// The wave's record of a workload; nullptr when it has none.
const Json* record_of(const Json& wave, const std::string& kind, const kube::NamespacedName& workload);
/// The wave a claim annotation names, when it still is the same one.
Snapshot wave_of_claim(const ClusterState& state, const std::string& claim);
std::string claim_on(const Json& workload);

}  // namespace patchwave::simulation
