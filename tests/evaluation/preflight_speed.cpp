// How long the preflight of a whole cluster takes: every node to be drained, every pod under a budget but for
// one in ten. Prints one line of JSON: evaluate_preflight_speed [NODES [PODS]].
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>

#include "controllers/drain/preflight.hpp"

namespace patchwave::drain {
namespace {

constexpr int kNamespaces = 200;
constexpr int kAppsOfANamespace = 10;

ClusterFacts cluster_of(int nodes, int pods) {
  ClusterFacts cluster;
  for (int i = 0; i < nodes; ++i) {
    Node node;
    node.name = fmt::format("node-{:05}", i);
    node.uid = node.name;
    node.ready = true;
    node.labels = {{"pool", i % 3 == 0 ? "large" : "small"}, {"zone", fmt::format("z{}", i % 3)}};
    node.allocatable = {16'000, 64LL << 30, 110};
    cluster.nodes.push_back(std::move(node));
  }
  for (int i = 0; i < pods; ++i) {
    Pod pod;
    pod.ns = fmt::format("shop-{}", i % kNamespaces);
    pod.name = fmt::format("app-{}-{}", i / kNamespaces % kAppsOfANamespace, i);
    pod.uid = fmt::format("uid-{}", i);
    pod.node = cluster.nodes[static_cast<std::size_t>(i % nodes)].name;
    pod.owner_kind = "ReplicaSet";
    pod.phase = "Running";
    pod.ready = true;
    pod.labels = {{"app", fmt::format("app-{}", i / kNamespaces % kAppsOfANamespace)}, {"tier", "web"}};
    pod.requests = {250 + i % 7 * 50, (256LL + i % 5 * 64) << 20, 1};
    if (i % 4 == 0) pod.node_selector = {{"pool", i % 3 == 0 ? "large" : "small"}};
    cluster.pods.push_back(std::move(pod));
  }
  const int each = pods / (kNamespaces * kAppsOfANamespace);
  for (int i = 0; i < kNamespaces * kAppsOfANamespace; ++i) {
    if (i % 10 == 9) continue;
    Budget budget;
    budget.ns = fmt::format("shop-{}", i % kNamespaces);
    budget.name = fmt::format("app-{}", i / kNamespaces);
    budget.selector = api::LabelSelector{{{"app", budget.name}}, {}};
    budget.expected_pods = budget.current_healthy = each;
    budget.desired_healthy = i % 50 == 0 ? each : each - 1;
    budget.disruptions_allowed = budget.current_healthy - budget.desired_healthy;
    cluster.budgets.push_back(std::move(budget));
  }
  return cluster;
}

void measure(int nodes, int pods) {
  constexpr int kRuns = 3;
  const ClusterFacts cluster = cluster_of(nodes, pods);
  Plan plan{{}, nodes / 100 + 1, {}};
  for (const auto& node : cluster.nodes) plan.nodes.push_back(node.name);
  const std::clock_t begin = std::clock();
  std::size_t findings = 0;
  std::size_t questions = 0;
  for (int run = 0; run < kRuns; ++run) {
    questions = worth_asking(cluster, plan, 10'000).size();
    findings = preflight(cluster, plan, {}).findings.size();
  }
  const double taken = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC / kRuns;
  fmt::print(R"({{"nodes": {}, "pods": {}, "findings": {}, "questions": {}, "seconds": {:.3f}}})"
             "\n",
             nodes, pods, findings, questions, taken);
}

}  // namespace
}  // namespace patchwave::drain

int main(int argc, char** argv) {
  patchwave::drain::measure(argc > 1 ? std::atoi(argv[1]) : 5'000, argc > 2 ? std::atoi(argv[2]) : 150'000);
}
