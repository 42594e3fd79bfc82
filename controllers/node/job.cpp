#include "controllers/node/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "controllers/plan/hash.hpp"
#include "operator/base/time.hpp"

namespace patchwave::node {
namespace {

constexpr std::string_view kContainer = "step";
constexpr std::string_view kBootIdVariable = "PATCHWAVE_BOOT_ID";
/// An ended Job is evidence for an hour; then the control plane removes it, so that we need no right to.
constexpr int kSecondsKept = 3600;
/// Of a termination message, in a sentence for people.
constexpr std::size_t kShownMessage = 300;

std::string variable_of(std::string_view parameter) {
  std::string name = "PARAMETER_";
  for (const char character : parameter) {
    name += character == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(character)));
  }
  return name;
}

Json environment_of(const JobOrder& order) {
  Json environment = Json::array({{{"name", "PATCHWAVE_NODE"}, {"value", order.node}},
                                  {{"name", "PATCHWAVE_STEP"}, {"value", api::to_string(order.step)}},
                                  {{"name", kBootIdVariable}, {"value", order.boot_id}},
                                  {{"name", "PATCHWAVE_WAVE"}, {"value", order.wave_uid}}});
  for (const auto& [name, value] : order.parameters) {
    // "$(" would be taken for a reference to another variable.
    std::string escaped;
    for (const char character : value) escaped += character == '$' ? "$$" : std::string(1, character);
    environment.push_back({{"name", variable_of(name)}, {"value", escaped}});
  }
  return environment;
}

Json container_of(const JobOrder& order, const api::NodeRecipeSpec& recipe) {
  Json mounts = Json::array();
  for (std::size_t i = 0; i < recipe.host_paths.size(); ++i) {
    mounts.push_back({{"name", fmt::format("host-{}", i)},
                      {"mountPath", recipe.host_paths[i].mount_path},
                      {"readOnly", recipe.host_paths[i].read_only}});
  }
  return {{"name", kContainer},
          {"image", recipe.image},
          {"command", step_of(recipe, order.step)->command},
          {"env", environment_of(order)},
          {"securityContext", {{"privileged", recipe.privileged}}},
          {"terminationMessagePolicy", "FallbackToLogsOnError"},
          {"volumeMounts", std::move(mounts)}};
}

Json pod_of(const JobOrder& order, const api::NodeRecipeSpec& recipe) {
  Json volumes = Json::array();
  for (std::size_t i = 0; i < recipe.host_paths.size(); ++i) {
    volumes.push_back({{"name", fmt::format("host-{}", i)},
                       {"hostPath", {{"path", recipe.host_paths[i].path}, {"type", "Directory"}}}});
  }
  // By name and not by label: a label can be on two nodes.
  const Json on_the_node = {
      {"nodeSelectorTerms",
       Json::array({{{"matchFields", Json::array({{{"key", "metadata.name"},
                                                   {"operator", "In"},
                                                   {"values", Json::array({order.node})}}})}}})}};
  return {{"restartPolicy", "Never"},
          {"serviceAccountName", order.account},
          {"automountServiceAccountToken", false},
          {"enableServiceLinks", false},
          {"hostPID", recipe.host_pid},
          {"priorityClassName", "system-node-critical"},
          {"terminationGracePeriodSeconds", 5},
          {"affinity", {{"nodeAffinity", {{"requiredDuringSchedulingIgnoredDuringExecution", on_the_node}}}}},
          {"tolerations", Json::array({{{"operator", "Exists"}}})},
          {"containers", Json::array({container_of(order, recipe)})},
          {"volumes", std::move(volumes)}};
}

bool has_condition(const Json& job, std::string_view type) {
  const auto& conditions = array_at(job, {"status", "conditions"});
  return std::ranges::any_of(conditions, [&](const Json& condition) {
    return string_at(condition, {"type"}) == type && string_at(condition, {"status"}) == "True";
  });
}

const Json& failure_of(const Json& job) {
  static const Json none = Json::object();
  for (const auto& condition : array_at(job, {"status", "conditions"})) {
    if (string_at(condition, {"type"}) == "Failed") return condition;
  }
  return none;
}

bool has_line(std::string_view text, std::string_view wanted) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line == wanted) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

