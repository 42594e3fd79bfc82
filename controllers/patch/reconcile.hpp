// Reads a Patch and its waves, asks the registry once or reads the recipe, and writes the status.
#pragma once

#include "controllers/api/happening.hpp"
#include "controllers/inventory/stores.hpp"
#include "controllers/patch/decide.hpp"
#include "controllers/patch/pullers.hpp"
#include "operator/base/log.hpp"
#include "operator/kube/client.hpp"
#include "operator/runtime/controller.hpp"

namespace patchwave::patch {

struct ImageQuestion {
  std::string repository;
  std::string tag;
  std::vector<Puller> pullers;  ///< Whose pull secrets may be used to ask.
};
/// Asks a registry for the digest of a tag.
using ResolveImage = std::function<Lookup(const ImageQuestion&)>;
/// What was last assessed of a patch; nullopt: nothing yet.
using RiskOf = std::function<std::optional<api::RiskReport>(const api::Patch&)>;

class PatchReconciler {
 public:
  struct Dependencies {
    const kube::Client& client;
    const inventory::Stores& stores;
    const Clock& clock;
    ResolveImage resolve;
    std::string operator_namespace;
    RiskOf risk_of{};
  };
  using OnHappening = std::function<void(const api::Happening&)>;

  PatchReconciler(Dependencies dependencies, OnHappening on_happening)
      : with_(std::move(dependencies)), on_happening_(std::move(on_happening)) {}

  /// RBAC: patches get, patch (the lift annotation), status update; noderecipes get.
  Result<runtime::ReconcileResult> reconcile(const std::string& key);

 private:
  [[nodiscard]] Result<Lookup> look_up(const api::Patch& patch) const;
  [[nodiscard]] Result<Lookup> look_up_recipe(const api::Patch& patch) const;
  [[nodiscard]] ImageQuestion question_of(const api::Patch& patch) const;
  Result<void> remove_lift_annotation(const api::Patch& patch);
  void tell(const api::Patch& patch, const api::PatchStatus& after);

  Dependencies with_;
  OnHappening on_happening_;
};

}  // namespace patchwave::patch
