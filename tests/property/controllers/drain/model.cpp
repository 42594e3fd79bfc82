#include "tests/property/controllers/drain/model.hpp"

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::drain::model {

Cluster::Cluster(std::vector<Pod> pods, std::vector<Budget> budgets, bool cordoned_by_person)
    : budgets_(std::move(budgets)), wanted_(cordoned_by_person), now_(*parse_time("2026-11-21T02:00:00Z")) {
  node_.name = "n7";
  node_.uid = "n7-uid";
  node_.ready = true;
  node_.cordon.unschedulable = cordoned_by_person;
  node_.cordon.set_by_us = !cordoned_by_person;
  for (auto& pod : pods) pods_.emplace(pod.uid, std::move(pod));
  for (std::size_t i = 0; i < budgets_.size(); ++i) recount(i);
}

Cluster::Read Cluster::read() const {
  Read read{{node_, {}, budgets_}, version_};
  for (const auto& [uid, pod] : pods_) {
    if (pod.node == node_.name) read.snapshot.pods.push_back(pod);
  }
  return read;
}

bool Cluster::write_cordon(const CordonRecord& record, int version) {
  if (version != version_) return false;
  ++version_;
  Cordon& cordon = node_.cordon;
  // A value that stays as it was keeps its manager.
  if (!cordon.unschedulable) {
    cordon.set_by_us = true;
    cordon.set_by.clear();
  }
  cordon.unschedulable = true;
  cordon.annotated = true;
  cordon.record = record;
  return true;
}

bool Cluster::write_release(Release release, int version) {
  if (version != version_) return false;
  ++version_;
  node_.cordon.annotated = false;
  node_.cordon.record.reset();
  if (release == Release::Uncordon) node_.cordon.unschedulable = false;
  return true;
}

Answer Cluster::evict(const Eviction& eviction) {
  const auto found = pods_.find(eviction.uid);
  if (found == pods_.end()) return Answer::Gone;
  Pod& pod = found->second;
  const bool asks = pod.phase != "Pending" && !pod.terminating();
  std::vector<Budget*> over;
  for (auto& budget : budgets_) {
    if (asks && budget.selector->matches(pod.labels)) over.push_back(&budget);
  }
  if (over.size() > 1) return Answer::SeveralBudgets;
  const auto met = [](const Budget& budget) {
    return budget.desired_healthy > 0 && budget.current_healthy >= budget.desired_healthy;
  };
  if (over.size() == 1 && (pod.ready || !met(*over[0]))) {
    if (!over[0]->current) return Answer::BudgetNotCurrent;
    if (over[0]->disruptions_allowed < 1) return Answer::Blocked;
    --over[0]->disruptions_allowed;
  }
  const Time ends = now_ + seconds(eviction.grace_seconds.value_or(static_cast<int>(pod.grace.count())));
  pod.deletion_time = std::min(pod.deletion_time.value_or(ends), ends);
  return Answer::Started;
}

void Cluster::person_cordons() {
  if (node_.cordon.unschedulable) return;  // kubectl: "already cordoned"; nothing is sent.
  ++version_;
  node_.cordon.unschedulable = true;
  node_.cordon.set_by_us = false;
  node_.cordon.set_by = "kubectl-cordon";
  wanted_ = true;
}

void Cluster::person_uncordons() {
  if (!node_.cordon.unschedulable) return;
  ++version_;
  node_.cordon.unschedulable = false;
  node_.cordon.set_by_us = true;
  node_.cordon.set_by.clear();
  wanted_ = false;
}

void Cluster::recount(std::size_t choice) {
  if (budgets_.empty()) return;
  Budget& budget = budgets_[choice % budgets_.size()];
  budget.current_healthy = healthy(budget);
  budget.disruptions_allowed = std::max<std::int64_t>(0, budget.current_healthy - budget.desired_healthy);
  budget.current = true;
}

void Cluster::edit_budget(std::size_t choice) {
  if (!budgets_.empty()) budgets_[choice % budgets_.size()].current = false;
}

void Cluster::end_pod(std::size_t choice) {
  std::vector<std::string> leaving;
  for (const auto& [uid, pod] : pods_) {
    if (pod.terminating()) leaving.push_back(uid);
  }
  if (leaving.empty()) return;
  auto ended = pods_.extract(leaving[choice % leaving.size()]);
  Pod next = std::move(ended.mapped());
  next.uid = "made-" + std::to_string(++serial_);
  next.node = "n8";
  next.phase = "Pending";
  next.ready = false;
  next.deletion_time.reset();
  pods_.emplace(next.uid, std::move(next));
}

void Cluster::get_ready() {
  for (auto& [uid, pod] : pods_) {
    if (pod.terminating()) continue;
    pod.phase = "Running";
    pod.ready = true;
  }
}

std::size_t Cluster::pods_on_node() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(pods_, [&](const auto& each) { return each.second.node == node_.name; }));
}

std::int64_t Cluster::healthy(const Budget& budget) const {
  return std::ranges::count_if(pods_, [&](const auto& each) {
    return each.second.ready && !each.second.terminating() && budget.selector->matches(each.second.labels);
  });
}

std::int64_t Cluster::pods_under(const Budget& budget) const {
  return std::ranges::count_if(
      pods_, [&](const auto& each) { return budget.selector->matches(each.second.labels); });
}

}  // namespace patchwave::drain::model
