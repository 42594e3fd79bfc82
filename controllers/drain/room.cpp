#include "controllers/drain/room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace patchwave::drain {
namespace {

bool takes_pods(const Node& node) {
  return node.ready && !node.cordon.unschedulable;
}

bool accepts(const Node& node, const Pod& pod) {
  const auto repels = [&](const Taint& taint) {
    return (taint.effect == "NoSchedule" || taint.effect == "NoExecute") && !pod.tolerates(taint);
  };
  if (std::ranges::any_of(node.taints, repels)) return false;
  if (!api::LabelSelector{pod.node_selector, {}}.matches(node.labels)) return false;
  return pod.node_terms.empty() ||
         std::ranges::any_of(pod.node_terms, [&](const auto& term) { return term.matches(node.labels); });
}

/// Equal for pods that ask the same of a node.
std::string demands_of(const Pod& pod) {
  std::string text;
  for (const auto& [key, value] : pod.node_selector) text += fmt::format("{}={};", key, value);
  for (const auto& term : pod.node_terms) {
    text += "|";
    for (const auto& each : term.match_expressions) {
      text += fmt::format("{} {} {};", each.key, each.op, fmt::join(each.values, ","));
    }
  }
  for (const auto& each : pod.tolerations) {
    text += fmt::format("!{}{}{}:{};", each.key, each.exists ? "*" : "=", each.value, each.effect);
  }
  return text;
}

}  // namespace

std::string words_of(const Resources& resources) {
  constexpr std::int64_t kMebibyte = 1LL << 20;
  return fmt::format("cpu {}m, memory {}Mi", resources.cpu_millis,
                     (resources.memory_bytes + kMebibyte - 1) / kMebibyte);
}

Room::Room(const std::vector<Node>& nodes, const std::vector<Pod>& pods) : nodes_(nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    index_.emplace(nodes[i].name, i);
    free_.push_back(nodes[i].allocatable);
    free_.back() -= nodes[i].taken;
  }
  for (const auto& pod : pods) {
    const auto node = index_.find(pod.node);
    if (node != index_.end() && !pod.finished()) free_[node->second] -= pod.requests;
  }
}

const Room::Eligible& Room::eligible_for(const Pod& pod) {
  const auto [place, is_new] = eligible_.try_emplace(demands_of(pod));
  Eligible& eligible = place->second;
  if (!is_new) return eligible;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!takes_pods(nodes_[i]) || !accepts(nodes_[i], pod)) continue;
    eligible.nodes.push_back(i);
    eligible.most.cpu_millis = std::max(eligible.most.cpu_millis, free_[i].cpu_millis);
    eligible.most.memory_bytes = std::max(eligible.most.memory_bytes, free_[i].memory_bytes);
    eligible.most.pods = std::max(eligible.most.pods, free_[i].pods);
  }
  std::ranges::sort(eligible.nodes, std::ranges::greater{},
                    [&](std::size_t i) { return free_[i].cpu_millis; });
  return eligible;
}

std::vector<const Pod*> Room::homeless(std::string_view node, std::vector<const Pod*> leaving) {
  std::ranges::stable_sort(leaving, [](const Pod* one, const Pod* other) {
    return std::tie(one->requests.cpu_millis, one->requests.memory_bytes) >
           std::tie(other->requests.cpu_millis, other->requests.memory_bytes);
  });
  std::unordered_map<std::size_t, Resources> placed;
  std::vector<const Pod*> homeless;
  for (const Pod* pod : leaving) {
    const Eligible& eligible = eligible_for(*pod);
    const auto takes = [&](std::size_t i) {
      if (nodes_[i].name == node) return false;
      Resources room = free_[i];
      if (const auto here = placed.find(i); here != placed.end()) room -= here->second;
      return pod->requests.fits_into(room);
    };
    const auto home = pod->requests.fits_into(eligible.most) ? std::ranges::find_if(eligible.nodes, takes)
                                                             : eligible.nodes.end();
    if (home == eligible.nodes.end()) {
      homeless.push_back(pod);
    } else {
      placed[*home] += pod->requests;
    }
  }
  return homeless;
}

Resources Room::free_without(const std::vector<std::string_view>& nodes) const {
  const std::unordered_set<std::string_view> without(nodes.begin(), nodes.end());
  Resources free;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!takes_pods(nodes_[i]) || without.contains(nodes_[i].name)) continue;
    free += {std::max<std::int64_t>(0, free_[i].cpu_millis), std::max<std::int64_t>(0, free_[i].memory_bytes),
             std::max<std::int64_t>(0, free_[i].pods)};
  }
  return free;
}

}  // namespace patchwave::drain
