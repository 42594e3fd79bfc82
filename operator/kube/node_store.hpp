// All nodes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/node.hpp"
#include "operator/kube/table.hpp"

namespace patchwave::kube {

class NodeStore final : public Table<NodeView, NodeView> {
 public:
  using Labels = std::map<std::string, std::string>;

  [[nodiscard]] std::optional<NodeView> get(std::string_view name) const { return find_view("", name); }
  /// In order of name.
  [[nodiscard]] std::vector<NodeView> list() const;
  [[nodiscard]] std::vector<NodeView> select(const std::function<bool(const Labels&)>& matches) const;

 private:
  Result<std::pair<NamespacedName, NodeView>> decode(std::string_view object) override;
  NodeView pack(NodeView view) override { return view; }
  NodeView unpack(std::string_view, const NodeView& row) const override { return row; }
  bool same(const NodeView& before, const NodeView& after) const override { return before == after; }
};

}  // namespace patchwave::kube
