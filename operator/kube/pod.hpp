// A pod as this operator sees it: projected from its JSON, without the rest.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"

namespace patchwave::kube {

struct ContainerView {
  std::string name;
  std::string image;     ///< As in the spec.
  std::string image_id;  ///< As the kubelet reports it; "" until pulled.
  bool init = false;
  bool ready = false;
  bool started = false;
  int restarts = 0;
  std::string waiting_reason;  ///< "CrashLoopBackOff", "ImagePullBackOff", …
  std::string waiting_message;
  std::string terminated_reason;  ///< Of the last termination: "Error", "OOMKilled", …
};

struct PodView {
  std::string ns;
  std::string name;
  std::string uid;
  std::string node;
  std::string owner_kind;  ///< Of the controlling owner.
  std::string owner_name;
  std::string owner_uid;
  std::string phase;
  std::map<std::string, std::string> labels;
  Time creation_time;
  std::optional<Time> ready_since;  ///< Set while the Ready condition is True: its last transition.
  bool terminating = false;
  std::string unschedulable_message;      ///< PodScheduled=False
  std::vector<ContainerView> containers;  ///< Init containers too.

  [[nodiscard]] bool ready() const { return ready_since.has_value() && !terminating; }
};

}  // namespace patchwave::kube
