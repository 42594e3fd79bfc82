#include "operator/kube/node_store.hpp"

#include "operator/kube/decode.hpp"

namespace patchwave::kube {

Result<std::pair<NamespacedName, NodeView>> NodeStore::decode(std::string_view object) {
  auto node = decode_node(object);
  if (!node) return fail(std::move(node.error()));
  NamespacedName name{"", node->name};
  return std::pair(std::move(name), std::move(*node));
}

std::vector<NodeView> NodeStore::list() const {
  std::vector<NodeView> found;
  for_each_row("", [&found](std::string_view, const NodeView& node) { found.push_back(node); });
  return found;
}

std::vector<NodeView> NodeStore::select(const std::function<bool(const Labels&)>& matches) const {
  std::vector<NodeView> found;
  for_each_row("", [&](std::string_view, const NodeView& node) {
    if (matches(node.labels)) found.push_back(node);
  });
  return found;
}

}  // namespace patchwave::kube
