#include "controllers/node/facts.hpp"

#include <functional>
#include <unordered_map>

#include "operator/kube/encoding.hpp"

namespace patchwave::node {
namespace {

constexpr const char* kPageSize = "500";
/// The list expired between two pages; a cluster that is that busy is read from the beginning.
constexpr int kMostRestarts = 2;

using EachItem = std::function<void(const Json& item)>;

Result<void> walk(const kube::Client& client, const kube::Resource& resource,
                  const std::string& field_selector, const EachItem& each) {
  std::string token;
  do {
    const auto page = client.raw(
        "GET",
        kube::path_of(resource, "", "") +
            kube::query_of({{"limit", kPageSize}, {"fieldSelector", field_selector}, {"continue", token}}));
    if (!page) return fail(page.error().within("listing " + resource.plural));
    for (const auto& item : array_at(*page, {"items"})) each(item);
    token = string_at(*page, {"metadata", "continue"});
  } while (!token.empty());
  return {};
}

/// `each` adds to what `begin` has emptied.
Result<void> walk_whole(const kube::Client& client, const kube::Resource& resource,
                        const std::string& field_selector, const std::function<void()>& begin,
                        const EachItem& each) {
  for (int restarts = 0;; ++restarts) {
    begin();
    auto walked = walk(client, resource, field_selector, each);
    if (walked) return {};
    if (walked.error().kind != ErrorKind::Gone || restarts == kMostRestarts) return walked;
  }
}

template <class Fact>
Result<std::vector<Fact>> read_all(const kube::Client& client, const kube::Resource& resource,
                                   const std::string& field_selector, Fact (*read)(const Json&)) {
  std::vector<Fact> facts;
  auto walked = walk_whole(
      client, resource, field_selector, [&] { facts.clear(); },
      [&](const Json& item) { facts.push_back(read(item)); });
  if (!walked) return fail(std::move(walked.error()));
  return facts;
}

Result<std::vector<drain::Budget>> read_budgets(const kube::Client& client) {
  return read_all(client, kube::resources::kPodDisruptionBudgets, "", drain::read_budget);
}

}  // namespace

Result<Live> read_live(const kube::Client& client, const std::string& node) {
  Live live;
  auto read = client.get(kube::resources::kNodes, "", node);
  if (!read && read.error().kind == ErrorKind::NotFound) return live;
  if (!read) return fail(read.error());
  auto pods = read_all(client, kube::resources::kPods, "spec.nodeName=" + node, drain::read_pod);
  if (!pods) return fail(pods.error());
  auto budgets = read_budgets(client);
  if (!budgets) return fail(budgets.error());
  live.snapshot = {drain::read_node(*read), std::move(*pods), std::move(*budgets)};
  live.node = std::move(*read);
  return live;
}

Result<drain::ClusterFacts> read_cluster(const kube::Client& client) {
  auto nodes = read_all(client, kube::resources::kNodes, "", drain::read_node);
  if (!nodes) return fail(nodes.error());
  auto pods = read_all(client, kube::resources::kPods, "", drain::read_pod);
  if (!pods) return fail(pods.error());
  auto budgets = read_budgets(client);
  if (!budgets) return fail(budgets.error());
  return drain::ClusterFacts{std::move(*nodes), std::move(*pods), std::move(*budgets)};
}

Result<drain::ClusterFacts> read_cluster_around(const kube::Client& client,
                                                const std::set<std::string>& nodes) {
  drain::ClusterFacts facts;
  auto all = read_all(client, kube::resources::kNodes, "", drain::read_node);
  if (!all) return fail(std::move(all.error()));
  facts.nodes = std::move(*all);
  std::unordered_map<std::string, drain::Resources> taken;
  const auto begin = [&] {
    facts.pods.clear();
    taken.clear();
  };
  auto walked = walk_whole(client, kube::resources::kPods, "", begin, [&](const Json& item) {
    auto pod = drain::read_pod(item);
    if (nodes.contains(pod.node)) {
      facts.pods.push_back(std::move(pod));
    } else if (!pod.finished()) {
      taken[pod.node] += pod.requests;
    }
  });
  if (!walked) return fail(std::move(walked.error()));
  for (auto& node : facts.nodes) {
    if (const auto found = taken.find(node.name); found != taken.end()) node.taken = found->second;
  }
  auto budgets = read_budgets(client);
  if (!budgets) return fail(std::move(budgets.error()));
  facts.budgets = std::move(*budgets);
  return facts;
}

}  // namespace patchwave::node
