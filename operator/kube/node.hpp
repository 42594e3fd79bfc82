// A node as this operator sees it: projected from its JSON, without heartbeats and image lists.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"

namespace patchwave::kube {

struct Taint {
  std::string key;
  std::string value;
  std::string effect;  ///< "NoSchedule", "PreferNoSchedule", "NoExecute"
  bool operator==(const Taint&) const = default;
};

struct NodeView {
  std::string name;
  std::string uid;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;  ///< Only keys under "patchwave.dev/".
  std::vector<Taint> taints;
  bool unschedulable = false;  ///< Cordoned.
  bool terminating = false;
  Time creation_time;
  std::optional<Time> ready_since;  ///< Set while the Ready condition is True: its last transition.
  std::string provider_id;
  std::string boot_id;  ///< Changes with each boot.
  std::string kernel_version;
  std::string os_image;
  std::string kubelet_version;
  std::string container_runtime;
  std::string architecture;

  [[nodiscard]] bool ready() const { return ready_since.has_value(); }
  bool operator==(const NodeView&) const = default;
};

}  // namespace patchwave::kube
