// What the API server answers to evictions that it is asked to check and not to carry out.
#pragma once

#include <cstddef>
#include <string>

#include "controllers/drain/preflight.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::node {

struct DryRun {
  drain::Answers answers;
  std::string incomplete;  ///< Why not all that is worth asking was asked; empty: it was.
};

/// Each question is a request. At most `most` of them; more budgets than that are judged by our own sum
/// alone, and so are all where the account may not ask.
DryRun dry_run(const kube::Client& client, const drain::ClusterFacts& cluster, const drain::Plan& plan,
               std::size_t most);

}  // namespace patchwave::node
