#include <algorithm>

#include "controllers/api/codec.hpp"
#include "controllers/api/wave_codec.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kContainerRule{1, 63, is_label_name, "the name of a container"};

std::vector<WaveTarget> read_targets(const ObjectReader& spec) {
  auto targets = spec.objects("targets", {1, 500}, read_wave_target, Presence::Required);
  auto keys = targets;
  for (auto& key : keys) key.containers.clear();
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) != keys.end()) {
    spec.refuse("targets", "must not name a workload twice");
  }
  return targets;
}

PatchWaveSpec read_spec(const ObjectReader& fields, const std::string& own_name) {
  PatchWaveSpec spec;
  spec.patch = read_reference(fields, "patchRef", Presence::Required);
  spec.policy = read_reference(fields, "policyRef");
  spec.order = fields.integer("order", spec.order, {1, 1000});
  spec.mode = fields.choice("mode", spec.mode);
  spec.targets = read_targets(fields);
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
  target.ns = fields.text("namespace", kLabelNameRule, Presence::Required);
  target.name = fields.text("name", kObjectNameRule, Presence::Required);
  target.containers = fields.texts("containers", {1, 20, true}, kContainerRule, Presence::Required);
  return target;
}

Json print_wave_target(const WaveTarget& target) {
  return {{"kind", to_string(target.kind)},
          {"namespace", target.ns},
          {"name", target.name},
          {"containers", target.containers}};
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
  Json targets = Json::array();
  for (const auto& target : spec.targets) targets.push_back(print_wave_target(target));
  Json fields = {
      {"patchRef", {{"name", spec.patch}}},
      {"order", spec.order},
      {"mode", to_string(spec.mode)},
      {"targets", std::move(targets)},
      {"windows", print_windows(spec.windows)},
      {"onHarm", to_string(spec.on_harm)},
      {"onUndecided", print_undecided(spec.on_undecided)},
      {"suspend", spec.suspend},
      {"cancel", spec.cancel},
  };
  if (!spec.policy.empty()) fields["policyRef"] = {{"name", spec.policy}};
  print_pace(fields, {spec.steps, spec.max_unavailable, spec.step_bake, spec.bake, spec.progress_deadline,
                      spec.approval_required});
  put(fields, "gates", print_gates(spec.gates));
  put(fields, "after", spec.after);
  return fields;
}

}  // namespace patchwave::api
