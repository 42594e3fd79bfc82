#include "controllers/node/facts.hpp"

#include <functional>

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

template <class Fact>
Result<std::vector<Fact>> read_all(const kube::Client& client, const kube::Resource& resource,
                                   const std::string& field_selector, Fact (*read)(const Json&)) {
  for (int restarts = 0;; ++restarts) {
    std::vector<Fact> facts;
    const auto walked =
        walk(client, resource, field_selector, [&](const Json& item) { facts.push_back(read(item)); });
    if (walked) return facts;
    if (walked.error().kind != ErrorKind::Gone || restarts == kMostRestarts) return fail(walked.error());
  }
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

}  // namespace patchwave::node
