// From any interleaving of the drain, crashes, a person, controllers and kubelets: no budget is broken,
// nobody's cordon is undone, and none of ours is left.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "controllers/drain/preflight.hpp"
#include "tests/property/controllers/drain/model.hpp"

namespace patchwave::drain::model {
namespace {

constexpr int kFairRounds = 400;

Order order_of() {
  return {"shop/workers-canary/u-1", "patch", "n7-uid", {}};
}

class Drainer {
 public:
  /// Reads, lets `meanwhile` happen, and carries out at most `acts` of what it decided before it crashes.
  template <class Meanwhile>
  void turn(Cluster& cluster, Meanwhile meanwhile, std::size_t acts = 99) {
    const auto read = cluster.read();
    if (acts < 99) progress_ = {};
    meanwhile();
    if (ended_) {
      const auto release = release_of(read.snapshot.node->cordon, order_.owner);
      if (release != Release::Nothing && acts > 0) cluster.write_release(release, read.version);
      return;
    }
    const auto step = next_step(order_, read.snapshot, progress_, cluster.now());
    check(step, read.snapshot);
    if (step.cordon && acts > 0) cluster.write_cordon(*step.cordon, read.version);
    for (const auto& eviction : step.evictions) {
      if (acts-- == 0) return;
      RC_ASSERT(eviction.grace_seconds.value_or(1) >= 1);
      const auto healthy = healthy_by_budget(cluster);
      const auto answer = cluster.evict(eviction);
      check_budgets(cluster, healthy);
      progress_.learn(eviction.uid, answer, "the server's words", std::nullopt, cluster.now());
    }
    state_ = step.state;
    ended_ = step.state != State::Cordon && step.state != State::Evicting;
    // A drained node is worked on while it is cordoned; the model has no such work.
    if (step.state == State::Drained) RC_ASSERT(cordoned_when_drained(read.snapshot));
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] State state() const { return state_; }

 private:
  static bool cordoned_when_drained(const Snapshot& snapshot) {
    return snapshot.node->cordon.unschedulable && snapshot.pods.empty();
  }

  static void check(const Step& step, const Snapshot& snapshot) {
    if (step.cordon) RC_ASSERT(step.evictions.empty());
    if (!step.evictions.empty()) RC_ASSERT(snapshot.node->cordon.unschedulable);
    // What is asked of a budget is what it has, and one pod more to hear the server's own no.
    std::map<std::string, std::int64_t> asked;
    const Budgets budgets(snapshot.budgets);
    for (const auto& eviction : step.evictions) {
      const auto pod = std::ranges::find(snapshot.pods, eviction.uid, &Pod::uid);
      const auto ruling = budgets.rule(*pod);
      if (ruling.budget != nullptr && ruling.admission != Admission::Free) ++asked[ruling.budget->name];
    }
    for (const auto& budget : snapshot.budgets) {
      RC_ASSERT(asked[budget.name] <= std::max<std::int64_t>(budget.disruptions_allowed, 1));
    }
  }

  static std::map<std::string, std::int64_t> healthy_by_budget(const Cluster& cluster) {
    std::map<std::string, std::int64_t> healthy;
    for (const auto& budget : cluster.budgets()) healthy[budget.name] = cluster.healthy(budget);
    return healthy;
  }

  static void check_budgets(const Cluster& cluster, const std::map<std::string, std::int64_t>& before) {
    for (const auto& budget : cluster.budgets()) {
      const auto now = cluster.healthy(budget);
      if (now < before.at(budget.name)) RC_ASSERT(now >= budget.desired_healthy);
    }
  }

