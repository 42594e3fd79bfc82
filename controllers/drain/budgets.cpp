#include "controllers/drain/budgets.hpp"

#include <fmt/format.h>

namespace patchwave::drain {
namespace {

bool skips_budgets(const Pod& pod) {
  return pod.phase == "Pending" || pod.finished() || pod.terminating();
}

bool unhealthy_may_go(const Budget& budget) {
  if (budget.always_allow_unhealthy) return true;
  return budget.desired_healthy > 0 && budget.current_healthy >= budget.desired_healthy;
}

// The disruption controller counts by the scale of the pods' controllers; where it finds none, it expects no
// pod and allows no disruption.
bool counts_nothing(const Budget& budget) {
  return !budget.sync_error.empty() || budget.expected_pods <= 0;
}

}  // namespace

bool never_allows(Admission admission) {
  return admission == Admission::NeedsAll || admission == Admission::NotCounted ||
         admission == Admission::SeveralBudgets;
}

std::string words_of(const Budget& budget) {
  if (counts_nothing(budget)) {
    return fmt::format("PDB {} allows nothing: {}", budget.text(),
                       budget.sync_error.empty() ? "it counts pods by their controllers, and these have none"
                                                 : budget.sync_error);
  }
  return fmt::format("PDB {} needs {} and has {}", budget.text(), budget.desired_healthy,
                     budget.current_healthy);
}

Budgets::Budgets(std::vector<Budget> budgets) {
  for (auto& budget : budgets) by_namespace_[budget.ns].push_back(std::move(budget));
  for (const auto& [ns, all] : by_namespace_) {
    for (const auto& budget : all) disruptions_left_[&budget] = budget.disruptions_allowed;
  }
}

std::vector<const Budget*> Budgets::over(const Pod& pod) const {
  std::vector<const Budget*> over;
  const auto here = by_namespace_.find(pod.ns);
  if (here == by_namespace_.end()) return over;
  for (const auto& budget : here->second) {
    if (budget.selector && budget.selector->matches(pod.labels)) over.push_back(&budget);
  }
  return over;
}

Ruling Budgets::rule(const Pod& pod) const {
  if (skips_budgets(pod)) return {};
  const auto over = this->over(pod);
  if (over.empty()) return {};
  const Budget& budget = *over.front();
  if (over.size() > 1) {
    std::string names;
    for (const auto* each : over) names += (names.empty() ? "" : ", ") + each->text();
    return {Admission::SeveralBudgets, &budget, std::move(names)};
  }
  if (!pod.ready && unhealthy_may_go(budget)) return {Admission::Free, &budget, {}};
  if (!budget.current) return {Admission::NotCurrent, &budget, {}};
  if (disruptions_left_.at(&budget) > 0) return {Admission::TakesOne, &budget, {}};
  if (counts_nothing(budget)) return {Admission::NotCounted, &budget, {}};
  const bool needs_all = budget.desired_healthy >= budget.expected_pods;
  return {needs_all ? Admission::NeedsAll : Admission::Exhausted, &budget, {}};
}

}  // namespace patchwave::drain
