#include <algorithm>

#include "controllers/api/codec.hpp"
#include "controllers/api/node_pool_codec.hpp"
#include "controllers/api/wave_codec.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kContainerRule{1, 63, is_label_name, "the name of a container"};

WaveTarget read_workload(const ObjectReader& fields) {
  auto target = read_wave_target(fields);
  if (target.kind == TargetKind::Node) fields.refuse("kind", "must be a workload's: `nodes` names nodes");
  if (target.ns.empty()) fields.refuse("namespace", "must be set");
  if (target.containers.empty()) fields.refuse("containers", "must be set");
  return target;
}

std::vector<WaveTarget> read_workloads(const ObjectReader& spec) {
  auto targets = spec.objects("targets", {1, 500}, read_workload);
  auto keys = targets;
  for (auto& key : keys) key.containers.clear();
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) != keys.end()) {
    spec.refuse("targets", "must not name a workload twice");
  }
  return targets;
}

std::vector<WaveTarget> read_nodes(const ObjectReader& nodes) {
  std::vector<WaveTarget> targets;
  for (auto& name : nodes.texts("names", {1, 500, true}, kObjectNameRule, Presence::Required)) {
    targets.push_back({TargetKind::Node, "", std::move(name), {}});
  }
  return targets;
}

PatchWaveSpec read_spec(const ObjectReader& fields, const std::string& own_name) {
  PatchWaveSpec spec;
  spec.patch = read_reference(fields, "patchRef", Presence::Required);
  spec.policy = read_reference(fields, "policyRef");
  spec.order = fields.integer("order", spec.order, {1, 1000});
  spec.mode = fields.choice("mode", spec.mode);
  if (fields.has("targets") == fields.has("nodes")) {
    fields.refuse("targets", "or `nodes` must be set, and not both");
  }
  if (fields.has("nodes")) {
    const auto nodes = fields.object("nodes");
    spec.nodes = read_node_work(nodes);
    spec.targets = read_nodes(nodes);
  } else {
    spec.targets = read_workloads(fields);
  }
  auto pace = read_pace(fields);
  spec.steps = std::move(pace.steps);
  spec.max_unavailable = pace.max_unavailable;
  spec.step_bake = pace.step_bake;
  spec.bake = pace.bake;
  spec.progress_deadline = pace.progress_deadline;
  spec.approval_required = pace.approval_required;
  spec.windows = read_windows(fields);
  spec.gates = read_gates(fields);
  spec.on_harm = fields.choice("onHarm", spec.on_harm);
  spec.on_undecided = read_undecided(fields);
  spec.after = fields.texts("after", {0, 50, true}, kObjectNameRule);
  if (std::ranges::find(spec.after, own_name) != spec.after.end()) {
    fields.refuse("after", "must not name the wave itself");
  }
  spec.suspend = fields.flag("suspend", spec.suspend);
  spec.cancel = fields.flag("cancel", spec.cancel);
  return spec;
}

}  // namespace

WaveTarget read_wave_target(const ObjectReader& fields) {
  WaveTarget target;
  target.kind = fields.choice("kind", target.kind, Presence::Required);
  if (fields.has("namespace")) target.ns = fields.text("namespace", kLabelNameRule);
  target.name = fields.text("name", kObjectNameRule, Presence::Required);
  if (fields.has("containers")) {
    target.containers = fields.texts("containers", {1, 20, true}, kContainerRule);
  }
  return target;
}

Json print_wave_target(const WaveTarget& target) {
  Json fields = {{"kind", to_string(target.kind)}, {"name", target.name}};
  put(fields, "namespace", target.ns);
  put(fields, "containers", target.containers);
  return fields;
}

Result<PatchWave> parse_wave(const Json& object) {
  Finding finding;
  const ObjectReader root(object, "", finding);
  auto metadata = parse_metadata(object);
  auto spec = read_spec(root.object("spec", Presence::Required), metadata.name);
  PatchWave wave{std::move(metadata), std::move(spec), read_wave_status(root.object("status"))};
  if (finding.first) return fail(*finding.first);
  return wave;
}

Json print_spec(const PatchWaveSpec& spec) {
  Json fields = {
      {"patchRef", {{"name", spec.patch}}},
      {"order", spec.order},
      {"mode", to_string(spec.mode)},
      {"windows", print_windows(spec.windows)},
      {"onHarm", to_string(spec.on_harm)},
      {"onUndecided", print_undecided(spec.on_undecided)},
      {"suspend", spec.suspend},
      {"cancel", spec.cancel},
  };
  if (spec.nodes) {
    fields["nodes"] = print_node_work(*spec.nodes);
    auto& names = fields["nodes"]["names"] = Json::array();
    for (const auto& target : spec.targets) names.push_back(target.name);
  } else {
    auto& targets = fields["targets"] = Json::array();
    for (const auto& target : spec.targets) targets.push_back(print_wave_target(target));
  }
  if (!spec.policy.empty()) fields["policyRef"] = {{"name", spec.policy}};
  print_pace(fields, {spec.steps, spec.max_unavailable, spec.step_bake, spec.bake, spec.progress_deadline,
                      spec.approval_required});
  put(fields, "gates", print_gates(spec.gates));
  put(fields, "after", spec.after);
  return fields;
}

}  // namespace patchwave::api
