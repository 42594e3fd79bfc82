#include "controllers/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "controllers/api/codec.hpp"
#include "controllers/api/statistical_gate.hpp"
#include "controllers/plan/hash.hpp"
#include "controllers/plan/update.hpp"
#include "controllers/plan/version.hpp"

namespace patchwave::plan {
namespace {

constexpr std::size_t kMostWorkloadWarnings = 20;
constexpr std::pair<int, std::size_t> kBehindAll{std::numeric_limits<int>::max(), 0};

struct Candidate {
  const Workload* workload;
  std::vector<std::string> containers;
  std::pair<int, std::size_t> place;  ///< In the waves that wait; behind all of them when in none.
  std::string lot;                    ///< What decides among workloads of the same size.
};

std::string name_of(const Workload& workload) {
  return fmt::format("{} {}/{}", to_string(workload.kind), workload.ns, workload.name);
}

void put_in_order(std::vector<Candidate>& candidates) {
  std::ranges::sort(candidates, {}, [](const Candidate& candidate) {
    const auto& workload = *candidate.workload;
    return std::tuple(workload.replicas <= 0, candidate.place, workload.replicas,
                      std::string_view(candidate.lot), workload.kind, std::string_view(workload.ns),
                      std::string_view(workload.name));
  });
}

Candidate candidate_of(const api::Patch& patch, std::string_view version, const Workload& workload,
                       std::vector<std::string> containers, const PlanSoFar& so_far) {
  auto lot = sha256_hex(
      fmt::format("{}/{}/{} {}", patch.metadata.ns, patch.metadata.name, version, name_of(workload)));
  const auto waiting = so_far.waiting.find({workload.kind, workload.ns, workload.name});
  const auto place = waiting == so_far.waiting.end() ? kBehindAll : waiting->second;
  return {&workload, std::move(containers), place, std::move(lot)};
}

/// What the patch brings, to hold containers against.
struct Wanted {
  std::string repository;
  std::string tag;
  std::set<std::string> digests;        ///< Of the index and of its platforms; empty while unresolved.
  std::optional<UpdateRule> rule = {};  ///< What was found goes only where the policy's rule would find it.
};

bool runs_already(const Wanted& wanted, const ImageReference& image) {
  if (wanted.digests.empty()) return image.tag == wanted.tag;
  return wanted.digests.contains(image.digest);
}

bool counts_for(const Wanted& wanted, const ImageReference& image) {
  if (!wanted.rule) return true;
  const bool rebuilt = image.tag == wanted.tag && wanted.rule->counts_rebuilds();
  return rebuilt || wanted.rule->counts(image.tag, wanted.tag);
}

Result<Wanted> wanted_of(const api::PatchPolicy& policy, const api::Patch& patch) {
  const auto subject = parse_image(patch.spec.image);
  if (!subject) return fail(subject.error().within("spec.subject.image"));
  Wanted wanted{subject->repository, patch.spec.tag, {}};
  if (discovered_by(patch, policy)) {
    auto rule = UpdateRule::of(policy);
    if (!rule) return fail(std::move(rule.error()));
    wanted.rule = std::move(*rule);
  }
  const auto& digest = patch.spec.digest.empty() ? patch.status.digest : patch.spec.digest;
  if (!digest.empty()) {
    wanted.digests.insert(patch.status.platform_digests.begin(), patch.status.platform_digests.end());
    wanted.digests.insert(digest);
  }
  return wanted;
}

/// Keeps warnings about single workloads to a number that people read and a condition can hold.
class WorkloadWarnings {
 public:
  explicit WorkloadWarnings(std::vector<std::string>& warnings) : warnings_(warnings) {}
  void add(std::string warning) {
    if (++count_ <= kMostWorkloadWarnings) warnings_.push_back(std::move(warning));
  }
  void finish() {
    if (count_ <= kMostWorkloadWarnings) return;
    warnings_.push_back(fmt::format("{} more workloads have warnings", count_ - kMostWorkloadWarnings));
  }

