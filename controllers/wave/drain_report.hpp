// Reads whether the nodes of a wave could be drained, as the cluster is now.
#pragma once

#include "controllers/drain/preflight.hpp"
#include "controllers/node/target.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::wave {

/// All nodes, pods and budgets of the cluster, and dry runs of evictions: too much for every pass.
Result<drain::Report> read_drain_report(const kube::Client& client, const node::Work& work);

}  // namespace patchwave::wave
