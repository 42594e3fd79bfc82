#include "controllers/api/codec.hpp"
#include "controllers/api/shared_codec.hpp"

namespace patchwave::api {
namespace {

PatchApprovalSpec read_spec(const ObjectReader& fields) {
  PatchApprovalSpec spec;
  spec.wave = read_reference(fields, "waveRef", Presence::Required);
  spec.approver = fields.text("approver", {1, 512}, Presence::Required);
  spec.plan_hash = fields.text("planHash", kDigestRule, Presence::Required);
  spec.approve = fields.choice_index("decision", {"Approve", "Deny"}, Presence::Required) == 0U;
  spec.reason = fields.text("reason", {0, 1024});
  if (!fields.has("emergency")) return spec;
  const auto emergency = fields.object("emergency");
  const auto until = emergency.time("untilTime");
  if (!until) emergency.refuse("untilTime", "is required");
  spec.emergency = {until.value_or(Time{}), emergency.text("reason", {1, 1024}, Presence::Required)};
  if (!spec.approve) fields.refuse("decision", "must be Approve with an emergency");
  return spec;
}

PatchApprovalStatus read_status(const ObjectReader& fields) {
  return {fields.big_integer("observedGeneration", 0), read_conditions(fields)};
}

}  // namespace

Result<PatchApproval> parse_approval(const Json& object) {
  Finding finding;
  const ObjectReader root(object, "", finding);
  PatchApproval approval{parse_metadata(object), read_spec(root.object("spec", Presence::Required)),
                         read_status(root.object("status"))};
  if (finding.first) return fail(*finding.first);
  return approval;
}

Json print_spec(const PatchApprovalSpec& spec) {
  Json fields = {{"waveRef", {{"name", spec.wave}}},
                 {"approver", spec.approver},
                 {"planHash", spec.plan_hash},
                 {"decision", spec.approve ? "Approve" : "Deny"}};
  put(fields, "reason", spec.reason);
  if (spec.emergency) {
    Json& emergency = fields["emergency"];
    put(emergency, "reason", spec.emergency->reason);
    put(emergency, "untilTime", std::optional(spec.emergency->until_time));
  }
  return fields;
}

Json print_status(const PatchApprovalStatus& status) {
  Json fields = {{"observedGeneration", status.observed_generation}};
  put_conditions(fields, status.conditions);
  return fields;
}

}  // namespace patchwave::api