 private:
  std::vector<std::string>& warnings_;
  std::size_t count_ = 0;
};

std::vector<std::string> containers_to_change(const Workload& workload, const Wanted& wanted,
                                              WorkloadWarnings& warnings) {
  std::vector<std::string> names;
  for (const auto& container : workload.containers) {
    const auto image = parse_image(container.image);
    if (!image || image->repository != wanted.repository || runs_already(wanted, *image)) continue;
    if (!counts_for(wanted, *image)) continue;
    if (compare_versions(image->tag, wanted.tag).value_or(0) > 0) {
      warnings.add(fmt::format("{}: container {} runs {}, which is later than {}", name_of(workload),
                               container.name, image->tag, wanted.tag));
      continue;
    }
    names.push_back(container.name);
  }
  return names;
}

std::vector<Candidate> workloads_to_patch(const api::PatchPolicy& policy, const api::Patch& patch,
                                          const std::vector<Workload>& workloads, const PlanSoFar& so_far,
                                          Plan& plan) {
  std::vector<Candidate> found;
  const auto read = wanted_of(policy, patch);
  if (!read) {
    plan.problem = fmt::format("Patch {}: {}", patch.metadata.name, read.error().message);
    return found;
  }
  const Wanted& wanted = *read;
  if (!policy.spec.workloads || !allows_image(policy.spec.workloads->images, wanted.repository)) {
    plan.problem = fmt::format("spec.targets.workloads.images allows no image {}", wanted.repository);
    return found;
  }
  WorkloadWarnings warnings(plan.workload_warnings);
  for (const auto& workload : workloads) {
    auto containers = containers_to_change(workload, wanted, warnings);
    if (containers.empty()) continue;
    found.push_back(candidate_of(patch, patch.spec.tag, workload, std::move(containers), so_far));
  }
  warnings.finish();
  put_in_order(found);
  return found;
}

const api::NodePool* pool_of(const api::PatchPolicySpec& policy, const api::Patch& patch) {
  const auto pool = std::ranges::find(policy.node_pools, patch.spec.node_pool, &api::NodePool::name);
  return pool == policy.node_pools.end() ? nullptr : &*pool;
}

// The first node of every zone, then the second of each: nodes that are out of service together, and those
// that prove a patch together, are of different zones.
void spread_over_zones(std::vector<Candidate>& candidates) {
  std::ranges::sort(candidates, {}, &Candidate::lot);
  std::map<std::string, int> in_zone;
  for (auto& candidate : candidates) {
    const auto zone = candidate.workload->labels.find("topology.kubernetes.io/zone");
    const int turn = in_zone[zone == candidate.workload->labels.end() ? "" : zone->second]++;
    candidate.lot = fmt::format("{:08}{}", turn, candidate.lot);
  }
}

std::vector<Candidate> nodes_to_patch(const api::PatchPolicy& policy, const api::Patch& patch,
                                      const std::vector<Workload>& workloads, const PlanSoFar& so_far,
                                      Plan& plan) {
  const auto* found_pool = pool_of(policy.spec, patch);
  if (found_pool == nullptr) {
    plan.problem = fmt::format("spec.targets.nodePools has no pool '{}'", patch.spec.node_pool);
    return {};
  }
  const auto& pool = *found_pool;
  if (std::ranges::any_of(policy.spec.gates, api::is_statistical)) {
    plan.workload_warnings.push_back(
        fmt::format("pool '{}': gates of the kinds counter, histogram and gauge compare pods, and are left "
                    "out of waves of "
                    "nodes",
                    pool.name));
  }
  const auto wanted = print_recipe(pool.recipe, patch.status.digest);
  std::vector<Candidate> found;
  for (const auto& workload : workloads) {
    const bool in_pool =
        workload.kind == api::TargetKind::Node && pool.node_selector.matches(workload.labels);
    if (!in_pool || workload.patched_by == wanted) continue;
    found.push_back(candidate_of(patch, patch.spec.version, workload, {}, so_far));
  }
  spread_over_zones(found);
  put_in_order(found);
  return found;
}

api::PatchWaveSpec wave_spec(const api::PatchPolicy& policy, const api::Patch& patch,
                             const api::WavePlan& wave) {
  const auto& rules = policy.spec;
  api::PatchWaveSpec spec;
  spec.patch = patch.metadata.name;
  spec.policy = policy.metadata.name;
  spec.mode = rules.mode;
  spec.steps = wave.steps;
  spec.max_unavailable = wave.max_unavailable;
  spec.step_bake = wave.step_bake;
  spec.bake = wave.bake;
  spec.progress_deadline = wave.progress_deadline;
  spec.windows = rules.windows;
  spec.gates = rules.gates;
  spec.on_harm = rules.on_harm;
  spec.on_undecided = rules.on_undecided;
  spec.approval_required = wave.approval_required || rules.mode == api::Mode::Approve;
  if (const auto* pool = patch.spec.node_pool.empty() ? nullptr : pool_of(rules, patch)) {
    spec.nodes = api::NodeWork{pool->name, pool->recipe, patch.spec.parameters, pool->reboot, pool->drain};
    std::erase_if(spec.gates, api::is_statistical);
  }
  return spec;
}

/// How many of the workloads that are left the wave takes.
std::size_t share_of(const api::PatchPolicySpec& policy, std::size_t index, std::size_t targets,
                     std::size_t left) {
  const auto& select = policy.waves[index].select;
  if (index + 1 == policy.waves.size() || !select) return left;
  return std::min(left, static_cast<std::size_t>(std::max(0, select->of(static_cast<int>(targets)))));
}

/// The same for a wave some parts of which have begun. A part that is not full was the last of its wave.
std::size_t further_share_of(const api::PatchPolicySpec& policy, std::size_t index,
                             const std::vector<std::size_t>& parts, std::size_t targets, std::size_t left) {
  if (index + 1 == policy.waves.size()) return left;
  if (std::ranges::any_of(parts, [](std::size_t part) { return part < kMaxTargets; })) return 0;
  const auto taken = std::accumulate(parts.begin(), parts.end(), std::size_t{0});
  const auto share = share_of(policy, index, targets, taken + left);
  return share - std::min(share, taken);
}

/// Appends waves one after the other: each waits for the one before.
class WaveChain {
 public:
  WaveChain(const api::PatchPolicy& policy, const api::Patch& patch, const std::set<std::string>& taken,
            Plan& plan)
      : policy_(policy), patch_(patch), taken_(taken), plan_(plan) {}

