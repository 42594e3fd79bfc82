// A workload or node as planning sees it: what inventory reads out of Deployments, StatefulSets, DaemonSets
// and Nodes.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controllers/api/common.hpp"

namespace patchwave::api {

struct Workload {
  TargetKind kind = TargetKind::Deployment;
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
  int replicas = 0;        ///< Wanted copies; of a DaemonSet, the nodes it is scheduled to; of a Node, one.
  std::string patched_by;  ///< Of a Node: see kPatchedByAnnotation.
  bool operator==(const Workload&) const = default;
};

}  // namespace patchwave::api
