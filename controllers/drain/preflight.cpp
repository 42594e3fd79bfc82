#include "controllers/drain/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "controllers/drain/room.hpp"

namespace patchwave::drain {
namespace {

using PodsByNode = std::unordered_map<std::string_view, std::vector<const Pod*>>;

PodsByNode pods_by_node(const ClusterFacts& cluster, const Plan& plan) {
  PodsByNode grouped;
  for (const auto& name : plan.nodes) grouped[name];
  for (const auto& pod : cluster.pods) {
    if (const auto here = grouped.find(pod.node); here != grouped.end()) here->second.push_back(&pod);
  }
  for (auto& [node, pods] : grouped) {
    std::ranges::sort(pods, {}, [](const Pod* pod) { return std::tie(pod->ns, pod->name); });
  }
  return grouped;
}

/// The largest first, and of these `count` are added up: the worst case of that many nodes at once.
template <class Value, class Less>
Value sum_of_largest(std::vector<Value> values, int count, Less less) {
  const auto most = std::min(values.size(), static_cast<std::size_t>(std::max(count, 1)));
  std::ranges::partial_sort(values, values.begin() + static_cast<std::ptrdiff_t>(most),
                            [&](const Value& one, const Value& other) { return less(other, one); });
  Value sum{};
  for (std::size_t i = 0; i < most; ++i) sum += values[i];
  return sum;
}

class Preflight {
 public:
  Preflight(const ClusterFacts& cluster, const Plan& plan, const Answers& answers)
      : plan_(plan),
        answers_(answers),
        budgets_(cluster.budgets),
        room_(cluster.nodes, cluster.pods),
        pods_(pods_by_node(cluster, plan)) {
    for (const auto& node : cluster.nodes) nodes_.emplace(node.name, &node);
  }

  Report run() {
    for (const auto& name : plan_.nodes) examine(name);
    examine_together();
    report_.nodes = static_cast<int>(plan_.nodes.size());
    std::ranges::stable_sort(report_.findings, {}, [](const Finding& finding) {
      return std::tie(finding.weight, finding.node, finding.pod, finding.budget);
    });
    return std::move(report_);
  }

 private:
  struct OnNode {
    std::vector<const Pod*> leaving;
    std::map<const Budget*, std::int64_t> by_budget;  // Pods that take a disruption each.
  };

  void find(Weight weight, Reason reason, const std::string& node, const Pod* pod, const Budget* budget,
            const std::string& what) {
    const std::string place =
        pod == nullptr ? "node " + node : fmt::format("node {}, pod {}", node, pod->text());
    report_.findings.push_back({weight, reason, node, pod == nullptr ? "" : pod->text(),
                                budget == nullptr ? "" : budget->text(), place + ", " + what});
  }

  void examine(const std::string& name) {
    const auto found = nodes_.find(name);
    if (found == nodes_.end())
      return find(Weight::Blocks, Reason::NodeNotReady, name, nullptr, nullptr, "does not exist");
    examine_node(*found->second);
    OnNode here;
    for (const Pod* pod : pods_[name]) examine_pod(*pod, here);
    report_.pods += static_cast<int>(here.leaving.size());
    tell_steps(name, here);
    examine_room(name, here);
    for (const auto& [budget, count] : here.by_budget) counts_[budget].push_back(count);
    Resources requests;
    for (const Pod* pod : here.leaving) requests += pod->requests;
    requests_.push_back(requests);
    examined_.push_back(name);
  }

  void examine_node(const Node& node) {
    const Cordon& cordon = node.cordon;
    if (cordon.record) {
      find(Weight::Blocks, Reason::HeldByAnother, node.name, nullptr, nullptr,
           fmt::format("is held by {}: {}", cordon.record->owner, cordon.record->reason));
    } else if (cordon.unschedulable) {
      find(Weight::Warns, Reason::CordonedByAnother, node.name, nullptr, nullptr,
           fmt::format("was cordoned by {} and will stay so",
                       cordon.set_by.empty() ? "somebody" : "'" + cordon.set_by + "'"));
    }
    if (!node.ready) {
      find(Weight::Waits, Reason::NodeNotReady, node.name, nullptr, nullptr,
           "is not Ready: pods can't be seen to end there");
    }
  }