  void append(const api::WavePlan& wave, std::span<const Candidate> candidates) {
    int part = 1;
    while (!candidates.empty()) {
      std::string name = name_of_part(wave, part++);
      if (taken_.contains(name)) continue;
      const auto some = candidates.first(std::min(candidates.size(), kMaxTargets));
      append_part(wave, std::move(name), some);
      candidates = candidates.subspan(some.size());
    }
  }

 private:
  [[nodiscard]] std::string name_of_part(const api::WavePlan& wave, int part) const {
    return wave_name(patch_.metadata.name, policy_.metadata.name, wave.name, part);
  }

  void append_part(const api::WavePlan& wave, std::string name, std::span<const Candidate> candidates) {
    auto spec = wave_spec(policy_, patch_, wave);
    spec.order = static_cast<int>(plan_.waves.size()) + 1;
    if (!plan_.waves.empty()) spec.after = {plan_.waves.back().name};
    for (const auto& candidate : candidates) {
      const auto& workload = *candidate.workload;
      spec.targets.push_back({workload.kind, workload.ns, workload.name, candidate.containers});
    }
    plan_.targets += static_cast<int>(candidates.size());
    plan_.waves.push_back({std::move(name), wave.name, std::move(spec)});
  }

  const api::PatchPolicy& policy_;
  const api::Patch& patch_;
  const std::set<std::string>& taken_;
  Plan& plan_;
};

void split_into_waves(const api::PatchPolicy& policy, const api::Patch& patch,
                      const std::vector<Candidate>& eligible, const std::set<std::string>& taken,
                      const PlanSoFar& so_far, Plan& plan) {
  const auto& waves = policy.spec.waves;
  WaveChain chain(policy, patch, taken, plan);
  std::span<const Candidate> left(eligible);
  const auto targets = so_far.begun_targets() + eligible.size();
  for (std::size_t i = 0; i < waves.size(); ++i) {
    const auto parts = so_far.begun.find(waves[i].name);
    const auto share = parts == so_far.begun.end()
                           ? share_of(policy.spec, i, targets, left.size())
                           : further_share_of(policy.spec, i, parts->second, targets, left.size());
    chain.append(waves[i], left.first(share));
    left = left.subspan(share);
  }
}

// Read from its end, such a name has a number that is a part, or none; then a wave; then a policy; and what
// is left is the patch, dashes and all.
bool reads_one_way(std::string_view policy, std::string_view wave) {
  const bool is_number = wave.find_first_not_of("0123456789") == std::string_view::npos;
  return !is_number && !policy.contains('-') && !wave.contains('-');
}

}  // namespace

std::vector<std::string> warnings_of_waves(const api::PatchPolicySpec& policy, std::size_t workloads) {
  std::vector<std::string> warnings;
  std::size_t left = workloads;
  for (std::size_t i = 0; i < policy.waves.size(); ++i) {
    const auto& name = policy.waves[i].name;
    const auto share = share_of(policy, i, workloads, left);
    if (share == 0) {
      warnings.push_back(
          fmt::format("spec.waves[{}] selects nothing: {} of the {} workloads are left to '{}'", i, left,
                      workloads, name));
    } else if (share > kMaxTargets) {
      warnings.push_back(fmt::format("spec.waves[{}] is split: '{}' has {} targets and a wave holds {}", i,
                                     name, share, kMaxTargets));
    }
    left -= share;
  }
  return warnings;
}

std::string wave_name(std::string_view patch, std::string_view policy, std::string_view wave, int part) {
  auto head = fmt::format("{}-{}-{}", patch, policy, wave);
  if (part > 1) head += fmt::format("-{}", part);
  if (reads_one_way(policy, wave) && head.size() <= kMaxWaveName) return head;
  const auto hash = sha256_hex(fmt::format("{}/{}/{}/{}", patch, policy, wave, part)).substr(0, 10);
  head.resize(std::min(head.size(), kMaxWaveName - hash.size() - 1));
  // A name may not have '.' and '-' side by side.
  while (head.ends_with('-') || head.ends_with('.')) head.pop_back();
  return head + "-" + hash;
}

bool selects(const api::PatchPolicy& policy, bool in_operator_namespace, const Workload& workload) {
  if (workload.kind == api::TargetKind::Node) {
    return in_operator_namespace &&
           std::ranges::any_of(policy.spec.node_pools, [&](const api::NodePool& pool) {
             return pool.node_selector.matches(workload.labels);
           });
  }
  if (!policy.spec.workloads) return false;
  const auto& rules = *policy.spec.workloads;
  const bool in_reach = in_operator_namespace ? rules.namespace_selector.matches(workload.namespace_labels)
                                              : workload.ns == policy.metadata.ns;
  if (!in_reach || !rules.selector.matches(workload.labels)) return false;
  return std::ranges::any_of(workload.containers, [&](const Workload::Container& container) {
    const auto image = parse_image(container.image);
    return image && allows_image(rules.images, image->repository);
  });
}

std::size_t PlanSoFar::begun_targets() const {
  std::size_t sum = 0;
  for (const auto& [wave, sizes] : begun) sum = std::accumulate(sizes.begin(), sizes.end(), sum);
  return sum;
}

Plan make_plan(const api::PatchPolicy& policy, const api::Patch& patch,
               const std::vector<Workload>& workloads, const std::set<std::string>& taken,
               const PlanSoFar& so_far) {
  Plan plan;
  const auto eligible = patch.spec.node_pool.empty()
                            ? workloads_to_patch(policy, patch, workloads, so_far, plan)
                            : nodes_to_patch(policy, patch, workloads, so_far, plan);
  if (policy.spec.waves.empty()) {
    plan.problem = "spec.waves is empty: nothing is ever patched";
  } else if (!eligible.empty()) {
    plan.wave_warnings = warnings_of_waves(policy.spec, so_far.begun_targets() + eligible.size());
    split_into_waves(policy, patch, eligible, taken, so_far, plan);
  }
  return plan;
}

std::string print_recipe(std::string_view recipe, std::string_view digest) {
  return digest.empty() ? "" : fmt::format("{}@{}", recipe, digest);
}

std::string plan_hash(const api::PatchWaveSpec& spec, const std::string& image) {
  // Keys of a JSON object are in order, so equal specs print equal bytes.
  auto wave = api::print_spec(spec);
  wave.erase("suspend");
  wave.erase("cancel");
  return "sha256:" + sha256_hex(print_json({{"image", image}, {"spec", std::move(wave)}}));
}

}  // namespace patchwave::plan
