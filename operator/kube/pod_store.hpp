// All pods, at some 500 bytes each: decoded from watch lines without a document, repeated texts (images,
// label sets, nodes, owners) kept once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/intern_pool.hpp"
#include "operator/kube/pod.hpp"
#include "operator/kube/table.hpp"

namespace patchwave::kube {

struct ContainerRow {
  Interned name;
  Interned image;
  Interned image_id;
  Interned waiting_reason;
  Interned waiting_message;
  Interned terminated_reason;
  std::int32_t restarts = 0;
  bool init = false;
  bool ready = false;
  bool started = false;
  bool operator==(const ContainerRow&) const = default;
};

/// Namespace and name are the row's key.
struct PodRow {
  std::string uid;
  Interned node;
  Interned owner_kind;
  Interned owner_name;
  Interned owner_uid;
  Interned phase;
  Interned labels;  ///< The whole set as one text.
  Interned unschedulable_message;
  Time creation_time;
  std::optional<Time> ready_since;
  bool terminating = false;
  std::vector<ContainerRow> containers;
  bool operator==(const PodRow&) const = default;
};

class PodStore final : public Table<PodRow, PodView> {
 public:
  using Labels = std::map<std::string, std::string>;
  using LabelPredicate = std::function<bool(const Labels&)>;

  ~PodStore() override { clear(); }

  [[nodiscard]] std::optional<PodView> get(std::string_view ns, std::string_view name) const;
  /// An empty ns means all namespaces. The predicate is asked once for each distinct label set.
  [[nodiscard]] std::vector<PodView> select(std::string_view ns, const LabelPredicate& matches) const;
  [[nodiscard]] std::vector<PodView> owned_by(std::string_view ns, std::string_view owner_uid) const;
  [[nodiscard]] std::vector<PodView> on_node(std::string_view node) const;
  [[nodiscard]] std::vector<PodView> list(std::string_view ns = "") const;

 private:
  Result<std::pair<NamespacedName, PodView>> decode(std::string_view object) override;
  PodRow pack(PodView view) override;
  PodView unpack(std::string_view key, const PodRow& row) const override;
  bool same(const PodRow& before, const PodRow& after) const override { return before == after; }

  InternPool pool_;
};

}  // namespace patchwave::kube
