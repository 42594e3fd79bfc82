#include "controllers/approval/decide.hpp"

#include <fmt/format.h>

#include "operator/base/time.hpp"

namespace patchwave::approval {
namespace {

struct Standing {
  std::string_view ready;
  bool stalled = false;
  std::string reason;
  std::string message;
};

Standing standing_of(const api::PatchApproval& approval, const std::optional<api::PatchWave>& wave,
                     Time now) {
  const auto& spec = approval.spec;
  if (!wave) {
    return {"False", true, "WaveNotFound",
            fmt::format("`spec.waveRef.name` must name a PatchWave in namespace '{}'; '{}' does not exist",
                        approval.metadata.ns, spec.wave)};
  }
  if (wave->status.plan_hash.empty()) return {"Unknown", false, "NotPlanned", "the wave has no plan yet"};
  if (spec.plan_hash != wave->status.plan_hash) {
    return {"False", true, "PlanChanged",
            fmt::format("the plan is {} now; look at it again and decide anew", wave->status.plan_hash)};
  }
  if (!spec.approve) {
    return {"True", false, "Denied", "the wave does not start while this denial stands"};
  }
  if (!spec.emergency) {
    return {"True", false, "Counted", "the wave may start as far as this approval goes"};
  }
  const auto until = *api::emergency_end(approval);
  if (until <= now) {
    return {
        "True", false, "EmergencyOver",
        fmt::format("the wave may start as far as this approval goes, and its windows count again since {}",
                    format_time(until))};
  }
  return {"True", false, "Emergency",
          fmt::format("the wave may start, and its windows do not count until {}", format_time(until))};
}

}  // namespace

api::PatchApprovalStatus decide(const api::PatchApproval& approval, const std::optional<api::PatchWave>& wave,
                                Time now) {
  auto status = approval.status;
  status.observed_generation = approval.metadata.generation;
  const auto standing = standing_of(approval, wave, now);
  const auto set = [&](std::string_view type, std::string_view value) {
    api::set_condition(status.conditions,
                       {std::string(type), std::string(value), standing.reason, standing.message,
                        approval.metadata.generation, now},
                       now);
  };
  set("Ready", standing.ready);
  set("Reconciling", standing.ready == "Unknown" ? "True" : "False");
  set("Stalled", standing.stalled ? "True" : "False");
  return status;
}

}  // namespace patchwave::approval
