// As much of an API server as a drain meets: one node with a resourceVersion, pods, budgets whose status
// lags, an eviction subresource, and a person who cordons and uncordons.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controllers/drain/drain.hpp"

namespace patchwave::drain::model {

class Cluster {
 public:
  Cluster(std::vector<Pod> pods, std::vector<Budget> budgets, bool cordoned_by_person);

  struct Read {
    Snapshot snapshot;
    int version = 0;  ///< Of the node.
  };
  [[nodiscard]] Read read() const;

  /// Nothing happens when the node has another version by now.
  bool write_cordon(const CordonRecord& record, int version);
  bool write_release(Release release, int version);
  Answer evict(const Eviction& eviction);

  void person_cordons();
  void person_uncordons();
  /// The disruption controller looks at its `choice`-th budget, or the person edits that budget.
  void recount(std::size_t choice);
  void edit_budget(std::size_t choice);
  /// The `choice`-th pod that is leaving is gone, and its controller makes another, elsewhere.
  void end_pod(std::size_t choice);
  void get_ready();
  void pass(milliseconds time) { now_ += time; }

  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] const Node& node() const { return node_; }
  [[nodiscard]] bool person_wants_it_cordoned() const { return wanted_; }
  [[nodiscard]] std::size_t pods_on_node() const;
  [[nodiscard]] std::int64_t healthy(const Budget& budget) const;
  [[nodiscard]] std::int64_t pods_under(const Budget& budget) const;
  [[nodiscard]] const std::vector<Budget>& budgets() const { return budgets_; }

 private:
  Node node_;
  std::map<std::string, Pod> pods_;  // By UID.
  std::vector<Budget> budgets_;
  bool wanted_;
  int version_ = 1;
  int serial_ = 0;
  Time now_;
};

}  // namespace patchwave::drain::model
