// What would keep nodes from being drained, said before anything is touched: our own sum for each
// PodDisruptionBudget, room on the other nodes, and what the API server answers to evictions that it is asked
// to check and not to carry out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controllers/drain/budgets.hpp"
#include "controllers/drain/drain.hpp"
#include "controllers/drain/treatment.hpp"

namespace patchwave::drain {

struct ClusterFacts {
  std::vector<Node> nodes;  ///< All of the cluster.
  std::vector<Pod> pods;    ///< Of the nodes to be drained at least; others may count as taken only.
  std::vector<Budget> budgets;
};

struct Plan {
  std::vector<std::string> nodes;  ///< Those to be drained.
  int at_once = 1;                 ///< How many are drained at the same time.
  Policy policy;
};

enum class Weight : std::uint8_t {
  Blocks,  ///< The drain would not end: somebody must change something first.
  Waits,   ///< It would wait for what is likely to pass.
  Warns,   ///< It would end, and this is worth knowing.
};
std::string_view to_string(Weight weight);

struct Finding {
  Weight weight = Weight::Blocks;
  Reason reason = Reason::None;
  std::string node;     ///< Empty: about the whole plan.
  std::string pod;      ///< Empty: about the node.
  std::string budget;   ///< Empty: about no budget.
  std::string message;  ///< "node n7, pod shop/web-1, PDB shop/web needs 3 and has 3"
};

struct Asked {
  Answer answer = Answer::Started;
  std::string message;
};
using Answers = std::map<std::string, Asked>;  ///< Of dry runs, by the pod's UID.

struct Report {
  int nodes = 0;
  int pods = 0;                   ///< That would be evicted.
  std::vector<Finding> findings;  ///< The heaviest first, then in order of node and pod.

  [[nodiscard]] bool blocks() const { return !findings.empty() && findings.front().weight == Weight::Blocks; }
};

/// The pods whose eviction is worth asking about: one for each budget, and one that is under none for each
/// namespace, for admission webhooks. At most `most`.
std::vector<const Pod*> worth_asking(const ClusterFacts& cluster, const Plan& plan, std::size_t most);

Report preflight(const ClusterFacts& cluster, const Plan& plan, const Answers& answers);

}  // namespace patchwave::drain
