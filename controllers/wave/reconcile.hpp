// Reads everything about one wave, decides, writes to workloads what the record allows, and writes the
// status once.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "controllers/api/happening.hpp"
#include "controllers/inventory/stores.hpp"
#include "controllers/wave/budget_ledger.hpp"
#include "controllers/wave/decide.hpp"
#include "controllers/wave/evidence.hpp"
#include "controllers/wave/observe_node.hpp"
#include "controllers/wave/watch_span.hpp"
#include "operator/base/log.hpp"
#include "operator/kube/client.hpp"
#include "operator/runtime/controller.hpp"

namespace patchwave::wave {

class WaveReconciler {
 public:
  /// All must outlive the reconciler.
  struct Dependencies {
    const kube::Client& client;
    const inventory::Stores& stores;
    const Clock& clock;
    Log& log;
    GateKeeper& gates;
    /// Field managers, as patterns, that would put their own image back again and again.
    std::vector<std::string> git_ops_managers;
    std::string operator_namespace;
    NodeJobSettings node_jobs;
  };
  /// Told after a status was written. May be empty.
  struct Observers {
    std::function<void(const api::Happening&)> on_happening;
    std::function<void(const api::PatchWave& before, const api::PatchWaveStatus& after)> on_status;
  };

  WaveReconciler(Dependencies dependencies, Observers observers)
      : with_(std::move(dependencies)), observers_(std::move(observers)) {}

  /// RBAC: patchwaves get, patch (finalizer), status update; patches get; the workload kinds get and patch;
  /// deployments create, patch and delete (canary copies); services list; pods/eviction create. For nodes:
  /// noderecipes get; nodes get and patch; pods and poddisruptionbudgets list; jobs list and create, and pods
  /// list, where the Jobs are.
  Result<runtime::ReconcileResult> reconcile(const std::string& key);

 private:
  Result<Json> ensure_finalizer(const Json& object, const api::PatchWave& wave);
  Result<void> drop_finalizer(const Json& object);
  Result<void> read_surroundings(Snapshot& snapshot);
  /// Whether the nodes can be drained, once nothing else keeps the wave from starting; and when to look anew.
  Result<std::optional<Time>> look_ahead(Snapshot& snapshot, Time now);
  Result<void> observe_targets(Snapshot& snapshot, Time now);
  Result<ObservedTarget> observe_target(const Snapshot& snapshot, std::size_t index, Time now);
  Result<ObservedTarget> observe_node(const Snapshot& snapshot, std::size_t index, Time now);
  Result<Decision> decide_within_budget(Snapshot& snapshot, Time now);
  Result<BudgetLedger::Counts> count_transitions(const api::PatchWave& wave) const;
  void perform_acts(const Snapshot& snapshot, Decision& decision, Time now);
  /// Logs, and keeps in the decision, what came of one write. True when the next may follow.
  bool heed(const Snapshot& snapshot, std::size_t index, const std::string& why,
            const target::Outcome& outcome, Decision& decision, Time now);
  Result<void> write_status(const Json& object, const Snapshot& snapshot, const Decision& decision);

  Result<runtime::ReconcileResult> reconcile_watched(const std::string& key);
  /// Since when this process has been able to look without a break.
  Time watching_since();
  void note_failure(const Error& error);
  /// When the status was last written; at first sight, now: a restart alone is no news.
  Time last_written_time(const std::string& wave_uid, Time now);
  void note_written(const std::string& wave_uid, Time now);
  Time evicted_time(const std::string& wave_uid, std::size_t target);
  void note_eviction(const std::string& wave_uid, std::size_t target);
  drain::Progress asked_of(const std::string& wave_uid, std::size_t target);
  void note_asked(const std::string& wave_uid, std::size_t target, drain::Progress asked);
  void forget(const std::string& wave_uid);

  Dependencies with_;
  Observers observers_;
  BudgetLedger ledger_;
  std::mutex mutex_;
  std::map<std::string, Time> written_;  ///< By wave UID.
  /// By wave UID and index of the target. A restart needs none of it: what is watched begins anew then.
  std::map<std::string, std::map<std::size_t, Time>> evicted_;
  /// What draining nodes was answered, by wave UID and index of the target. It only spaces questions out.
  std::map<std::string, std::map<std::size_t, drain::Progress>> asked_;
  struct DatedReport {
    Time next_time;
    drain::Report report;
  };
  std::map<std::string, DatedReport> drain_reports_;  ///< By wave UID, of waves that wait.
  Time next_drain_read_ = {};                         ///< Of any wave.
  WatchSpan watched_;                                 ///< Begins when the API server has answered, again.
};

}  // namespace patchwave::wave
