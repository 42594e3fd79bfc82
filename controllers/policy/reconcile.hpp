// Reads a PatchPolicy and everything it may reach, and keeps its waves what the policy wants.
#pragma once

#include "controllers/api/happening.hpp"
#include "controllers/inventory/stores.hpp"
#include "controllers/policy/decide.hpp"
#include "operator/base/log.hpp"
#include "operator/kube/client.hpp"
#include "operator/runtime/controller.hpp"

namespace patchwave::policy {

class PolicyReconciler {
 public:
  struct Dependencies {
    const kube::Client& client;
    const inventory::Stores& stores;
    const Clock& clock;
    std::string operator_namespace;
  };
  struct Observers {
    std::function<void(const api::Happening&)> on_happening;
    std::function<void(const api::PatchPolicy&, const api::PatchPolicyStatus& after)> on_status;
  };

  PolicyReconciler(Dependencies dependencies, Observers observers)
      : with_(std::move(dependencies)), observers_(std::move(observers)) {}

  /// RBAC: patchpolicies get, status update; patchwaves create and delete.
  Result<runtime::ReconcileResult> reconcile(const std::string& key);

 private:
  PolicySnapshot read_snapshot(api::PatchPolicy policy) const;
  Result<void> write_waves(const api::PatchPolicy& policy, const PolicyDecision& decision);
  void tell(const api::PatchPolicy& policy, const api::PatchPolicyStatus& after);

  Dependencies with_;
  Observers observers_;
};

}  // namespace patchwave::policy
