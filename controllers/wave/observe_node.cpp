#include "controllers/wave/observe_node.hpp"

#include <fmt/format.h>

#include "controllers/api/codec.hpp"
#include "controllers/node/facts.hpp"
#include "controllers/plan/recipe.hpp"
#include "controllers/status/status.hpp"

namespace patchwave::wave {
namespace {

using api::NodeStep;
using api::TargetState;

std::string problem_of_place(const Snapshot& snapshot, const NodeJobSettings& jobs,
                             const std::string& operator_namespace) {
  if (snapshot.wave.metadata.ns != operator_namespace) {
    return fmt::format("`spec.nodes` needs a PatchWave in the operator's namespace, '{}'",
                       operator_namespace);
  }
  if (jobs.ns.empty()) {
    return "nodes are not patched by this operator: `nodeJobs.namespace` of its configuration is not set";
  }
  return "";
}

std::string problem_of_reboot(const api::NodeWork& work, const api::NodeRecipeSpec& recipe) {
  if (work.reboot == api::Reboot::Never || recipe.reboot) return "";
  return fmt::format("`spec.nodes.reboot` is {} and NodeRecipe '{}' has no reboot step; it must be Never",
                     api::to_string(work.reboot), work.recipe);
}

void read_recipe(const Json& object, const Snapshot& snapshot, NodeContext& context) {
  const auto& work = *snapshot.wave.spec.nodes;
  auto recipe = api::parse_recipe(object);
  if (!recipe) {
    context.problem = fmt::format("NodeRecipe '{}': {}", work.recipe, recipe.error().message);
    return;
  }
  auto values = plan::fill_in(recipe->spec, work.parameters);
  if (!values) {
    context.problem = fmt::format("NodeRecipe '{}': {}", work.recipe, values.error().message);
    return;
  }
  const auto& status = snapshot.wave.status;
  const auto& digest =
      !status.digest.empty() || !snapshot.patch ? status.digest : snapshot.patch->status.digest;
  if (digest != plan::recipe_digest(recipe->spec, *values)) {
    context.problem =
        fmt::format("NodeRecipe '{}' or the parameters are not those of {}, which the Patch was resolved to",
                    work.recipe, digest.empty() ? "any digest" : digest);
    return;
  }
  context.problem = problem_of_reboot(work, recipe->spec);
  context.recipe = std::move(recipe->spec);
  context.parameters = std::move(*values);
}

// As far as observing goes by it.
Json document_of(const kube::NodeView& view) {
  return {
      {"metadata", {{"name", view.name}, {"uid", view.uid}, {"annotations", view.annotations}}},
      {"spec", {{"unschedulable", view.unschedulable}}},
      {"status",
       {{"nodeInfo",
         {{"bootID", view.boot_id},
          {"osImage", view.os_image},
          {"kernelVersion", view.kernel_version},
          {"kubeletVersion", view.kubelet_version},
          {"containerRuntimeVersion", view.container_runtime}}},
        {"conditions", Json::array({{{"type", "Ready"}, {"status", view.ready() ? "True" : "False"}}})}}}};
}

/// Whether what it may still do would be in the way of going back. A reboot that has happened is done,
/// whatever becomes of the pod that asked for it: it asks for another only under the boot ID of before.
bool is_in_the_way(const Json& job, const std::string& boot_id) {
  const auto step = string_at(job, {"metadata", "annotations", node::kStepAnnotation});
  if (step == "Patch" || step == "Verify") return true;
  return step == "Reboot" && node::boot_id_of(job) == boot_id;
}

bool needs_jobs(const api::TargetStatus& record) {
  if (!record.node) return false;
  const bool under_way = record.state == TargetState::Patching || record.state == TargetState::RollingBack ||
                         record.state == TargetState::RollbackFailed;
  return under_way && record.node->step != NodeStep::Return && record.node->touched;
}

Result<void> read_jobs(const kube::Client& client, const node::Work& work, const api::TargetStatus& record,
                       node::LiveNode& live) {
  kube::ListOptions options;
  options.label_selector = fmt::format("{}={}", node::kWaveLabel, work.wave.metadata.uid);
  const auto jobs = client.list(kube::resources::kJobs, work.jobs_namespace, options);
  if (!jobs) return fail(jobs.error());
  const auto wanted = node::job_name(node::job_order(work, record));
  const auto boot_id = live.node ? string_at(*live.node, {"status", "nodeInfo", "bootID"}) : std::string();
  std::optional<Json> job;
  for (const auto& each : array_at(*jobs, {"items"})) {
    if (string_at(each, {"metadata", "annotations", node::kNodeAnnotation}) != record.target.name) continue;
    const bool active = node::read_job(each, Json::array()).state == node::JobFacts::State::Active;
    live.forward_job_active = live.forward_job_active || (active && is_in_the_way(each, boot_id));
    if (string_at(each, {"metadata", "name"}) == wanted) job = each;
  }
  Json pods = Json::array();
  if (job) {
    options.label_selector = "batch.kubernetes.io/job-name=" + wanted;
    const auto listed = client.list(kube::resources::kPods, work.jobs_namespace, options);
    if (!listed) return fail(listed.error());
    pods = array_at(*listed, {"items"});
  }
  live.job = node::read_job(job, pods);
  return {};
}

}  // namespace

Result<NodeContext> read_node_context(const kube::Client& client, const Snapshot& snapshot,
                                      const NodeJobSettings& jobs, const std::string& operator_namespace) {
  NodeContext context;
  context.jobs_namespace = jobs.ns;
  context.jobs_account = jobs.service_account;
  context.problem = problem_of_place(snapshot, jobs, operator_namespace);
  if (!context.problem.empty()) return context;
  const auto& ns = snapshot.wave.metadata.ns;
  const auto& name = snapshot.wave.spec.nodes->recipe;
  const auto object = client.get(kube::resources::kNodeRecipes, ns, name);
  if (!object && !status::is_gone(object.error())) return fail(object.error());
  if (object) {
    read_recipe(*object, snapshot, context);
  } else {
    context.problem = fmt::format(
        "`spec.nodes.recipeRef.name`: NodeRecipe '{}' does not exist in namespace '{}'", name, ns);
  }
  return context;
}

std::optional<node::LiveNode> read_node_cached(const kube::NodeStore& nodes, const node::Work& work,
                                               const api::TargetStatus& record) {
  const auto view = nodes.get(record.target.name);
  if (!view) return std::nullopt;
  node::LiveNode cached;
  cached.node = document_of(*view);
  // What acts depend on is read live.
  const auto by = view->annotations.find(std::string(api::kPatchedByAnnotation));
  const bool says = by != view->annotations.end() && by->second == record.after_image;
  if (!says || !node::is_released(record, cached, work.claim)) return std::nullopt;
  return cached;
}

Result<node::LiveNode> read_node_live(const kube::Client& client, const node::Work& work,
                                      const api::TargetStatus& record) {
  node::LiveNode live;
  if (node::needs_pods(record)) {
    auto read = node::read_live(client, record.target.name);
    if (!read) return fail(std::move(read.error()));
    live.node = std::move(read->node);
    live.pods = std::move(read->snapshot.pods);
    live.budgets = std::move(read->snapshot.budgets);
  } else {
    auto read = client.get(kube::resources::kNodes, "", record.target.name);
    if (!read && !status::is_gone(read.error())) return fail(std::move(read.error()));
    if (read) live.node = std::move(*read);
  }
  if (!needs_jobs(record) || work.jobs_namespace.empty()) return live;
  if (auto read = read_jobs(client, work, record, live); !read) return fail(std::move(read.error()));
  return live;
}

}  // namespace patchwave::wave
