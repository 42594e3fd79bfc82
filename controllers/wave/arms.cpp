#include "controllers/wave/arms.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchwave::wave {
namespace {

using judge::Arm;
using prometheus::Series;

/// What Kubernetes makes names of pods and ReplicaSets from (apimachinery, util/rand).
constexpr std::string_view kRandom = "bcdfghjklmnpqrstvwxz2456789";

std::string literally(std::string_view name) {
  std::string text;
  for (const char character : name) text += character == '.' ? std::string("[.]") : std::string(1, character);
  return text;
}

std::string replica_set_pods(std::string_view deployment) {
  return fmt::format("{}-[{}]{{6,10}}-[{}]{{5}}", literally(deployment), kRandom, kRandom);
}

std::string named_by_kind(const api::WaveTarget& target) {
  switch (target.kind) {
    case api::TargetKind::StatefulSet:
      return literally(target.name) + "-[0-9]+";
    case api::TargetKind::DaemonSet:
      return fmt::format("{}-[{}]{{5}}", literally(target.name), kRandom);
    default:
      return replica_set_pods(target.name) + "|" + replica_set_pods(target::canary_name(target.name));
  }
}

/// What is left of `name` behind `prefix` and a dash.
std::optional<std::string_view> rest_of(std::string_view name, std::string_view prefix) {
  const bool is_longer =
      name.size() > prefix.size() && name.starts_with(prefix) && name[prefix.size()] == '-';
  return is_longer ? std::optional(name.substr(prefix.size() + 1)) : std::nullopt;
}

bool is_random(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most &&
         text.find_first_not_of(kRandom) == std::string_view::npos;
}

bool is_of_replica_set(std::string_view name, std::string_view deployment) {
  const auto rest = rest_of(name, deployment);
  const auto dash = rest ? rest->find('-') : std::string_view::npos;
  return dash != std::string_view::npos && is_random(rest->substr(0, dash), 6, 10) &&
         is_random(rest->substr(dash + 1), 5, 5);
}

/// Whether named_by_kind matches it.
bool is_named_by_kind(std::string_view name, const api::WaveTarget& target) {
  if (target.kind == api::TargetKind::Deployment) {
    return is_of_replica_set(name, target.name) || is_of_replica_set(name, target::canary_name(target.name));
  }
  const auto rest = rest_of(name, target.name);
  if (!rest) return false;
  if (target.kind == api::TargetKind::DaemonSet) return is_random(*rest, 5, 5);
  return !rest->empty() && rest->find_first_not_of("0123456789") == std::string_view::npos;
}

Time begin_of(const WorkloadPods& workload) {
  return std::max(workload.since, workload.end - kLongestEvidence);
}

}  // namespace

std::string pods_pattern(const WorkloadPods& workload) {
  auto pattern = named_by_kind(workload.target);
  // Kubernetes cuts long names, so that their pods are not named as others are.
  for (const auto& observed : workload.pods) {
    const auto& name = observed.pod.name;
    if (!is_named_by_kind(name, workload.target)) pattern += "|" + literally(name);
  }
  return pattern;
}

std::string matchers_of(const WorkloadPods& workload) {
  return fmt::format(R"(namespace="{}",pod=~"{}")", workload.target.ns, pods_pattern(workload));
}

WorkloadArms::WorkloadArms(const WorkloadPods& workload)
    : names_stay_(workload.target.kind == api::TargetKind::StatefulSet), since_(begin_of(workload)) {
  for (const auto& observed : workload.pods) {
    (observed.patched ? patched_ : others_).emplace(observed.pod.name, observed.pod.creation_time);
  }
  if (workload.target.kind == api::TargetKind::Deployment) {
    canary_prefix_ = target::canary_name(workload.target.name) + "-";
  }
}

std::optional<Arm> WorkloadArms::of(const std::string& pod, Time time, bool was_before) const {
  if (const auto patched = patched_.find(pod); patched != patched_.end()) {
    // Elsewhere a name is one pod's, whatever the clocks of Prometheus and Kubernetes say of when it came.
    const bool is_predecessor = names_stay_ && time < patched->second;
    return is_predecessor ? Arm::Baseline : Arm::Canary;
  }
  if (others_.contains(pod)) return Arm::Baseline;
  if (!canary_prefix_.empty() && pod.starts_with(canary_prefix_)) return Arm::Canary;
  return was_before ? std::optional(Arm::Baseline) : std::nullopt;
}

std::map<std::string, Time> WorkloadArms::births(const std::vector<Series>& series) const {
  auto births = patched_;
  births.insert(others_.begin(), others_.end());
  // The wave itself made the canary copy.
  for (const auto& one : series) {
    const auto pod = comparison::pod_of(one);
    if (!canary_prefix_.empty() && pod.starts_with(canary_prefix_)) births[pod] = since_;
  }
  return births;
}

comparison::Comparison comparison_of(const WorkloadPods& workload, const WorkloadArms& arms) {
  return {matchers_of(workload), comparison::kPodLabel, &arms, begin_of(workload), workload.end};
}

}  // namespace patchwave::wave