  void examine_pod(const Pod& pod, OnNode& here) {
    const auto sorted = sort_pod(pod, plan_.policy);
    switch (sorted.disposition) {
      case Disposition::Ignore:
        if (sorted.reason == Reason::ToleratesCordon) {
          find(Weight::Warns, sorted.reason, pod.node, &pod, nullptr,
               "tolerates the cordon: it would come back at once, and is left");
        }
        return;
      case Disposition::Refuse:
        return refuse(pod, sorted.reason);
      case Disposition::AwaitComplete:
        return find(Weight::Waits, sorted.reason, pod.node, &pod, nullptr, "is to end by itself");
      case Disposition::AwaitGone:
        return;
      case Disposition::Evict:
        break;
    }
    here.leaving.push_back(&pod);
    judge(pod, here);
  }

  void refuse(const Pod& pod, Reason reason) {
    const std::string why = reason == Reason::BarePod ? "no controller would make it again"
                            : reason == Reason::LocalStorage
                                ? fmt::format("emptyDir '{}' would be lost", pod.local_volume)
                                : "asks not to be disturbed: " + pod.protected_by;
    find(Weight::Blocks, reason, pod.node, &pod, nullptr, why);
  }

  // Where the API server was asked, its answer stands; else our own reading of its rules.
  void judge(const Pod& pod, OnNode& here) {
    const auto ruling = budgets_.rule(pod);
    if (ruling.admission == Admission::TakesOne) ++here.by_budget[ruling.budget];
    const auto asked = answers_.find(pod.uid);
    if (asked != answers_.end() && judge_answer(pod, ruling, asked->second)) return;
    switch (ruling.admission) {
      case Admission::NeedsAll:
        return find(Weight::Blocks, Reason::BudgetNeedsAll, pod.node, &pod, ruling.budget,
                    words_of(*ruling.budget));
      case Admission::NotCounted:
        return find(Weight::Blocks, Reason::BudgetNotCounted, pod.node, &pod, ruling.budget,
                    words_of(*ruling.budget));
      case Admission::SeveralBudgets:
        return find(Weight::Blocks, Reason::SeveralBudgets, pod.node, &pod, ruling.budget,
                    "is under more than one PDB, which the API server refuses: " + ruling.others);
      case Admission::Exhausted:
        return find(Weight::Waits, Reason::BudgetExhausted, pod.node, &pod, ruling.budget,
                    words_of(*ruling.budget));
      case Admission::NotCurrent:
        return find(Weight::Waits, Reason::BudgetNotCurrent, pod.node, &pod, ruling.budget,
                    fmt::format("the status of PDB {} is older than its spec", ruling.budget->text()));
      case Admission::Free:
      case Admission::TakesOne:
        return;
    }
  }

  /// True when nothing more is to be said of the pod's eviction.
  bool judge_answer(const Pod& pod, const Ruling& ruling, const Asked& asked) {
    const bool expected = ruling.admission == Admission::Free || ruling.admission == Admission::TakesOne;
    switch (asked.answer) {
      case Answer::Started:
      case Answer::Gone:
      case Answer::NamespaceTerminating:
        return true;
      case Answer::Blocked:
        if (expected)
          find(Weight::Waits, Reason::BudgetExhausted, pod.node, &pod, ruling.budget, asked.message);
        return expected;
      case Answer::BudgetNotCurrent:
        find(Weight::Waits, Reason::BudgetNotCurrent, pod.node, &pod, ruling.budget, asked.message);
        return true;
      case Answer::SeveralBudgets:
        if (expected)
          find(Weight::Blocks, Reason::SeveralBudgets, pod.node, &pod, ruling.budget, asked.message);
        return expected;
      case Answer::Throttled:
      case Answer::Failed:
        find(Weight::Warns, Reason::NotAsked, pod.node, &pod, ruling.budget,
             "the API server could not be asked: " + asked.message);
        return false;
    }
    return false;
  }

  void tell_steps(const std::string& node, const OnNode& here) {
    for (const auto& [budget, count] : here.by_budget) {
      if (count <= budget->disruptions_allowed) continue;
      find(Weight::Warns, Reason::InSteps, node, nullptr, budget,
           fmt::format("{} pods are under PDB {}, which allows {} at a time", count, budget->text(),
                       budget->disruptions_allowed));
    }
  }

