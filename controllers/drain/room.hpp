// Whether the pods of a node would find room elsewhere. By requests, node selectors, required node affinity
// and taints; affinity between pods, spreading, volumes and host ports are the scheduler's alone.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "controllers/drain/facts.hpp"

namespace patchwave::drain {

/// "cpu 500m, memory 256Mi"
std::string words_of(const Resources& resources);

class Room {
 public:
  /// Both must outlive it. Pods that are on no node, or have finished, take no room.
  Room(const std::vector<Node>& nodes, const std::vector<Pod>& pods);

  /// Of `leaving`, those that fit on no other node once the others before them are placed; largest first.
  [[nodiscard]] std::vector<const Pod*> homeless(std::string_view node, std::vector<const Pod*> leaving);
  /// What is free on nodes that take pods, but for these.
  [[nodiscard]] Resources free_without(const std::vector<std::string_view>& nodes) const;

 private:
  struct Eligible {
    std::vector<std::size_t> nodes;  ///< The one with the most free CPU first.
    Resources most;                  ///< The most of each that any of them has free.
  };
  const Eligible& eligible_for(const Pod& pod);

  const std::vector<Node>& nodes_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<Resources> free_;
  std::map<std::string, Eligible> eligible_;  // By what the pod asks of a node.
};

}  // namespace patchwave::drain
