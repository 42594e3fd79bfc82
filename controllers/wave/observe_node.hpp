// What is read of a wave of nodes: the recipe, and each node with its pods and Jobs.
#pragma once

#include <string>

#include "controllers/wave/snapshot.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/node_store.hpp"

namespace patchwave::wave {

/// Where the Jobs of nodes run; none where nodes are not to be patched.
struct NodeJobSettings {
  std::string ns;
  std::string service_account = "patchwave-node-job";
};

/// What the wave's nodes need, or why none may be begun. The recipe is held against the digest that the wave,
/// or before it its patch, goes by: another one under the name is another recipe.
Result<NodeContext> read_node_context(const kube::Client& client, const Snapshot& snapshot,
                                      const NodeJobSettings& jobs, const std::string& operator_namespace);

/// From the cache, for a node that is only watched: what its view keeps. Nothing when the cache has none of
/// the name, or one that still has to be given back, on which acts depend.
std::optional<node::LiveNode> read_node_cached(const kube::NodeStore& nodes, const node::Work& work,
                                               const api::TargetStatus& record);

/// Live, and no more than the record's state needs.
Result<node::LiveNode> read_node_live(const kube::Client& client, const node::Work& work,
                                      const api::TargetStatus& record);

}  // namespace patchwave::wave
