#include "controllers/wave/control_plane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controllers/wave/decide.hpp"

namespace patchwave::wave {
namespace {

constexpr const char* kControlPlaneLabel = "node-role.kubernetes.io/control-plane";

/// As kubeadm and those who follow it label static pods of etcd.
bool is_etcd(const std::map<std::string, std::string>& labels) {
  const auto component = labels.find("component");
  return component != labels.end() && component->second == "etcd";
}

std::string lack_of(const kube::NodeView& node, const std::set<std::string>& without_etcd) {
  if (!node.ready()) return "is not ready";
  if (node.unschedulable) return "is cordoned";
  if (without_etcd.contains(node.name)) return "has an etcd that is not ready";
  return "";
}

std::string sentence(const std::string& other, std::string_view why) {
  return fmt::format("is of the control plane, which goes one node at a time, and {} {}", other, why);
}

}  // namespace

std::map<std::string, std::string> read_control_plane(const inventory::Stores& stores) {
  std::set<std::string> without_etcd;
  for (const auto& pod : stores.pods.select("kube-system", is_etcd)) {
    if (!pod.ready()) without_etcd.insert(pod.node);
  }
  std::map<std::string, std::string> control_plane;
  for (const auto& node : stores.nodes.list()) {
    if (node.labels.contains(kControlPlaneLabel)) control_plane[node.name] = lack_of(node, without_etcd);
  }
  return control_plane;
}

std::optional<std::string> keeps_control_plane_node(const Snapshot& snapshot, const std::string& begun,
                                                    const std::string& node) {
  const auto& control_plane = snapshot.control_plane;
  if (!control_plane.contains(node)) return std::nullopt;
  if (!begun.empty()) return sentence(begun, "is being patched");
  // What this wave has begun may not show on the node yet.
  for (const auto& record : snapshot.wave.status.targets) {
    const auto& name = record.target.name;
    if (name != node && control_plane.contains(name) && in_transition(record.state)) {
      return sentence(name, "is being patched");
    }
  }
  const auto other = std::ranges::find_if(
      control_plane, [&](const auto& each) { return each.first != node && !each.second.empty(); });
  if (other == control_plane.end()) return std::nullopt;
  return sentence(other->first, other->second);
}

}  // namespace patchwave::wave
