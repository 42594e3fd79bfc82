// Reads what a policy's workloads run, asks the registries, and keeps the Patches that the policy finds.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "controllers/api/happening.hpp"
#include "controllers/discovery/registry.hpp"
#include "controllers/discovery/schedule.hpp"
#include "controllers/inventory/stores.hpp"
#include "operator/kube/client.hpp"
#include "operator/runtime/controller.hpp"

namespace patchwave::discovery {

class DiscoveryReconciler {
 public:
  struct Dependencies {
    const kube::Client& client;
    const inventory::Stores& stores;
    const Clock& clock;
    OpenRepository open;  ///< May be empty: nothing is looked for.
    std::function<double()> random_fraction;
    std::string operator_namespace;
    Settings settings;
  };
  struct Observers {
    std::function<void(const api::Happening&)> on_happening;
    std::function<void(const api::PatchPolicy&, const Decision&)> on_look;
  };

  DiscoveryReconciler(Dependencies dependencies, Observers observers)
      : with_(std::move(dependencies)), observers_(std::move(observers)) {}

  /// Of one policy at a time: it remembers which repositories it has seen.
  /// RBAC: patchpolicies get, status update; patches create, patch, delete.
  Result<runtime::ReconcileResult> reconcile(const std::string& key);

 private:
  struct Look {
    Result<Decision> decision;
    std::optional<milliseconds> retry_after;
  };

  [[nodiscard]] Snapshot read_snapshot(const api::PatchPolicy& policy,
                                       std::vector<RunningImage> running) const;
  Look look(Snapshot snapshot) const;
  /// Takes out of the decision what was not done, and adds what was refused.
  void write_patches(const api::PatchPolicy& policy, Decision& decision) const;
  /// Names of the patches with a wave that has begun.
  [[nodiscard]] std::set<std::string> begun_patches(const std::string& ns) const;
  Result<void> write_status(const std::string& key, const std::optional<api::DiscoveryStatus>& discovery,
                            const std::optional<api::Condition>& condition) const;
  Result<runtime::ReconcileResult> stand_down(const std::string& key, const api::PatchPolicy& policy);
  bool has_new_repository(const std::string& key, const std::set<std::string>& now);
  void tell(const api::PatchPolicy& policy, const Decision& decision, const api::Condition& condition) const;

  Dependencies with_;
  Observers observers_;
  std::map<std::string, std::set<std::string>> repositories_;  ///< By policy, as of the last look.
};

}  // namespace patchwave::discovery
