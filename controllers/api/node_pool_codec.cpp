#include "controllers/api/node_pool_codec.hpp"

#include "controllers/api/shared_codec.hpp"
#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

constexpr TextRule kParameterRule{0, 1024, is_any_text, "at most 1024 characters"};

DrainRules read_drain_rules(const ObjectReader& reader) {
  const auto fields = reader.object("drain");
  const DrainRules otherwise;
  return {fields.duration("deadline", otherwise.deadline, {seconds(10), std::chrono::hours(24)}),
          fields.choice("barePods", otherwise.bare_pods),
          fields.choice("localStorage", otherwise.local_storage),
          fields.choice("protectedPods", otherwise.protected_pods)};
}

Json print_drain_rules(const DrainRules& rules) {
  return {{"deadline", format_duration(rules.deadline)},
          {"barePods", to_string(rules.bare_pods)},
          {"localStorage", to_string(rules.local_storage)},
          {"protectedPods", to_string(rules.protected_pods)}};
}

}  // namespace

std::map<std::string, std::string> read_parameters(const ObjectReader& reader) {
  return reader.map("parameters", 20, kParameterRule);
}

NodePool read_node_pool(const ObjectReader& fields) {
  NodePool pool;
  pool.name = fields.text("name", kLabelNameRule, Presence::Required);
  pool.node_selector = read_label_selector(fields.object("nodeSelector", Presence::Required));
  const auto in_place = fields.object("provider", Presence::Required).object("inPlace", Presence::Required);
  pool.recipe = in_place.text("recipe", kObjectNameRule, Presence::Required);
  pool.reboot = in_place.choice("reboot", pool.reboot);
  pool.drain = read_drain_rules(fields);
  return pool;
}

Json print_node_pool(const NodePool& pool) {
  return {{"name", pool.name},
          {"nodeSelector", print_label_selector(pool.node_selector)},
          {"provider", {{"inPlace", {{"recipe", pool.recipe}, {"reboot", to_string(pool.reboot)}}}}},
          {"drain", print_drain_rules(pool.drain)}};
}

NodeWork read_node_work(const ObjectReader& fields) {
  NodeWork work;
  work.pool = fields.text("pool", kLabelNameRule, Presence::Required);
  work.recipe = read_reference(fields, "recipeRef", Presence::Required);
  work.parameters = read_parameters(fields);
  work.reboot = fields.choice("reboot", work.reboot);
  work.drain = read_drain_rules(fields);
  return work;
}

Json print_node_work(const NodeWork& work) {
  Json fields = {{"pool", work.pool},
                 {"recipeRef", {{"name", work.recipe}}},
                 {"reboot", to_string(work.reboot)},
                 {"drain", print_drain_rules(work.drain)}};
  put(fields, "parameters", Json(work.parameters));
  return fields;
}

NodeFacts read_node_facts(const ObjectReader& fields) {
  return {fields.text("bootID", {}),
          fields.text("osImage", {}),
          fields.text("kernelVersion", {}),
          fields.text("kubeletVersion", {}),
          fields.text("containerRuntimeVersion", {}),
          fields.text("patchedBy", {})};
}

Json print_node_facts(const NodeFacts& facts) {
  Json fields = Json::object();
  put(fields, "bootID", facts.boot_id);
  put(fields, "osImage", facts.os_image);
  put(fields, "kernelVersion", facts.kernel_version);
  put(fields, "kubeletVersion", facts.kubelet_version);
  put(fields, "containerRuntimeVersion", facts.container_runtime_version);
  put(fields, "patchedBy", facts.patched_by);
  return fields;
}

NodeProgress read_node_progress(const ObjectReader& fields) {
  NodeProgress progress;
  progress.step = fields.choice("step", progress.step, Presence::Required);
  progress.attempt = fields.integer("attempt", 1, {1, std::numeric_limits<int>::max()});
  progress.started = fields.flag("started", false);
  progress.boot_id = fields.text("bootID", {});
  progress.touched = fields.flag("touched", false);
  progress.rebooted = fields.flag("rebooted", false);
  progress.retry_time = fields.time("retryTime");
  return progress;
}

Json print_node_progress(const NodeProgress& progress) {
  Json fields = {{"step", to_string(progress.step)},
                 {"attempt", progress.attempt},
                 {"started", progress.started},
                 {"touched", progress.touched},
                 {"rebooted", progress.rebooted}};
  put(fields, "bootID", progress.boot_id);
  put(fields, "retryTime", progress.retry_time);
  return fields;
}

}  // namespace patchwave::api
