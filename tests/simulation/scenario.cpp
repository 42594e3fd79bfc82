#include "tests/simulation/scenario.hpp"

#include <fmt/format.h>

#include "tests/simulation/objects.hpp"

namespace patchwave::simulation {
namespace {

constexpr const char* kPolicies = "/apis/patchwave.dev/v1alpha1/namespaces/shop/patchpolicies";
constexpr const char* kPatches = "/apis/patchwave.dev/v1alpha1/namespaces/shop/patches";
constexpr const char* kWaves = "/apis/patchwave.dev/v1alpha1/namespaces/shop/patchwaves";
constexpr const char* kApprovals = "/apis/patchwave.dev/v1alpha1/namespaces/shop/patchapprovals";
constexpr const char* kMerge = "application/merge-patch+json";
constexpr const char* kJsonPatch = "application/json-patch+json";

std::string path_of(const Scenario::Workload& workload) {
  const auto name = name_of(workload.object);
  return kube::path_of(*workload.resource, name.ns, name.name);
}

Json draw_wave(Random& random, const char* name, bool selects, bool approval) {
  static const std::vector<Json> kSteps{Json{"1", "100%"}, Json{"50%", "100%"}, Json{"100%"},
                                        Json{"1", "50%", "100%"}};
  Json wave{{"name", name}, {"steps", random.pick(kSteps)}, {"stepBake", "30s"},
            {"bake", "1m"}, {"progressDeadline", "5m"},     {"maxUnavailable", random.between(1, 2)}};
  if (selects) wave["select"] = {{"count", random.between(1, 2)}};
  if (approval) wave["approval"] = "Required";
  return wave;
}

/// Every hour, in zones that are whole and half hours off UTC, now and then with a stretch cut out.
Json draw_windows(Random& random) {
  static const std::vector<std::string> kZones{"Etc/UTC", "Europe/Amsterdam", "Asia/Kolkata"};
  static const std::vector<std::string> kDurations{"18m", "25m", "40m"};
  const std::string zone = random.pick(kZones);
  Json allow{{"schedule", fmt::format("{} * * * *", random.between(0, 59))},
             {"duration", random.pick(kDurations)},
             {"timeZone", zone}};
  Json windows{{"allow", Json::array({std::move(allow)})}};
  if (random.chance(0.2)) {
    const int hour = random.between(0, 20);
    windows["deny"] =
        Json::array({{{"from", fmt::format("2026-11-21T{:02}:{:02}", hour, random.between(0, 59))},
                      {"to", fmt::format("2026-11-21T{:02}:30", hour + random.between(1, 3))},
                      {"timeZone", zone},
                      {"reason", "stocktaking"}}});
  }
  return windows;
}

Json draw_policy(Random& random) {
  Json waves = Json::array({draw_wave(random, "canary", true, random.chance(0.15))});
  if (random.chance(0.3)) waves.push_back(draw_wave(random, "half", true, false));
  waves.push_back(draw_wave(random, "rest", false, random.chance(0.3)));
  Json gates = Json::array();
  gates.push_back({{"name", "errors"},
                   {"interval", "15s"},
                   {"threshold",
                    {{"query", R"(error_ratio{namespace="{{namespace}}",app="{{workload}}"})"},
                     {"below", "0.05"},
                     {"for", "30s"}}}});
  if (random.chance(0.4))
    gates.push_back({{"name", "pages"}, {"interval", "15s"}, {"alerts", {{"match", "severity=\"page\""}}}});
  Json spec{{"mode", "Automatic"},
            {"targets", {{"workloads", {{"images", {"registry.example.com/shop/*"}}}}}},
            {"waves", std::move(waves)},
            {"gates", std::move(gates)},
            {"onHarm", "Rollback"},
            {"disruption", {{"maxUnavailable", random.between(1, 3)}}}};
  if (random.chance(0.35)) spec["windows"] = draw_windows(random);
  return {{"metadata", {{"namespace", kNamespace}, {"name", "standard"}}}, {"spec", std::move(spec)}};
}

Scenario::Workload draw_workload(Random& random, int index) {
  const std::string image = fmt::format("{}:1", kRepository);
  const int kind = random.between(0, 3);
  const std::string name = fmt::format("{}-{}", kind <= 1 ? "web" : (kind == 2 ? "db" : "agent"), index);
  if (kind == 3) return {&resources::kDaemonSets, daemon_set(kNamespace, name, image), std::nullopt};
  const int replicas = random.between(1, 5);
  std::optional<Json> budget;
  if (replicas > 1 && random.chance(0.5)) budget = disruption_budget(kNamespace, name, "maxUnavailable", 1);
  if (kind == 2) {
    Json set = stateful_set(kNamespace, name, image, replicas);
    if (random.chance(0.3)) set["spec"]["updateStrategy"] = {{"type", "OnDelete"}};
    return {&resources::kStatefulSets, std::move(set), std::move(budget)};
  }
  return {&resources::kDeployments, deployment(kNamespace, name, image, replicas), std::move(budget)};
}

}  // namespace

std::string Scenario::text() const {
  std::string text = fmt::format("from {:02}:{:02}; patch {}; workloads", time_of_day.count() / 60,
                                 time_of_day.count() % 60, tag);
  for (const auto& workload : workloads) {
    text += fmt::format(" {}/{}x{}", workload.resource->kind, name_of(workload.object).name,
                        integer_at(workload.object, {"spec", "replicas"}, 0));
  }
  const auto add = [&](bool set, const char* what) { text += set ? std::string("; ") + what : ""; };
  add(autoscaler, "autoscaler");
  add(node_failures, "node failures");
  add(foreign_edit, "foreign edit");
  add(cancel, "cancel");
  add(delete_wave, "wave deleted");
  add(delete_workload, "workload deleted");
  add(suspend, "suspended for a while");
  return text + "; policy " + policy["spec"].dump();
}

Scenario draw_scenario(Random& random) {
  static const std::vector<std::string> kTags{"2",       "2",        "2", "2", "2-errors", "2-unpullable",
                                              "2-crash", "2-unready"};
  Scenario scenario;
  scenario.time_of_day = std::chrono::minutes(random.between(0, 24 * 60 - 1));
  const int count = random.between(1, 5);
  for (int i = 0; i < count; ++i) scenario.workloads.push_back(draw_workload(random, i));
  scenario.policy = draw_policy(random);
  scenario.tag = random.pick(kTags);
  if (!random.chance(0.5)) return scenario;
  scenario.autoscaler = random.chance(0.3);
  scenario.node_failures = random.chance(0.3);
  scenario.foreign_edit = random.chance(0.2);
  scenario.cancel = random.chance(0.2);
  scenario.delete_wave = random.chance(0.15);
  scenario.delete_workload = random.chance(0.15);
  scenario.suspend = random.chance(0.2);
  return scenario;
}

Stage::Stage(Cluster& cluster, Random& random, const Scenario& scenario)
    : cluster_(cluster), random_(random), scenario_(scenario) {
  cluster_.state.listen([this](const Change& change) { approve_when_asked(change); });
}

void Stage::person(const std::string& method, const std::string& path, const Json& body,
                   const std::string& type) {
  http::Request request{method, path, {{"Content-Type", type}}, body.is_null() ? "" : body.dump()};
  cluster_.api.handle(request, {Actor::Person, "kubectl"});
}

void Stage::set() {
  for (const auto* node : {"node-a", "node-b", "node-c", "node-d"}) cluster_.kubelets.add_node(node);
  cluster_.state.create(resources::kNamespaces, namespace_object(kNamespace), {});
  for (const auto& workload : scenario_.workloads) {
    const std::string name = name_of(workload.object).name;
    person("POST", kube::path_of(*workload.resource, kNamespace, ""), workload.object, "application/json");
    person("POST", kube::path_of(resources::kServices, kNamespace, ""), service(kNamespace, name),
           "application/json");
    if (workload.budget) {
      person("POST", kube::path_of(resources::kPodDisruptionBudgets, kNamespace, ""), *workload.budget,
             "application/json");
    }
  }
  person("POST", kPolicies, scenario_.policy, "application/json");
}

void Stage::begin() {
  const Json patch{{"metadata", {{"namespace", kNamespace}, {"name", "web-2"}}},
                   {"spec", {{"subject", {{"image", kRepository}}}, {"to", {{"tag", scenario_.tag}}}}}};
  cluster_.agenda.after(seconds(30), [this, patch] { person("POST", kPatches, patch, "application/json"); });
  schedule_others();
}

void Stage::approve_when_asked(const Change& change) {
  if (change.resource != resources::kPatchWaves || !change.after) return;
  if (string_at(change.after->json, {"status", "hold", "reason"}) != "ApprovalRequired") return;
  const std::string hash = string_at(change.after->json, {"status", "planHash"});
  if (hash.empty() || !approved_.insert(change.name.name + hash).second) return;
  const Json approval{{"metadata", {{"name", fmt::format("approval-{}", approved_.size())}}},
                      {"spec",
                       {{"waveRef", {{"name", change.name.name}}},
                        {"approver", "jane@example.com"},
                        {"planHash", hash},
                        {"decision", "Approve"}}}};
  cluster_.agenda.after(random_.between(milliseconds(5'000), milliseconds(300'000)),
                        [this, approval] { person("POST", kApprovals, approval, "application/json"); });
}

void Stage::schedule_others() {
  const auto sometime = [&](auto what) {
    cluster_.agenda.after(random_.between(milliseconds(40'000), milliseconds(1'200'000)), std::move(what));
  };
  const auto& victim = scenario_.workloads[static_cast<std::size_t>(
      random_.between(0, static_cast<int>(scenario_.workloads.size()) - 1))];
  if (scenario_.autoscaler) {
    for (int i = 0; i < 6; ++i) sometime([this] { scale_somewhere(); });
  }
  if (scenario_.node_failures) {
    for (int i = 0; i < 4; ++i) sometime([this] { fail_a_node(); });
  }
  if (scenario_.foreign_edit) {
    const Json edit = Json::array({{{"op", "replace"},
                                    {"path", "/spec/template/spec/containers/0/image"},
                                    {"value", std::string(kRepository) + ":hotfix"}}});
    sometime([this, edit, &victim] { person("PATCH", path_of(victim), edit, kJsonPatch); });
  }
  if (scenario_.cancel) sometime([this] { change_first_wave(true); });
  if (scenario_.delete_wave) sometime([this] { change_first_wave(false); });
  if (scenario_.delete_workload)
    sometime([this, &victim] { person("DELETE", path_of(victim), nullptr, ""); });
  if (scenario_.suspend) {
    const std::string policy = std::string(kPolicies) + "/standard";
    sometime([this, policy] {
      person("PATCH", policy, {{"spec", {{"suspend", true}}}}, kMerge);
      cluster_.agenda.after(random_.between(milliseconds(60'000), milliseconds(600'000)), [this, policy] {
        person("PATCH", policy, {{"spec", {{"suspend", false}}}}, kMerge);
      });
    });
  }
}

void Stage::scale_somewhere() {
  const auto& workload = random_.pick(scenario_.workloads);
  if (*workload.resource == resources::kDaemonSets) return;
  const int replicas = random_.between(1, 7);
  cluster_.state.modify(*workload.resource, name_of(workload.object),
                        {Actor::Autoscaler, "horizontal-pod-autoscaler"}, "scale",
                        [&](Json& object) { object["spec"]["replicas"] = replicas; });
}

void Stage::fail_a_node() {
  static const std::vector<std::string> kNodes{"node-a", "node-b", "node-c", "node-d"};
  const std::string node = random_.pick(kNodes);
  cluster_.kubelets.set_node_ready(node, false);
  cluster_.agenda.after(random_.between(milliseconds(5'000), milliseconds(120'000)),
                        [this, node] { cluster_.kubelets.set_node_ready(node, true); });
}

void Stage::change_first_wave(bool cancel) {
  for (const auto& [name, wave] : cluster_.state.all(resources::kPatchWaves)) {
    const std::string path = std::string(kWaves) + "/" + name.name;
    if (cancel) {
      person("PATCH", path, {{"spec", {{"cancel", true}}}}, kMerge);
    } else {
      person("DELETE", path, nullptr, "");
    }
    return;
  }
}

}  // namespace patchwave::simulation