std::string shown(std::string text) {
  for (auto& character : text) {
    if (static_cast<unsigned char>(character) < ' ') character = ' ';
  }
  // The end says why something failed.
  if (text.size() > kShownMessage) text = "…" + text.substr(text.size() - kShownMessage);
  return text;
}

void read_pod(const Json& pod, JobFacts& facts) {
  for (const auto& status : array_at(pod, {"status", "containerStatuses"})) {
    const Json& terminated = object_at(status, {"state", "terminated"});
    const bool ran = !terminated.empty() || !object_at(status, {"state", "running"}).empty();
    facts.started = facts.started || ran;
    if (terminated.empty()) {
      const auto waiting = string_at(status, {"state", "waiting", "reason"});
      if (!waiting.empty() && facts.message.empty()) facts.message = waiting;
      continue;
    }
    const auto text = string_at(terminated, {"message"});
    facts.last_words = true;
    facts.reboot_required = facts.reboot_required || has_line(text, kRebootRequired);
    if (facts.state != JobFacts::State::Failed) continue;
    facts.message = fmt::format("exit code {}", integer_at(terminated, {"exitCode"}));
    if (!text.empty()) facts.message += ": " + shown(text);
  }
}

}  // namespace

const api::RecipeStep* step_of(const api::NodeRecipeSpec& recipe, api::NodeStep step) {
  const auto address = [](const std::optional<api::RecipeStep>& optional) {
    return optional ? &*optional : nullptr;
  };
  switch (step) {
    case api::NodeStep::Patch:
      return &recipe.patch;
    case api::NodeStep::Verify:
      return address(recipe.verify);
    case api::NodeStep::Undo:
      return address(recipe.undo);
    case api::NodeStep::Reboot:
    case api::NodeStep::UndoReboot:
      return address(recipe.reboot);
    case api::NodeStep::Drain:
    case api::NodeStep::Return:
      return nullptr;
  }
  return nullptr;
}

std::string job_name(const JobOrder& order) {
  std::string step(api::to_string(order.step));
  std::ranges::transform(step, step.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto hash = plan::sha256_hex(
      fmt::format("{} {} {} {} {}", order.wave_uid, order.node, order.node_uid, step, order.attempt));
  return fmt::format("patchwave-{}-{}", step, hash.substr(0, 16));
}

Json make_job(const JobOrder& order, const api::NodeRecipeSpec& recipe) {
  const Json labels = {{"app.kubernetes.io/managed-by", "patchwave"}, {kWaveLabel, order.wave_uid}};
  const auto timeout = std::chrono::ceil<seconds>(step_of(recipe, order.step)->timeout);
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata",
           {{"name", job_name(order)},
            {"namespace", order.ns},
            {"labels", labels},
            {"annotations",
             {{kNodeAnnotation, order.node},
              {kStepAnnotation, api::to_string(order.step)},
              {"patchwave.dev/wave", order.wave}}}}},
          {"spec",
           {{"backoffLimit", 0},
            {"completions", 1},
            {"parallelism", 1},
            {"activeDeadlineSeconds", timeout.count()},
            {"ttlSecondsAfterFinished", kSecondsKept},
            {"template", {{"metadata", {{"labels", labels}}}, {"spec", pod_of(order, recipe)}}}}}};
}

std::string boot_id_of(const Json& job) {
  for (const auto& container : array_at(job, {"spec", "template", "spec", "containers"})) {
    for (const auto& variable : array_at(container, {"env"})) {
      if (string_at(variable, {"name"}) == kBootIdVariable) return string_at(variable, {"value"});
    }
  }
  return "";
}

JobFacts read_job(const std::optional<Json>& job, const Json& pods) {
  JobFacts facts;
  if (!job) return facts;
  facts.state = has_condition(*job, "Complete") ? JobFacts::State::Succeeded
                : has_condition(*job, "Failed") ? JobFacts::State::Failed
                                                : JobFacts::State::Active;
  for (const auto& pod : pods) read_pod(pod, facts);
  // The pod of a node that went away may be gone with its last words.
  if (facts.state == JobFacts::State::Failed) {
    const Json& failure = failure_of(*job);
    if (facts.message.empty()) facts.message = string_at(failure, {"reason"});
    if (const auto time = parse_time(string_at(failure, {"lastTransitionTime"}))) facts.failed_time = *time;
  }
  if (facts.state == JobFacts::State::Succeeded) facts.started = true;
  return facts;
}

}  // namespace patchwave::node
