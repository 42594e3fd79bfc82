// A workload as planning sees it: what inventory reads out of Deployments, StatefulSets and DaemonSets.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controllers/api/common.hpp"

namespace patchwave::api {

struct Workload {
  WorkloadKind kind = WorkloadKind::Deployment;
  std::string ns;
  std::string name;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> namespace_labels;
  struct Container {
    std::string name;
    std::string image;
    bool operator==(const Container&) const = default;
  };
  std::vector<Container> containers;  ///< Init containers too.
  int replicas = 0;                   ///< Wanted copies; of a DaemonSet, the nodes it is scheduled to.
  bool operator==(const Workload&) const = default;
};

}  // namespace patchwave::api
