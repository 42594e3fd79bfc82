#include "controllers/drain/drain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "operator/base/time.hpp"

namespace patchwave::drain {
namespace {

constexpr milliseconds kLook{2'000};
/// A second time is somebody's will, not an accident.
constexpr int kMostRepeats = 1;

Step ended(State state, std::string message, Time now) {
  Step step;
  step.state = state;
  step.message = std::move(message);
  step.next_time = now + kLook;
  return step;
}

class Stepper {
 public:
  Stepper(const Order& order, const Snapshot& snapshot, const Progress& progress, Time now)
      : order_(order), snapshot_(snapshot), progress_(progress), now_(now), budgets_(snapshot.budgets) {}

  Step begin() {
    const Cordon& cordon = snapshot_.node->cordon;
    for (const auto& pod : snapshot_.pods) consider_before_start(pod);
    if (!step_.blockers.empty()) {
      return finish(State::Refused, "not drained: " + words_of(step_.blockers));
    }
    step_.cordon = CordonRecord{order_.owner, order_.reason, now_, cordon.unschedulable, 0};
    return finish(State::Cordon, "to be cordoned");
  }

  Step go_on(const CordonRecord& record) {
    deadline_ = record.since + order_.policy.deadline;
    choose_tier();
    for (const auto* pod : in_order()) consider(*pod);
    // After those that we expect to go, so that they don't take their places in this step.
    for (const auto* pod : doubtful_) ask_anyway(*pod);
    if (staying_ == 0) return finish(State::Drained, "drained");
    if (now_ >= deadline_) {
      step_.evictions.clear();
      return finish(State::Expired, fmt::format("not drained within {}: {}",
                                                format_duration(order_.policy.deadline), kept()));
    }
    return finish(State::Evicting, kept());
  }

 private:
  Step finish(State state, std::string message) {
    step_.state = state;
    step_.message = std::move(message);
    step_.next_time = now_ + kLook;
    return std::move(step_);
  }

  [[nodiscard]] std::string kept() const {
    std::string text =
        fmt::format("{} pod{} to go, {} of them leaving", staying_, staying_ == 1 ? "" : "s", step_.leaving);
    return step_.blockers.empty() ? text : text + "; " + words_of(step_.blockers);
  }

  void block(const Pod& pod, Reason reason, std::string message, bool forever = false) {
    step_.blockers.push_back({reason, pod.text(), std::move(message), forever});
  }

  void refuse(const Pod& pod, Reason reason) {
    switch (reason) {
      case Reason::ProtectedPod:
        return block(pod, reason, "it asks not to be disturbed: " + pod.protected_by, true);
      case Reason::BarePod:
        return block(pod, reason, "no controller would make it again", true);
      case Reason::LocalStorage:
        return block(pod, reason, fmt::format("emptyDir '{}' would be lost", pod.local_volume), true);
      default:
        return block(pod, reason, "the policy keeps it", true);
    }
  }

  void block_by(const Pod& pod, const Ruling& ruling) {
    switch (ruling.admission) {
      case Admission::NeedsAll:
        return block(pod, Reason::BudgetNeedsAll, words_of(*ruling.budget), true);
      case Admission::NotCounted:
        return block(pod, Reason::BudgetNotCounted, words_of(*ruling.budget), true);
      case Admission::SeveralBudgets:
        return block(pod, Reason::SeveralBudgets, "more than one PDB: " + ruling.others, true);
      case Admission::NotCurrent:
        return block(pod, Reason::BudgetNotCurrent,
                     fmt::format("the status of PDB {} is older than its spec", ruling.budget->text()));
      case Admission::Exhausted:
        return block(pod, Reason::BudgetExhausted, words_of(*ruling.budget));
      case Admission::Free:
      case Admission::TakesOne:
        break;
    }
  }

  void consider_before_start(const Pod& pod) {
    const auto sorted = sort_pod(pod, order_.policy);
    if (sorted.disposition == Disposition::Refuse) return refuse(pod, sorted.reason);
    if (sorted.disposition != Disposition::Evict) return;
    const auto ruling = budgets_.rule(pod);
    if (never_allows(ruling.admission)) block_by(pod, ruling);
  }

  void choose_tier() {
    for (const auto& pod : snapshot_.pods) {
      if (sort_pod(pod, order_.policy).disposition == Disposition::Ignore) continue;
      tier_ = std::min(tier_, tier_of(pod, order_.policy));
    }
  }

  [[nodiscard]] std::vector<const Pod*> in_order() const {
    std::vector<const Pod*> pods;
    for (const auto& pod : snapshot_.pods) pods.push_back(&pod);
    std::ranges::sort(pods, {}, [](const Pod* pod) { return std::tie(pod->priority, pod->ns, pod->name); });
    return pods;
  }

  void consider(const Pod& pod) {
    const auto sorted = sort_pod(pod, order_.policy);
    if (sorted.disposition == Disposition::Ignore) return;
    ++staying_;
    switch (sorted.disposition) {
      case Disposition::AwaitGone:
        return await_gone(pod);
      case Disposition::AwaitComplete:
        return block(pod, sorted.reason, "it is to end by itself: cluster.x-k8s.io/drain=wait-completed");
      case Disposition::Refuse:
        return refuse(pod, sorted.reason);
      default:
        break;
    }
    if (tier_of(pod, order_.policy) > tier_) return;
    evict_if_allowed(pod);
  }

  void await_gone(const Pod& pod) {
    ++step_.leaving;
    if (*pod.deletion_time > deadline_) return shorten(pod);
    if (now_ > *pod.deletion_time + kOverdue) {
      block(pod, Reason::Terminating,
            fmt::format("its grace period ended {} and it is still there", format_time(*pod.deletion_time)));
    }
  }

  // The API server takes a second deletion with less time for what it is: budgets are not asked again.
  void shorten(const Pod& pod) {
    if (may_ask(pod)) step_.evictions.push_back({pod.ns, pod.name, pod.uid, seconds_left()});
  }

  void evict_if_allowed(const Pod& pod) {
    const auto ruling = budgets_.rule(pod);
    if (ruling.admission != Admission::Free && ruling.admission != Admission::TakesOne) {
      block_by(pod, ruling);
      doubtful_.push_back(&pod);
      return;
    }
    const auto before = progress_.attempts.find(pod.uid);
    if (before != progress_.attempts.end()) block_by_answer(pod, before->second);
    if (!may_ask(pod)) return;
    if (ruling.admission == Admission::TakesOne) {
      budgets_.take(*ruling.budget);
      asked_.insert(ruling.budget);
    }
    step_.evictions.push_back({pod.ns, pod.name, pod.uid, grace_of(pod)});
  }

  // The API server has the last word, also where we expect a no: one pod of a budget in a step, and none
  // right after we took what the budget had.
  void ask_anyway(const Pod& pod) {
    const Budget* budget = budgets_.rule(pod).budget;
    if (!may_ask(pod) || !asked_.insert(budget).second) return;
    step_.evictions.push_back({pod.ns, pod.name, pod.uid, grace_of(pod)});
  }

  void block_by_answer(const Pod& pod, const Attempt& attempt) {
    switch (attempt.answer) {
      case Answer::Started:
      case Answer::Gone:
        return;
      case Answer::Blocked:
        return block(pod, Reason::BudgetExhausted, attempt.message);
      case Answer::BudgetNotCurrent:
        return block(pod, Reason::BudgetNotCurrent, attempt.message);
      case Answer::SeveralBudgets:
        return block(pod, Reason::SeveralBudgets, attempt.message, true);
      case Answer::NamespaceTerminating:
        return block(pod, Reason::NamespaceTerminating, attempt.message);
      case Answer::Throttled:
        return block(pod, Reason::Throttled, attempt.message);
      case Answer::Failed:
        return block(pod, Reason::EvictionFailed, attempt.message);
    }
  }

  [[nodiscard]] bool may_ask(const Pod& pod) const {
    if (static_cast<int>(step_.evictions.size()) >= order_.policy.evictions_at_once) return false;
    if (progress_.quiet_until && now_ < *progress_.quiet_until) return false;
    const auto before = progress_.attempts.find(pod.uid);
    return before == progress_.attempts.end() || now_ >= before->second.retry_time;
  }

  [[nodiscard]] int seconds_left() const {
    const auto left = std::chrono::floor<seconds>(deadline_ - now_).count();
    return static_cast<int>(std::max<std::int64_t>(left, 1));
  }

  [[nodiscard]] std::optional<int> grace_of(const Pod& pod) const {
    const seconds wanted = std::max(order_.policy.grace.value_or(pod.grace), seconds(1));
    const seconds left(seconds_left());
    if (wanted > left) return static_cast<int>(left.count());
    if (!order_.policy.grace && pod.grace == wanted) return std::nullopt;
    return static_cast<int>(wanted.count());
  }

  /// What a kubelet may take beyond the grace period to tell that a pod has ended.
  static constexpr seconds kOverdue{30};

  const Order& order_;
  const Snapshot& snapshot_;
  const Progress& progress_;
  Time now_;
  Budgets budgets_;
  std::set<const Budget*> asked_;
  std::vector<const Pod*> doubtful_;
  Time deadline_;
  std::size_t tier_ = std::numeric_limits<std::size_t>::max();
  int staying_ = 0;
  Step step_;
};

Step recordon(const CordonRecord& record, const Node& node, Time now) {
  const std::string who = node.cordon.set_by.empty() ? "somebody" : "'" + node.cordon.set_by + "'";
  if (record.repeats >= kMostRepeats) {
    return ended(State::CordonLost, fmt::format("{} made the node schedulable again, twice", who), now);
  }
  Step step =
      ended(State::Cordon, fmt::format("{} made the node schedulable: to be cordoned again", who), now);
  step.cordon = record;
  // Whoever cordoned it before us has no claim on it any more: it was made schedulable since.
  step.cordon->was_unschedulable = false;
  ++step.cordon->repeats;
  return step;
}

}  // namespace

Step next_step(const Order& order, const Snapshot& snapshot, const Progress& progress, Time now) {
  if (!snapshot.node || (!order.node_uid.empty() && snapshot.node->uid != order.node_uid)) {
    return ended(State::NodeGone, "the node is gone, or another one has its name", now);
  }
  const Cordon& cordon = snapshot.node->cordon;
  if (cordon.annotated && !cordon.owned_by(order.owner)) {
    return ended(State::HeldByAnother,
                 cordon.record
                     ? fmt::format("the node is held by {}: {}", cordon.record->owner, cordon.record->reason)
                     : fmt::format("the node has an annotation {} that can't be read", kCordonAnnotation),
                 now);
  }
  Stepper stepper(order, snapshot, progress, now);
  if (!cordon.record) return stepper.begin();
  if (!cordon.unschedulable) {
    const bool overdue = now >= cordon.record->since + order.policy.deadline;
    return overdue ? ended(State::Expired, "the deadline passed and the node is schedulable", now)
                   : recordon(*cordon.record, *snapshot.node, now);
  }
  return stepper.go_on(*cordon.record);
}

}  // namespace patchwave::drain
