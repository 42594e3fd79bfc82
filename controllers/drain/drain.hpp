// The next step of draining one node. Level-triggered: called again and again with what is there now, it asks
// for a bounded number of acts and says what keeps the pods that stay. What it must not forget is in the
// node's own record (cordon.hpp); Progress only spaces out the questions and may be lost at any time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controllers/drain/budgets.hpp"
#include "controllers/drain/treatment.hpp"

namespace patchwave::drain {

struct Order {
  std::string owner;  ///< As in CordonRecord.
  std::string reason;
  std::string
      node_uid;  ///< A node of the same name that took its place is another node. Empty: whichever it is.
  Policy policy;
};

struct Snapshot {
  std::optional<Node> node;
  std::vector<Pod> pods;  ///< Those on the node, read after the node was.
  std::vector<Budget> budgets;
};

/// What came of an eviction.
enum class Answer : std::uint8_t {
  Started,  ///< Wait until the pod is gone or another UID has its name.
  Gone,
  Blocked,               ///< A budget has no disruption to give.
  BudgetNotCurrent,      ///< The budget's status is stale: no block, ask again soon.
  SeveralBudgets,        ///< Never succeeds while more than one budget matches.
  NamespaceTerminating,  ///< The pod goes with its namespace.
  Throttled,             ///< The API server wants less of everything, not of this.
  Failed,                ///< Anything else; `message` says what.
};

struct Attempt {
  Answer answer = Answer::Started;
  std::string message;
  Time retry_time;  ///< Not asked again before.
};

struct Progress {
  std::map<std::string, Attempt> attempts;  ///< By the pod's UID.
  std::optional<Time> quiet_until;          ///< Nothing is asked before: we were throttled.

  void learn(const std::string& pod_uid, Answer answer, std::string message,
             std::optional<milliseconds> retry_after, Time now);
  /// Forgets pods that are not there any more.
  void forget_all_but(const std::vector<Pod>& pods);
};

enum class State : std::uint8_t {
  Cordon,    ///< Write the record and the cordon, nothing else.
  Evicting,  ///< Pods are still there.
  Drained,
  Refused,        ///< Not begun, and nothing was touched: `blockers` can't be waited out.
  HeldByAnother,  ///< Another owner's record is on the node.
  CordonLost,     ///< Somebody made it schedulable again after we put that right once: theirs.
  Expired,        ///< The deadline passed with pods still there.
  NodeGone,       ///< Gone, or another node has its name.
};
std::string_view to_string(State state);

struct Eviction {
  std::string ns;
  std::string name;
  std::string uid;
  std::optional<int> grace_seconds;  ///< None: the pod's own.
  bool operator==(const Eviction&) const = default;
};

/// What keeps a pod on the node.
struct Blocker {
  Reason reason = Reason::None;
  std::string pod;       ///< "shop/web-1"
  std::string message;   ///< "PDB shop/web needs 3 and has 3"
  bool forever = false;  ///< Waiting alone won't help.
};
/// At most three pods for each of at most five reasons, and how many more.
std::string words_of(const std::vector<Blocker>& blockers);

struct Step {
  State state = State::Evicting;
  std::optional<CordonRecord> cordon;  ///< With State::Cordon.
  std::vector<Eviction> evictions;
  std::vector<Blocker> blockers;
  int leaving = 0;      ///< Pods whose deletion has begun.
  std::string message;  ///< One sentence for people.
  Time next_time;       ///< When to look again, at the latest.
};

Step next_step(const Order& order, const Snapshot& snapshot, const Progress& progress, Time now);

}  // namespace patchwave::drain
