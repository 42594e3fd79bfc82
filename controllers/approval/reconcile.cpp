#include "controllers/approval/reconcile.hpp"

#include "controllers/api/codec.hpp"
#include "controllers/status/status.hpp"

namespace patchwave::approval {

Result<runtime::ReconcileResult> ApprovalReconciler::reconcile(const std::string& key) {
  // Nothing but its own status follows from it, and a write from an old view is refused as a conflict.
  const auto [ns, name] = status::split_key(key);
  const auto object = with_.stores.approvals.get(ns, name);
  if (object == nullptr) return runtime::ReconcileResult{};
  const auto approval = api::parse_approval(*object);
  if (!approval) {
    return fail(status::report_invalid(with_.client, kube::resources::kPatchApprovals, *object,
                                       approval.error(), with_.clock.now()));
  }
  if (approval->metadata.deletion_time) return runtime::ReconcileResult{};

  std::optional<api::PatchWave> wave;
  if (const auto known = with_.stores.waves.get(approval->metadata.ns, approval->spec.wave)) {
    if (auto parsed = api::parse_wave(*known)) wave = std::move(*parsed);
  }
  const Time now = with_.clock.now();
  const auto decided = decide(*approval, wave, now);
  runtime::ReconcileResult result;
  if (const auto end = api::emergency_end(*approval); end && *end > now)
    result.requeue_after = std::chrono::ceil<milliseconds>(*end - now);
  if (decided == approval->status) return result;
  auto written =
      status::write(with_.client, kube::resources::kPatchApprovals, *object, api::print_status(decided));
  if (!written) return fail(std::move(written.error()));
  return result;
}

}  // namespace patchwave::approval
