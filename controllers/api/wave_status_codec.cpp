#include "controllers/api/codec.hpp"
#include "controllers/api/node_pool_codec.hpp"
#include "controllers/api/wave_codec.hpp"

namespace patchwave::api {
namespace {

constexpr Range<int> kCount{0, std::numeric_limits<int>::max()};

TargetBefore read_before(const ObjectReader& fields) {
  TargetBefore before;
  before.images = fields.map("images", std::numeric_limits<std::size_t>::max(), {});
  if (fields.has("partition")) before.partition = fields.integer("partition", 0, kCount);
  before.update_strategy = fields.text("updateStrategy", {});
  if (fields.has("node")) before.node = read_node_facts(fields.object("node"));
  return before;
}

TargetStatus read_target(const ObjectReader& fields) {
  TargetStatus status;
  status.target = read_wave_target(fields);
  status.uid = fields.text("uid", {});
  status.state = fields.choice("state", status.state, Presence::Required);
  status.step = fields.integer("step", 0, kCount);
  status.canary_replicas = fields.integer("canaryReplicas", 0, kCount);
  status.state_since_time = fields.time("stateSinceTime");
  status.ready_since_time = fields.time("readySinceTime");
  status.unready_since_time = fields.time("unreadySinceTime");
  status.before = read_before(fields.object("before"));
  status.after_image = fields.text("afterImage", {});
  if (fields.has("node")) status.node = read_node_progress(fields.object("node"));
  status.message = fields.text("message", {});
  return status;
}

ArmCount read_arm(const ObjectReader& fields) {
  return {fields.big_integer("events", 0), fields.big_integer("exposure", 0)};
}

GateEvidence read_evidence(const ObjectReader& fields) {
  return {read_arm(fields.object("canary")), read_arm(fields.object("baseline")),
          fields.text("harm", {}),           fields.text("harmThreshold", {}),
          fields.text("pass", {}),           fields.text("passThreshold", {}),
          fields.time("expectedTime")};
}

GateStatus read_gate_status(const ObjectReader& fields) {
  GateStatus gate{fields.text("name", {}, Presence::Required),
                  fields.choice("verdict", Verdict::Undecided, Presence::Required),
                  fields.text("message", {}), fields.text("target", {}), fields.time("sinceTime")};
  if (fields.has("evidence")) gate.evidence = read_evidence(fields.object("evidence"));
  return gate;
}

std::optional<Hold> read_hold(const ObjectReader& status) {
  if (!status.has("hold")) return std::nullopt;
  const auto fields = status.object("hold");
  return Hold{fields.text("reason", {}, Presence::Required), fields.text("message", {}),
              fields.time("sinceTime"), fields.time("untilTime")};
}

std::optional<Harm> read_harm(const ObjectReader& status) {
  if (!status.has("harm")) return std::nullopt;
  const auto fields = status.object("harm");
  return Harm{fields.text("gate", {}), fields.text("target", {}), fields.text("message", {}),
              fields.time("time")};
}

Progress read_progress(const ObjectReader& fields) {
  return {fields.integer("total", 0, kCount), fields.integer("done", 0, kCount),
          fields.integer("inFlight", 0, kCount), fields.integer("failed", 0, kCount)};
}

Json print_before(const TargetBefore& before) {
  Json fields = Json::object();
  put(fields, "images", Json(before.images));
  if (before.partition) fields["partition"] = *before.partition;
  put(fields, "updateStrategy", before.update_strategy);
  if (before.node) fields["node"] = print_node_facts(*before.node);
  return fields;
}

Json print_target(const TargetStatus& status) {
  Json fields = print_wave_target(status.target);
  fields["state"] = to_string(status.state);
  fields["step"] = status.step;
  fields["canaryReplicas"] = status.canary_replicas;
  put(fields, "uid", status.uid);
  put(fields, "stateSinceTime", status.state_since_time);
  put(fields, "readySinceTime", status.ready_since_time);
  put(fields, "unreadySinceTime", status.unready_since_time);
  put(fields, "before", print_before(status.before));
  put(fields, "afterImage", status.after_image);
  if (status.node) fields["node"] = print_node_progress(*status.node);
  put(fields, "message", status.message);
  return fields;
}

Json print_arm(const ArmCount& arm) {
  return {{"events", arm.events}, {"exposure", arm.exposure}};
}

Json print_evidence(const GateEvidence& evidence) {
  Json fields = {{"canary", print_arm(evidence.canary)}, {"baseline", print_arm(evidence.baseline)}};
  put(fields, "harm", evidence.harm);
  put(fields, "harmThreshold", evidence.harm_threshold);
  put(fields, "pass", evidence.pass);
  put(fields, "passThreshold", evidence.pass_threshold);
  put(fields, "expectedTime", evidence.expected_time);
  return fields;
}

Json print_gate_status(const GateStatus& gate) {
  Json fields = {{"name", gate.name}, {"verdict", to_string(gate.verdict)}};
  put(fields, "message", gate.message);
  put(fields, "target", gate.target);
  put(fields, "sinceTime", gate.since_time);
  if (gate.evidence) fields["evidence"] = print_evidence(*gate.evidence);
  return fields;
}

std::optional<Emergency> read_emergency(const ObjectReader& status) {
  if (!status.has("emergency")) return std::nullopt;
  const auto fields = status.object("emergency");
  return Emergency{fields.text("approver", {}), fields.text("reason", {}),
                   fields.time("untilTime").value_or(Time{})};
}

Json print_emergency(const Emergency& emergency) {
  Json fields = {{"approver", emergency.approver}, {"reason", emergency.reason}};
  put(fields, "untilTime", std::optional(emergency.until_time));
  return fields;
}

Json print_hold(const Hold& hold) {
  Json fields = {{"reason", hold.reason}};
  put(fields, "message", hold.message);
  put(fields, "sinceTime", hold.since_time);
  put(fields, "untilTime", hold.until_time);
  return fields;
}

Json print_harm(const Harm& harm) {
  Json fields = Json::object();
  put(fields, "gate", harm.gate);
  put(fields, "target", harm.target);
  put(fields, "message", harm.message);
  put(fields, "time", harm.time);
  return fields;
}

}  // namespace

PatchWaveStatus read_wave_status(const ObjectReader& fields) {
  PatchWaveStatus status;
  status.observed_generation = fields.big_integer("observedGeneration", 0);
  status.phase = fields.choice("phase", status.phase);
  status.plan_hash = fields.text("planHash", {});
  status.digest = fields.text("digest", {});
  status.image = fields.text("image", {});
  status.hold = read_hold(fields);
  status.harm = read_harm(fields);
  if (fields.has("rollbackCause")) {
    status.rollback_cause = fields.choice("rollbackCause", RollbackCause::Harm);
  }
  status.verdict = fields.choice("verdict", status.verdict);
  status.gates = fields.objects("gates", {}, read_gate_status);
  status.targets = fields.objects("targets", {}, read_target);
  status.progress = read_progress(fields.object("progress"));
  status.progress_text = fields.text("progressText", {});
  status.approved_by = fields.text("approvedBy", {});
  status.emergency = read_emergency(fields);
  status.start_time = fields.time("startTime");
  status.bake_start_time = fields.time("bakeStartTime");
  status.completion_time = fields.time("completionTime");
  status.conditions = read_conditions(fields);
  return status;
}

Json print_status(const PatchWaveStatus& status) {
  const auto& progress = status.progress;
  Json fields = {{"observedGeneration", status.observed_generation},
                 {"phase", to_string(status.phase)},
                 {"verdict", to_string(status.verdict)},
                 {"progress",
                  {{"total", progress.total},
                   {"done", progress.done},
                   {"inFlight", progress.in_flight},
                   {"failed", progress.failed}}}};
  put(fields, "planHash", status.plan_hash);
  put(fields, "digest", status.digest);
  put(fields, "image", status.image);
  if (status.hold) fields["hold"] = print_hold(*status.hold);
  if (status.harm) fields["harm"] = print_harm(*status.harm);
  if (status.rollback_cause) fields["rollbackCause"] = to_string(*status.rollback_cause);
  Json gates = Json::array();
  for (const auto& gate : status.gates) gates.push_back(print_gate_status(gate));
  put(fields, "gates", std::move(gates));
  Json targets = Json::array();
  for (const auto& target : status.targets) targets.push_back(print_target(target));
  put(fields, "targets", std::move(targets));
  put(fields, "progressText", status.progress_text);
  put(fields, "approvedBy", status.approved_by);
  if (status.emergency) fields["emergency"] = print_emergency(*status.emergency);
  put(fields, "startTime", status.start_time);
  put(fields, "bakeStartTime", status.bake_start_time);
  put(fields, "completionTime", status.completion_time);
  put_conditions(fields, status.conditions);
  return fields;
}

}  // namespace patchwave::api