  // Without room for their replacements, pods go only as long as their budget lasts.
  void examine_room(const std::string& node, const OnNode& here) {
    for (const Pod* pod : room_.homeless(node, here.leaving)) {
      const auto ruling = budgets_.rule(*pod);
      const auto under =
          ruling.admission == Admission::TakesOne ? here.by_budget.find(ruling.budget) : here.by_budget.end();
      const bool blocks = under != here.by_budget.end() && under->second > ruling.budget->disruptions_allowed;
      find(blocks ? Weight::Blocks : Weight::Warns, Reason::NoRoom, node, pod,
           blocks ? ruling.budget : nullptr,
           fmt::format("no other node has room for {}{}", words_of(pod->requests),
                       blocks ? "; " + words_of(*ruling.budget) : ""));
    }
  }

  void examine_together() {
    if (plan_.at_once < 2) return;
    for (const auto& [budget, counts] : counts_) {
      const auto worst = sum_of_largest(counts, plan_.at_once, std::less<>());
      if (worst <= budget->disruptions_allowed) continue;
      report_.findings.push_back(
          {Weight::Warns, Reason::InSteps, "", "", budget->text(),
           fmt::format("{} nodes at once have up to {} pods under PDB {}, which allows {} at a time",
                       plan_.at_once, worst, budget->text(), budget->disruptions_allowed)});
    }
    const auto by_cpu = [](const Resources& one, const Resources& other) {
      return one.cpu_millis < other.cpu_millis;
    };
    const auto by_memory = [](const Resources& one, const Resources& other) {
      return one.memory_bytes < other.memory_bytes;
    };
    const Resources needed{sum_of_largest(requests_, plan_.at_once, by_cpu).cpu_millis,
                           sum_of_largest(requests_, plan_.at_once, by_memory).memory_bytes, 0};
    const Resources free = room_.free_without(fullest());
    if (needed.fits_into(free)) return;
    report_.findings.push_back(
        {Weight::Warns, Reason::NoRoom, "", "", "",
         fmt::format("{} nodes at once have pods of up to {} to move, and the others have {} free",
                     plan_.at_once, words_of(needed), words_of(free))});
  }

  /// As many nodes as go at once, those with the most to move.
  [[nodiscard]] std::vector<std::string_view> fullest() const {
    std::vector<std::pair<std::int64_t, std::string_view>> order;
    for (std::size_t i = 0; i < requests_.size(); ++i)
      order.emplace_back(-requests_[i].cpu_millis, examined_[i]);
    std::ranges::sort(order);
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < order.size() && static_cast<int>(i) < plan_.at_once; ++i) {
      names.push_back(order[i].second);
    }
    return names;
  }

  const Plan& plan_;
  const Answers& answers_;
  Budgets budgets_;
  Room room_;
  PodsByNode pods_;
  std::unordered_map<std::string_view, const Node*> nodes_;
  std::map<const Budget*, std::vector<std::int64_t>> counts_;  // Of each node that has any.
  std::vector<Resources> requests_;                            // What each node has to move.
  std::vector<std::string_view> examined_;                     // Which node that is.
  Report report_;
};

}  // namespace

std::string_view to_string(Weight weight) {
  switch (weight) {
    case Weight::Blocks:
      return "Blocks";
    case Weight::Waits:
      return "Waits";
    case Weight::Warns:
      return "Warns";
  }
  return "Warns";
}

std::vector<const Pod*> worth_asking(const ClusterFacts& cluster, const Plan& plan, std::size_t most) {
  const Budgets budgets(cluster.budgets);
  const std::unordered_set<std::string_view> chosen(plan.nodes.begin(), plan.nodes.end());
  std::set<std::pair<std::string_view, const Budget*>> seen;
  std::vector<const Pod*> pods;
  for (const auto& pod : cluster.pods) {
    if (pods.size() >= most) break;
    if (!chosen.contains(pod.node) || sort_pod(pod, plan.policy).disposition != Disposition::Evict) continue;
    if (seen.emplace(pod.ns, budgets.rule(pod).budget).second) pods.push_back(&pod);
  }
  return pods;
}

Report preflight(const ClusterFacts& cluster, const Plan& plan, const Answers& answers) {
  return Preflight(cluster, plan, answers).run();
}

}  // namespace patchwave::drain
