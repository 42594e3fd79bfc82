// Which PodDisruptionBudgets a pod is under, and what the eviction API would say of it: its rules
// (registry/core/pod/storage/eviction.go of the API server), so that we know the answer before we ask.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controllers/drain/facts.hpp"

namespace patchwave::drain {

enum class Admission : std::uint8_t {
  Free,            ///< No budget is asked: there is none, or the pod is no healthy one.
  TakesOne,        ///< Allowed, and takes a disruption from the budget.
  Exhausted,       ///< No disruption left now; more come when pods get healthy.
  NeedsAll,        ///< The budget needs every pod it has: no eviction will ever be allowed as things are.
  NotCounted,      ///< The budget's controller can't count its pods, and so allows nothing.
  NotCurrent,      ///< The budget's status is older than its spec.
  SeveralBudgets,  ///< More than one budget: the eviction API refuses, always.
};

/// Waiting alone won't help: somebody must change a budget or its pods.
bool never_allows(Admission admission);

struct Ruling {
  Admission admission = Admission::Free;
  const Budget* budget =
      nullptr;         ///< The one that decides; the first of several. Null when Free without one.
  std::string others;  ///< With SeveralBudgets: the names of all, for people.
};

/// "PDB shop/web needs 3 and has 3".
std::string words_of(const Budget& budget);

class Budgets {
 public:
  explicit Budgets(std::vector<Budget> budgets);
  Budgets(const Budgets&) = delete;
  Budgets& operator=(const Budgets&) = delete;
  Budgets(Budgets&&) = default;
  Budgets& operator=(Budgets&&) = default;

  /// As the budgets stand, less what was taken.
  [[nodiscard]] Ruling rule(const Pod& pod) const;
  /// Counts a disruption that an eviction of ours took, or is about to take.
  void take(const Budget& budget) { --disruptions_left_[&budget]; }
  [[nodiscard]] std::vector<const Budget*> over(const Pod& pod) const;

 private:
  // Rulings point into the vectors: they stay as they are once built.
  std::map<std::string, std::vector<Budget>, std::less<>> by_namespace_;
  std::map<const Budget*, std::int64_t> disruptions_left_;
};

}  // namespace patchwave::drain
