#include <algorithm>

#include "controllers/api/codec.hpp"
#include "controllers/api/node_pool_codec.hpp"
#include "controllers/api/shared_codec.hpp"
#include "controllers/api/updates_codec.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kImageGlobRule{1, 255, is_image_glob,
                                  "an image repository, in which '*' and '**' stand for others"};

std::optional<WorkloadTargets> read_workloads(const ObjectReader& targets) {
  if (!targets.has("workloads")) return std::nullopt;
  const auto fields = targets.object("workloads");
  return WorkloadTargets{read_label_selector(fields.object("namespaceSelector")),
                         read_label_selector(fields.object("selector")),
                         fields.texts("images", {1, 100}, kImageGlobRule, Presence::Required)};
}

std::vector<NodePool> read_node_pools(const ObjectReader& targets) {
  auto pools = targets.objects("nodePools", {0, 20}, read_node_pool);
  auto names = pools;
  std::ranges::sort(names, {}, &NodePool::name);
  if (std::ranges::adjacent_find(names, {}, &NodePool::name) != names.end()) {
    targets.refuse("nodePools", "must have distinct names");
  }
  return pools;
}

std::optional<CountOrPercent> read_select(const ObjectReader& wave) {
  if (!wave.has("select")) return std::nullopt;
  const auto fields = wave.object("select");
  if (fields.has("count") == fields.has("percent")) {
    fields.refuse("count", "or `percent` must be set, and not both");
  }
  if (fields.has("percent")) return CountOrPercent{fields.integer("percent", 1, {1, 100}), true};
  return CountOrPercent{fields.integer("count", 1, {1, 10'000}), false};
}

WavePlan read_wave_plan(const ObjectReader& fields) {
  WavePlan wave;
  wave.name = fields.text("name", {1, 30, is_label_name, kLabelNameRule.allowed}, Presence::Required);
  wave.select = read_select(fields);
  auto pace = read_pace(fields);
  wave.steps = std::move(pace.steps);
  wave.max_unavailable = pace.max_unavailable;
  wave.step_bake = pace.step_bake;
  wave.bake = pace.bake;
  wave.progress_deadline = pace.progress_deadline;
  wave.approval_required = pace.approval_required;
  return wave;
}

std::vector<WavePlan> read_waves(const ObjectReader& spec) {
  auto waves = spec.objects("waves", {1, 16}, read_wave_plan, Presence::Required);
  for (std::size_t at = 0; at < waves.size(); ++at) {
    const auto first = std::ranges::find(waves, waves[at].name, &WavePlan::name);
    if (static_cast<std::size_t>(first - waves.begin()) != at)
      spec.refuse("waves", "must have distinct names");
    if (!waves[at].select && at + 1 < waves.size()) {
      spec.refuse("waves[" + std::to_string(at) + "].select",
                  "must be set in every wave but the last, which takes what is left");
    }
  }
  return waves;
}

Json print_wave_plan(const WavePlan& wave) {
  Json fields = {{"name", wave.name}};
  if (wave.select) fields["select"] = {{wave.select->percent ? "percent" : "count", wave.select->value}};
  print_pace(fields, {wave.steps, wave.max_unavailable, wave.step_bake, wave.bake, wave.progress_deadline,
                      wave.approval_required});
  return fields;
}

PatchPolicySpec read_spec(const ObjectReader& fields) {
  PatchPolicySpec spec;
  spec.mode = fields.choice("mode", spec.mode);
  spec.suspend = fields.flag("suspend", spec.suspend);
  const auto targets = fields.object("targets", Presence::Required);
  spec.workloads = read_workloads(targets);
  spec.node_pools = read_node_pools(targets);
  if (!spec.workloads && spec.node_pools.empty()) {
    targets.refuse("workloads", "or `nodePools` must be set");
  }
  spec.waves = read_waves(fields);
  spec.windows = read_windows(fields);
  spec.gates = read_gates(fields);
  spec.on_harm = fields.choice("onHarm", spec.on_harm);
  spec.on_undecided = read_undecided(fields);
  spec.max_unavailable = read_max_unavailable(fields.object("disruption"));
  spec.updates = read_updates(fields);
  const auto history = fields.object("history");
  spec.history = {history.integer("succeeded", spec.history.succeeded, {0, 100}),
                  history.integer("failed", spec.history.failed, {0, 100})};
  return spec;
}

PatchPolicyStatus read_status(const ObjectReader& fields) {
  constexpr Range<int> kCount{0, std::numeric_limits<int>::max()};
  PatchPolicyStatus status;
  status.observed_generation = fields.big_integer("observedGeneration", 0);
  status.targets = fields.integer("targets", 0, kCount);
  status.open_patches = fields.integer("openPatches", 0, kCount);
  status.active_waves = fields.integer("activeWaves", 0, kCount);
  status.quarantined_patches = fields.integer("quarantinedPatches", 0, kCount);
  status.next_window = fields.text("nextWindow", {});
  status.discovery = read_discovery(fields);
  status.conditions = read_conditions(fields);
  return status;
}

Json print_targets(const PatchPolicySpec& spec) {
  Json targets = Json::object();
  if (spec.workloads) {
    targets["workloads"] = {{"namespaceSelector", print_label_selector(spec.workloads->namespace_selector)},
                            {"selector", print_label_selector(spec.workloads->selector)},
                            {"images", spec.workloads->images}};
  }
  Json pools = Json::array();
  for (const auto& pool : spec.node_pools) pools.push_back(print_node_pool(pool));
  put(targets, "nodePools", std::move(pools));
  return targets;
}

}  // namespace

Result<PatchPolicy> parse_policy(const Json& object) {
  Finding finding;
  const ObjectReader root(object, "", finding);
  PatchPolicy policy{parse_metadata(object), read_spec(root.object("spec", Presence::Required)),
                     read_status(root.object("status"))};
  if (finding.first) return fail(*finding.first);
  return policy;
}

Json print_spec(const PatchPolicySpec& spec) {
  Json waves = Json::array();
  for (const auto& wave : spec.waves) waves.push_back(print_wave_plan(wave));
  Json fields = {
      {"mode", to_string(spec.mode)},
      {"suspend", spec.suspend},
      {"targets", print_targets(spec)},
      {"waves", std::move(waves)},
      {"windows", print_windows(spec.windows)},
      {"onHarm", to_string(spec.on_harm)},
      {"onUndecided", print_undecided(spec.on_undecided)},
      {"disruption", {{"maxUnavailable", print_max_unavailable(spec.max_unavailable)}}},
      {"history", {{"succeeded", spec.history.succeeded}, {"failed", spec.history.failed}}},
  };
  put(fields, "gates", print_gates(spec.gates));
  if (spec.updates) fields["updates"] = print_updates(*spec.updates);
  return fields;
}

Json print_status(const PatchPolicyStatus& status) {
  Json fields = {
      {"observedGeneration", status.observed_generation},
      {"targets", status.targets},
      {"openPatches", status.open_patches},
      {"activeWaves", status.active_waves},
      {"quarantinedPatches", status.quarantined_patches},
  };
  put(fields, "nextWindow", status.next_window);
  if (status.discovery) fields["discovery"] = print_discovery(*status.discovery);
  put_conditions(fields, status.conditions);
  return fields;
}

}  // namespace patchwave::api
