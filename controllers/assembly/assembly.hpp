// The reconcilers with their queues, and which change in the cluster makes which of them look again. The same
// assembly runs in the operator, on threads, and in a simulation, one key at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "controllers/approval/reconcile.hpp"
#include "controllers/assembly/discovery_metrics.hpp"
#include "controllers/assembly/outcome_metrics.hpp"
#include "controllers/assembly/risk_metrics.hpp"
#include "controllers/discovery/reconcile.hpp"
#include "controllers/inventory/stores.hpp"
#include "controllers/patch/reconcile.hpp"
#include "controllers/policy/reconcile.hpp"
#include "controllers/ranking/ranking.hpp"
#include "controllers/wave/reconcile.hpp"
#include "operator/prometheus/client.hpp"
#include "operator/runtime/controller.hpp"

namespace patchwave::assembly {

struct Workers {
  int policies = 1;
  int patches = 2;
  int waves = 4;
};

/// References must outlive the assembly.
struct Surroundings {
  const kube::Client& client;
  inventory::Stores& stores;  ///< Not written to before the assembly exists: it listens to them.
  const Clock& clock;
  Log& log;
  runtime::Metrics& metrics;
  const prometheus::Client* prometheus;  ///< May be null.
  std::stop_token stop;                  ///< Ends calls under way.
  patch::ResolveImage resolve;
  std::string operator_namespace;
  wave::GateSettings gates;
  std::vector<std::string> git_ops_managers;  ///< Field managers that would put their own image back.
  wave::NodeJobSettings node_jobs = {};
  Workers workers;
  std::function<void(const api::Happening&)> on_happening;
  ranking::Knowledge knowledge{};
  discovery::OpenRepository open_repository{};  ///< Empty: no newer version is looked for.
  discovery::Settings discovery{};
  std::function<double()> random_fraction = [] { return 0.0; };  ///< In [0, 1).
};

class Assembly {
 public:
  explicit Assembly(Surroundings surroundings);

  [[nodiscard]] std::vector<runtime::Controller*> controllers();
  /// What is known of vulnerabilities is not what it was. Thread-safe.
  void feeds_changed();

 private:
  void listen();
  void policy_changed(const kube::Object* before, const kube::Object* after);
  void patch_changed(const kube::Object* before, const kube::Object* after);
  void wave_changed(const kube::Object* before, const kube::Object* after);
  void approval_changed(const kube::Object* before, const kube::Object* after);
  void workload_changed(const kube::Object* before, const kube::Object* after);
  void namespace_changed(const kube::Object* before, const kube::Object* after);
  void node_changed(const kube::NodeView* before, const kube::NodeView* after);
  void access_changed(const kube::Object* before, const kube::Object* after);

  Result<runtime::ReconcileResult> rank_patches();
  void inventory_changed();
  void look_at_policies(std::string_view ns);
  void look_for_updates(std::string_view ns);
  void look_at_waves_in(const std::string& target_namespace);
  void index_wave(const std::string& key, const kube::Object* after);

  Surroundings with_;
  OutcomeMetrics outcomes_;
  ranking::Ranking ranking_;
  RiskMetrics risks_;
  DiscoveryMetrics discovered_;
  wave::GateKeeper gates_;
  policy::PolicyReconciler policy_reconciler_;
  patch::PatchReconciler patch_reconciler_;
  wave::WaveReconciler wave_reconciler_;
  approval::ApprovalReconciler approval_reconciler_;
  discovery::DiscoveryReconciler discovery_reconciler_;
  runtime::Controller policies_;
  runtime::Controller patches_;
  runtime::Controller waves_;
  runtime::Controller approvals_;
  runtime::Controller rankings_;
  runtime::Controller discoveries_;

  std::mutex mutex_;
  std::map<std::string, std::set<std::string>>
      active_waves_;  ///< Keys of waves under way, by target namespace.
  std::map<std::string, std::set<std::string>> namespaces_of_;  ///< The other way round.
};

}  // namespace patchwave::assembly