  const Order order_ = order_of();
  Progress progress_;
  bool ended_ = false;
  State state_ = State::Cordon;
};

struct Happening {
  int what = 0;
  std::size_t choice = 0;
};

void happen(const Happening& happening, Cluster& cluster) {
  switch (happening.what) {
    case 0:
      return cluster.person_cordons();
    case 1:
      return cluster.person_uncordons();
    case 2:
      return cluster.edit_budget(happening.choice);
    case 3:
    case 4:
      return cluster.end_pod(happening.choice);
    case 5:
      return cluster.get_ready();
    case 6:
      return cluster.pass(seconds(static_cast<std::int64_t>(happening.choice) * 3));
    default:
      return cluster.recount(happening.choice);
  }
}

Happening any_happening() {
  return {*rc::gen::resize(100, rc::gen::inRange(0, 9)),
          *rc::gen::resize(100, rc::gen::inRange<std::size_t>(0, 6))};
}

Pod any_pod(int number) {
  Pod pod;
  pod.ns = "shop";
  pod.name = "pod-" + std::to_string(number);
  pod.uid = "uid-" + std::to_string(number);
  pod.node = *rc::gen::element<std::string>("n7", "n7", "n8");
  pod.owner_kind = "ReplicaSet";
  pod.phase = "Running";
  pod.ready = *rc::gen::weightedElement<bool>({{5, true}, {1, false}});
  pod.labels = {{"app", *rc::gen::element<std::string>("web", "db", "free")}};
  pod.priority = *rc::gen::element(0, 0, 1000, 2'000'000'000);
  pod.grace = seconds(*rc::gen::element(0, 1, 30, 36'000));
  return pod;
}

Budget any_budget(const std::string& app) {
  Budget budget;
  budget.ns = "shop";
  budget.name = app;
  budget.selector = api::LabelSelector{{{"app", app}}, {}};
  budget.expected_pods = 6;
  budget.desired_healthy = *rc::gen::resize(100, rc::gen::inRange(0, 4));
  return budget;
}

Cluster any_cluster() {
  std::vector<Pod> pods;
  const int count = *rc::gen::resize(100, rc::gen::inRange(0, 14));
  for (int i = 0; i < count; ++i) pods.push_back(any_pod(i));
  return {std::move(pods), {any_budget("web"), any_budget("db")}, *rc::gen::arbitrary<bool>()};
}

void run_fairly(Cluster& cluster, Drainer& drainer) {
  for (std::size_t round = 0; round < kFairRounds; ++round) {
    drainer.turn(cluster, [] {});
    cluster.end_pod(round);
    cluster.get_ready();
    cluster.recount(round);
    cluster.pass(seconds(6));
  }
}

RC_GTEST_PROP(Drain, LeavesNoCordonOfOursAndUndoesNobodyElses, ()) {
  Cluster cluster = any_cluster();
  Drainer drainer;
  const int rounds = *rc::gen::resize(100, rc::gen::inRange(0, 60));
  for (int i = 0; i < rounds; ++i) {
    const auto meanwhile = any_happening();
    const auto acts = *rc::gen::element<std::size_t>(99, 99, 0, 1, 2);
    drainer.turn(cluster, [&] { happen(meanwhile, cluster); }, acts);
    happen(any_happening(), cluster);
  }
  run_fairly(cluster, drainer);
  RC_ASSERT(drainer.ended());
  RC_ASSERT(!cluster.node().cordon.annotated);
  RC_ASSERT(cluster.node().cordon.unschedulable == cluster.person_wants_it_cordoned());
}

RC_GTEST_PROP(Drain, EmptiesEveryNodeWhoseBudgetsCanBeMet, ()) {
  Cluster cluster = any_cluster();
  Drainer drainer;
  bool can_be_met = true;
  for (const auto& budget : cluster.budgets()) {
    const auto pods = cluster.pods_under(budget);
    can_be_met = can_be_met && (pods == 0 || pods > budget.desired_healthy);
  }
  run_fairly(cluster, drainer);
  if (can_be_met) RC_ASSERT(drainer.state() == State::Drained);
  if (drainer.state() == State::Drained) RC_ASSERT(cluster.pods_on_node() == 0U);
}

// The same rules from two sides: what is found before a wave, and what a drain that begins would say.
RC_GTEST_PROP(Drain, RefusesExactlyWhatThePreflightCallsADeadlock, ()) {
  const Cluster cluster = any_cluster();
  auto snapshot = cluster.read().snapshot;
  for (auto& budget : snapshot.budgets) budget.expected_pods = budget.desired_healthy;
  for (auto& pod : snapshot.pods) {
    if (*rc::gen::inRange(0, 8) == 0) pod.owner_kind = "";
    if (*rc::gen::inRange(0, 8) == 0) pod.protected_by = "karpenter.sh/do-not-disrupt=true";
  }
  Node other = *snapshot.node;
  other.name = "n8";
  other.cordon = {};
  other.allocatable = {1'000'000, 1LL << 40, 1000};
  const auto report =
      preflight({{*snapshot.node, other}, snapshot.pods, snapshot.budgets}, {{"n7"}, 1, {}}, {});
  const auto step = next_step(order_of(), snapshot, {}, cluster.now());
  RC_ASSERT(report.blocks() == (step.state == State::Refused));
}

}  // namespace
}  // namespace patchwave::drain::model
