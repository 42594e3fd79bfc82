// Keeps the status of PatchApprovals.
#pragma once

#include "controllers/approval/decide.hpp"
#include "controllers/inventory/stores.hpp"
#include "operator/kube/client.hpp"
#include "operator/runtime/controller.hpp"

namespace patchwave::approval {

class ApprovalReconciler {
 public:
  /// All must outlive the reconciler.
  struct Dependencies {
    const kube::Client& client;
    const inventory::Stores& stores;
    const Clock& clock;
  };
  explicit ApprovalReconciler(Dependencies dependencies) : with_(dependencies) {}

  /// Looks at the cache. RBAC: patchapprovals list and watch, status update and patch.
  Result<runtime::ReconcileResult> reconcile(const std::string& key);

 private:
  Dependencies with_;
};

}  // namespace patchwave::approval
