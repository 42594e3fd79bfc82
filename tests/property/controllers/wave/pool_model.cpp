#include "tests/property/controllers/wave/pool_model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/api/enums.hpp"
#include "controllers/plan/recipe.hpp"
#include "operator/base/time.hpp"
#include "operator/kube/decode.hpp"

namespace patchwave::wave::model {
namespace {

using api::NodeStep;
using api::TargetState;
using node::JobFacts;

constexpr seconds kJobTime{20};
constexpr seconds kBootTime{40};
constexpr seconds kPodGrace{5};

drain::Pod pod_on(const std::string& node, int serial) {
  drain::Pod pod;
  pod.ns = "shop";
  pod.name = fmt::format("web-{}-{}", node, serial);
  pod.uid = "uid-" + pod.name;
  pod.node = node;
  pod.owner_kind = "ReplicaSet";
  pod.phase = "Running";
  pod.ready = true;
  pod.labels = {{"app", "web"}};
  return pod;
}

drain::Pod kept_pod_on(const std::string& node) {
  auto pod = pod_on(node, 99);
  pod.labels = {{"app", "kept"}};
  return pod;
}

drain::Budget full_budget() {
  drain::Budget budget;
  budget.ns = "shop";
  budget.name = "kept";
  budget.selector = api::LabelSelector{{{"app", "kept"}}, {}};
  budget.disruptions_allowed = 0;
  budget.current_healthy = 2;
  budget.desired_healthy = 1;
  budget.expected_pods = 3;
  return budget;
}

void set_ready(Json& node, bool ready) {
  node["status"]["conditions"] = Json::array({{{"type", "Ready"}, {"status", ready ? "True" : "Unknown"}}});
}

bool is_ready(const Json& node) {
  return node.at("status").at("conditions").at(0).at("status") == "True";
}

void touch(Json& node) {
  const auto version = std::stoi(node.at("metadata").at("resourceVersion").get<std::string>());
  node["metadata"]["resourceVersion"] = std::to_string(version + 1);
}

NodeStep step_called(const std::string& word) {
  return *api::value_of<NodeStep>(word);
}

}  // namespace

Pool::Pool(Settings settings, unsigned seed) : settings_(std::move(settings)), random_(seed) {
  recipe_.image = "registry.example.com/patch@sha256:" + std::string(64, 'a');
  recipe_.patch.command = {"/patch"};
  recipe_.verify = api::RecipeStep{{"/verify"}, std::chrono::minutes(5)};
  recipe_.reboot = api::RecipeStep{{"/reboot"}, std::chrono::minutes(5)};
  if (settings_.has_undo) recipe_.undo = api::RecipeStep{{"/undo"}, std::chrono::minutes(5)};
  patch_.metadata.ns = "ops";
  patch_.metadata.name = "os";
  patch_.spec.node_pool = "workers";
  patch_.spec.version = "2026-11";
  patch_.status.digest = plan::recipe_digest(recipe_, {});
  wave_.metadata.ns = "ops";
  wave_.metadata.name = "os-all";
  wave_.metadata.uid = "wave-uid";
  wave_.metadata.generation = 1;
  auto& spec = wave_.spec;
  spec.patch = "os";
  spec.nodes = api::NodeWork{"workers", "debian", {}, settings_.reboot, {}};
  spec.max_unavailable = {settings_.max_unavailable, false};
  spec.step_bake = seconds(60);
  spec.bake = std::chrono::minutes(5);
  spec.progress_deadline = std::chrono::minutes(10);
  for (int number = 0; number < settings_.nodes; ++number) {
    spec.targets.push_back({api::TargetKind::Node, "", name_of(number), {}});
    make_machine(number, fmt::format("node-{}", number));
  }
  restart_operator();
}

void Pool::make_machine(int number, const std::string& uid) {
  Machine machine;
  const auto name = name_of(number);
  const auto nature = settings_.natures.find(number);
  if (nature != settings_.natures.end()) machine.nature = nature->second;
  machine.node = {{"metadata", {{"name", name}, {"uid", uid}, {"resourceVersion", "1"}}},
                  {"spec", Json::object()},
                  {"status", {{"nodeInfo", {{"bootID", uid + "-boot-1"}}}}}};
  set_ready(machine.node, true);
  if (settings_.cordoned_before == number) machine.node["spec"]["unschedulable"] = true;
  for (int serial = 0; serial < 3; ++serial) machine.pods.push_back(pod_on(name, serial));
  if (settings_.never_drained == number) machine.pods.push_back(kept_pod_on(name));
  machines_.insert_or_assign(name, std::move(machine));
}

void Pool::restart_operator() {
  gates_ = std::make_unique<GateKeeper>(nullptr, GateSettings{}, std::stop_token{});
  asked_.clear();
  watching_since_ = now_;
}

void Pool::boot(Machine& machine, bool ready) {
  ++machine.boots;
  machine.node["status"]["nodeInfo"]["bootID"] =
      fmt::format("{}-boot-{}", machine.node["metadata"]["uid"].get<std::string>(), machine.boots);
  set_ready(machine.node, ready);
  touch(machine.node);
}

void Pool::power_cut(int node) {
  auto& machine = machines_.at(name_of(node));
  machine.back_at = now_ + kBootTime;
  set_ready(machine.node, false);
  touch(machine.node);
  for (auto& [name, job] : jobs_) {
    if (job.node == name_of(node) && job.facts.state == JobFacts::State::Active) {
      job.facts.state = JobFacts::State::Failed;
      job.facts.message = "exit code 255";
      job.facts.failed_time = now_;
    }
  }
}

void Pool::run_machines(const Weather& weather) {
  for (int number = 0; number < settings_.nodes; ++number) {
    auto& machine = machines_.at(name_of(number));
    if (machine.back_at && now_ >= *machine.back_at) {
      machine.back_at.reset();
      boot(machine, true);
    } else if (!machine.back_at && chance(weather.power_cut)) {
      power_cut(number);
    }
    if (machine.falls_at && now_ >= *machine.falls_at && machine.patched) {
      machine.falls_at.reset();
      set_ready(machine.node, false);
      machine.back_at = now_ + std::chrono::minutes(15);
      touch(machine.node);
    }
    if (settings_.repaired_after && machine.back_at &&
        *machine.back_at - now_ < std::chrono::hours(3) - *settings_.repaired_after) {
      make_machine(number, fmt::format("node-{}-repaired", number));
    } else if (chance(weather.replaced)) {
      make_machine(number, fmt::format("node-{}-{}", number, now_.time_since_epoch().count()));
    }
    std::erase_if(machine.pods, [&](const drain::Pod& pod) {
      return pod.deletion_time && now_ >= *pod.deletion_time && !machine.back_at;
    });
  }
}

void Pool::run_jobs() {
  for (auto& [name, job] : jobs_) {
    if (job.facts.state != JobFacts::State::Active) continue;
    const auto& machine = machines_.at(job.node);
    if (machine.back_at) continue;
    job.facts.started = true;
    if (machine.nature == Nature::HangsInPatch && job.step == NodeStep::Patch) {
      if (now_ < job.ends + recipe_.patch.timeout) continue;
      // The pod is gone with what it could have said.
      job.facts = {JobFacts::State::Failed, false, false, false, now_, "DeadlineExceeded"};
      continue;
    }
    if (now_ >= job.ends) end_job(job);
  }
}

void Pool::end_job(Job& job) {
  auto& machine = machines_.at(job.node);
  const auto end = [&](bool good, std::string message = "") {
    job.facts.state = good ? JobFacts::State::Succeeded : JobFacts::State::Failed;
    job.facts.message = std::move(message);
    job.facts.failed_time = now_;
    job.facts.last_words = true;
  };
  switch (job.step) {
    case NodeStep::Patch:
      if (machine.nature == Nature::FailsToPatch) return end(false, "exit code 1: no space left");
      if (machine.nature == Nature::DiesWhilePatched) {
        set_ready(machine.node, false);
        touch(machine.node);
        machine.back_at = now_ + std::chrono::hours(3);
        return end(false, "DeadlineExceeded");
      }
      machine.patched = true;
      if (machine.nature == Nature::FallsOver) machine.falls_at = now_ + std::chrono::minutes(4);
      job.facts.reboot_required = true;
      return end(true);
    case NodeStep::Undo:
      machine.patched = false;
      machine.falls_at.reset();
      return end(true);
    case NodeStep::Verify:
      return end(machine.patched && machine.nature != Nature::FailsToVerify,
                 "exit code 2: not what was wanted");
    case NodeStep::Reboot:
    case NodeStep::UndoReboot: {
      const auto boot_id = machine.node["status"]["nodeInfo"]["bootID"].get<std::string>();
      end(false, "exit code 137");
      if (boot_id != job.boot_id) return;
      const bool lost = machine.nature == Nature::NeverComesBack && job.step == NodeStep::Reboot;
      set_ready(machine.node, false);
      touch(machine.node);
      machine.back_at =
          now_ + (lost ? std::chrono::hours(3) : std::chrono::duration_cast<seconds>(kBootTime));
      return;
    }
    default:
      return;
  }
}

Snapshot Pool::snapshot() {
  Snapshot snapshot;
  snapshot.wave = wave_;
  snapshot.patch = patch_;
  snapshot.watching_since = watching_since_;
  snapshot.nodes = NodeContext{recipe_, {}, "", "node-jobs", "nobody"};
  for (const auto& [name, machine] : machines_) {
    if (!settings_.is_control_plane) break;
    const auto view = kube::decode_node(machine.node.dump());
    snapshot.control_plane[name] = !view->ready() ? "is not ready" : view->unschedulable ? "is cordoned" : "";
  }
  // What blocks a drain here came after it was looked at.
  snapshot.drain_report = drain::Report{};
  snapshot.may_claim = settings_.max_unavailable - targets_in_transition(wave_.status);
  const auto work = work_of(snapshot);
  for (std::size_t index = 0; index < wave_.status.targets.size(); ++index) {
    const auto& record = wave_.status.targets[index];
    const auto& machine = machines_.at(record.target.name);
    node::LiveNode live;
    live.node = machine.node;
    live.pods = machine.pods;
    live.budgets = {full_budget()};
    live.asked = asked_[index];
    const auto job = jobs_.find(node::job_name(node::job_order(work, record)));
    if (job != jobs_.end()) live.job = job->second.facts;
    for (const auto& [name, each] : jobs_) {
      const bool forward =
          each.step == NodeStep::Patch || each.step == NodeStep::Reboot || each.step == NodeStep::Verify;
      const bool active = each.facts.state == JobFacts::State::Active;
      if (each.node == record.target.name && forward && active) live.forward_job_active = true;
    }
    auto seen = node::observe(work, record, live, now_);
    snapshot.observed[index].node = ObservedNode{std::move(live), std::move(seen)};
  }
  return snapshot;
}

bool Pool::perform(const node::Act& act, drain::Progress& asked) {
  if (const auto* patch = std::get_if<node::PatchNode>(&act.what)) {
    auto& machine = machines_.at(patch->name);
    try {
      machine.node = machine.node.patch(patch->operations);
    } catch (const Json::exception&) {
      return false;
    }
    touch(machine.node);
    return true;
  }
  if (const auto* create = std::get_if<node::CreateJob>(&act.what)) {
    const Json& job = create->job;
    const Json& environment = job.at("spec").at("template").at("spec").at("containers").at(0).at("env");
    const auto node = environment.at(0).at("value").get<std::string>();
    if (!machines_.at(node).node["spec"].value("unschedulable", false)) {
      broken_rule_ = "a Job was made on a node that is not cordoned";
    }
    const auto& pods = machines_.at(node).pods;
    if (!pods.empty()) broken_rule_ = "a Job was made on a node that is not drained";
    jobs_.try_emplace(job.at("metadata").at("name").get<std::string>(),
                      Job{node,
                          step_called(environment.at(1).at("value").get<std::string>()),
                          {JobFacts::State::Active, false, false, false, std::nullopt, ""},
                          now_ + kJobTime,
                          environment.at(2).at("value").get<std::string>()});
    return true;
  }
  const auto& eviction = std::get<node::Evict>(act.what).eviction;
  for (auto& [name, machine] : machines_) {
    for (auto& pod : machine.pods) {
      if (pod.uid != eviction.uid) continue;
      const bool kept = pod.labels.at("app") == "kept";
      asked.learn(pod.uid, kept ? drain::Answer::Blocked : drain::Answer::Started,
                  kept ? "needs 1 and has 1" : "", std::nullopt, now_);
      if (kept) return true;
      pod.deletion_time = now_ + kPodGrace;
    }
  }
  return true;
}

void Pool::run_operator(const Weather& weather) {
  auto seen = snapshot();
  const bool waiting =
      wave_.status.phase == api::WavePhase::Pending || wave_.status.phase == api::WavePhase::Waiting;
  if (waiting) {
    gates_->judge_before_start(seen, now_);
  } else {
    gates_->judge_targets(seen, now_);
  }
  const auto decision = decide(seen, now_);
  for (const auto& next : acts_for(seen, decision, {}, now_)) {
    for (const auto& act : next.node_acts) {
      if (chance(weather.crash)) return restart_operator();
      if (!perform(act, asked_[next.target])) break;
    }
  }
  if (chance(weather.crash)) return restart_operator();
  wave_.status = decision.status;
}

void Pool::step(const Weather& weather) {
  now_ += seconds(std::uniform_int_distribution<>(1, 5)(random_));
  run_machines(weather);
  run_jobs();
  run_operator(weather);
  check_rules();
}

void Pool::run(std::chrono::hours most, const Weather& weather) {
  const Time end = now_ + most;
  while (now_ < end && !ended()) step(weather);
}

bool Pool::ended() const {
  return api::has_ended(wave_.status.phase);
}

const api::TargetStatus& Pool::record(int node) const {
  return wave_.status.targets.at(static_cast<std::size_t>(node));
}

bool Pool::schedulable(int node) const {
  return !at(node).node.at("spec").value("unschedulable", false);
}

bool Pool::held_by_us(int node) const {
  return drain::read_cordon(at(node).node).owned_by(claim_of(wave_));
}

int Pool::unavailable() const {
  int count = 0;
  for (int number = 0; number < settings_.nodes; ++number) {
    if (held_by_us(number)) ++count;
  }
  return count;
}

void Pool::check_rules() {
  most_unavailable_ = std::max(most_unavailable_, unavailable());
  for (const auto& record : wave_.status.targets) {
    const auto& machine = machines_.at(record.target.name);
    if (record.state != TargetState::Promoted || record.uid != string_at(machine.node, {"metadata", "uid"}))
      continue;
    if (!machine.patched && broken_rule_.empty() && wave_.status.phase != api::WavePhase::RollingBack) {
      broken_rule_ = record.target.name + " is called patched and is not";
    }
    const bool rebooted =
        record.before.node->boot_id != string_at(machine.node, {"status", "nodeInfo", "bootID"});
    if (settings_.reboot == api::Reboot::Always && !rebooted) {
      broken_rule_ = record.target.name + " is called done and has not booted anew";
    }
  }
}

std::string Pool::story() const {
  std::string text = fmt::format("{}, {}", api::to_string(wave_.status.phase), format_time(now_));
  if (wave_.status.hold)
    text += fmt::format("; {}: {}", wave_.status.hold->reason, wave_.status.hold->message);
  if (wave_.status.harm) text += fmt::format("; harm: {}", wave_.status.harm->message);
  for (const auto& record : wave_.status.targets) {
    const auto& machine = machines_.at(record.target.name);
    text += fmt::format("\n{} {} {} {}: {} (patched {}, ready {}, unschedulable {})", record.target.name,
                        api::to_string(record.state), record.node ? api::to_string(record.node->step) : "",
                        record.node ? record.node->attempt : 0, record.message, machine.patched,
                        is_ready(machine.node), machine.node["spec"].value("unschedulable", false));
  }
  return text;
}

}  // namespace patchwave::wave::model
