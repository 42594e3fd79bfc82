#include "controllers/node/target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/node/cordon_patch.hpp"
#include "controllers/node/drainer.hpp"

namespace patchwave::node {
namespace {

using api::NodeStep;
using api::TargetState;

constexpr milliseconds kNoDeadline = std::chrono::days(365);

drain::Treatment treatment_of(api::PodTreatment treatment) {
  switch (treatment) {
    case api::PodTreatment::Evict:
      return drain::Treatment::Evict;
    case api::PodTreatment::Refuse:
      return drain::Treatment::Refuse;
    case api::PodTreatment::Leave:
      return drain::Treatment::Leave;
  }
  return drain::Treatment::Refuse;
}

bool has_job(NodeStep step) {
  return step != NodeStep::Drain && step != NodeStep::Return;
}

bool under_way(const api::TargetStatus& record) {
  return record.state == TargetState::Patching || record.state == TargetState::RollingBack ||
         record.state == TargetState::RollbackFailed;
}

api::NodeFacts facts_of(const Json& node) {
  const Json& info = object_at(node, {"status", "nodeInfo"});
  return {string_at(info, {"bootID"}),
          string_at(info, {"osImage"}),
          string_at(info, {"kernelVersion"}),
          string_at(info, {"kubeletVersion"}),
          string_at(info, {"containerRuntimeVersion"}),
          string_at(node, {"metadata", "annotations", api::kPatchedByAnnotation})};
}

Act patch_node(const Json& node, const target::GuardedPatch& patch, std::string why) {
  return {PatchNode{string_at(node, {"metadata", "name"}), patch.operations()}, std::move(why)};
}

std::vector<Act> cordon(const Observation& seen, const Json& node) {
  if (!seen.drain || !seen.drain->cordon) return {};
  return {patch_node(node, cordon_patch(node, *seen.drain->cordon),
                     fmt::format("cordon node {}", string_at(node, {"metadata", "name"})))};
}

std::vector<Act> drain_on(const Observation& seen, const Json& node) {
  if (auto acts = cordon(seen, node); !acts.empty()) return acts;
  std::vector<Act> acts;
  if (!seen.drain || seen.drain->state != drain::State::Evicting) return acts;
  for (const auto& eviction : seen.drain->evictions) {
    acts.push_back({Evict{eviction}, fmt::format("evict pod {}/{}", eviction.ns, eviction.name)});
  }
  return acts;
}

/// Only on a node that is drained, and stays so.
std::vector<Act> run_job(const Work& work, const api::TargetStatus& record, const Observation& seen,
                         const Json& node) {
  if (seen.job.state != JobFacts::State::Absent || !work.recipe || !seen.drain) return {};
  if (step_of(*work.recipe, record.node->step) == nullptr) return {};
  if (seen.drain->state != drain::State::Drained) return drain_on(seen, node);
  const auto order = job_order(work, record);
  return {{CreateJob{make_job(order, *work.recipe)},
           fmt::format("run the {} step on node {}", api::to_string(order.step), order.node)}};
}

/// Gives the node back, and leaves on it what was proven.
std::vector<Act> give_back(const Work& work, const api::TargetStatus& record, const Json& node) {
  const bool proven = record.state == TargetState::Promoting || record.state == TargetState::Promoted;
  const auto& before = record.before.node;
  const auto patched_by = proven ? record.after_image : before ? before->patched_by : std::string();
  const auto patch = release_patch(node, work.claim, patched_by);
  if (patch.changes_nothing()) return {};
  return {patch_node(node, patch, fmt::format("give node {} back", string_at(node, {"metadata", "name"})))};
}

}  // namespace

drain::Order drain_order(const Work& work, const api::TargetStatus& record) {
  drain::Order order;
  order.owner = work.claim;
  order.reason = fmt::format("PatchWave {}/{}", work.wave.metadata.ns, work.wave.metadata.name);
  order.node_uid = record.uid;
  if (const auto& nodes = work.wave.spec.nodes) {
    // What was begun on a node has to be finished or taken back, however long that takes.
    const bool touched = record.node && record.node->touched;
    order.policy.deadline = touched ? kNoDeadline : nodes->drain.deadline;
    order.policy.bare_pods = treatment_of(nodes->drain.bare_pods);
    order.policy.local_storage = treatment_of(nodes->drain.local_storage);
    order.policy.protected_pods = treatment_of(nodes->drain.protected_pods);
  }
  return order;
}

bool needs_pods(const api::TargetStatus& record) {
  if (record.state == TargetState::Claimed) return true;
  return under_way(record) && record.node && record.node->step != NodeStep::Return;
}

JobOrder job_order(const Work& work, const api::TargetStatus& record) {
  const api::NodeProgress progress = record.node.value_or(api::NodeProgress{});
  return {work.jobs_namespace,
          work.jobs_account,
          fmt::format("{}/{}", work.wave.metadata.ns, work.wave.metadata.name),
          work.wave.metadata.uid,
          record.target.name,
          record.uid,
          progress.step,
          progress.attempt,
          progress.boot_id,
          work.parameters};
}

Observation observe(const Work& work, const api::TargetStatus& record, const LiveNode& live, Time now) {
  Observation seen;
  seen.job = live.job;
  seen.forward_job_active = live.forward_job_active;
  if (!live.node) return seen;
  const auto node = drain::read_node(*live.node);
  seen.exists = true;
  seen.uid = node.uid;
  seen.replaced = !record.uid.empty() && record.uid != node.uid;
  seen.ready = node.ready;
  seen.facts = facts_of(*live.node);
  if (node.cordon.record) {
    seen.claimed_by = node.cordon.record->owner;
  } else if (node.cordon.annotated) {
    seen.claimed_by = "an annotation that can't be read";
  }
  seen.cordoned = node.cordon.unschedulable && node.cordon.owned_by(work.claim);
  if (needs_pods(record)) {
    seen.drain =
        drain::next_step(drain_order(work, record), {node, live.pods, live.budgets}, live.asked, now);
  }
  return seen;
}

std::vector<Act> next_acts(const Work& work, const api::TargetStatus& record, const LiveNode& live,
                           Time now) {
  const auto seen = observe(work, record, live, now);
  if (!seen.exists || seen.replaced) return {};
  const Json& node = *live.node;
  const bool elsewhere = !seen.claimed_by.empty() && seen.claimed_by != work.claim;
  if (elsewhere) return {};
  switch (record.state) {
    case TargetState::Claimed:
      return cordon(seen, node);
    case TargetState::Patching:
    case TargetState::RollingBack:
    case TargetState::RollbackFailed:
      if (!record.node) return {};
      if (record.node->step == NodeStep::Drain) return drain_on(seen, node);
      if (has_job(record.node->step)) return run_job(work, record, seen, node);
      return give_back(work, record, node);
    case TargetState::Promoting:
    case TargetState::Promoted:
    case TargetState::RolledBack:
    case TargetState::Skipped:
      return give_back(work, record, node);
    case TargetState::Pending:
    case TargetState::Canary:
      break;
  }
  return {};
}

target::Outcome perform(const kube::Client& client, const Act& act, drain::Progress& asked, Time now) {
  if (const auto* patch = std::get_if<PatchNode>(&act.what)) {
    const auto written =
        client.patch(kube::resources::kNodes, "", patch->name, kube::PatchType::Json, patch->operations);
    return written ? target::Outcome{} : target::outcome_of(written.error(), act.why);
  }
  if (const auto* create = std::get_if<CreateJob>(&act.what)) {
    const auto created =
        client.create(kube::resources::kJobs, string_at(create->job, {"metadata", "namespace"}), create->job);
    // Its name says what it is for: one that is there is the one we meant to make.
    if (created || created.error().kind == ErrorKind::AlreadyExists) return {};
    return target::outcome_of(created.error(), act.why);
  }
  const auto& eviction = std::get<Evict>(act.what).eviction;
  auto heard = hear(client.evict(eviction.ns, eviction.name, eviction.uid, eviction.grace_seconds));
  const bool done = heard.answer == drain::Answer::Started || heard.answer == drain::Answer::Gone;
  target::Outcome outcome;
  if (!done) outcome = {target::Outcome::Kind::Waiting, heard.message, heard.retry_after};
  asked.learn(eviction.uid, heard.answer, std::move(heard.message), heard.retry_after, now);
  return outcome;
}

bool is_released(const api::TargetStatus& record, const LiveNode& live, const std::string& claim) {
  if (!live.node || string_at(*live.node, {"metadata", "uid"}) != record.uid) return true;
  return !drain::read_cordon(*live.node).owned_by(claim);
}

}  // namespace patchwave::node
