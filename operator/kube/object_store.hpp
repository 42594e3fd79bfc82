// A cache of a small kind (our own, workloads, budgets): whole objects without managedFields and
// last-applied annotations, by namespace and name.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/json.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/table.hpp"

namespace patchwave::kube {

using Object = std::shared_ptr<const Json>;

/// How objects are kept between reads.
enum class Keep : std::uint8_t {
  Documents,  ///< Parsed: reading is free. For kinds with few objects.
  Texts,  ///< As compact JSON text, about a seventh of the memory; each read parses it (about 20 us a KiB).
};

/// A change of nothing but resourceVersion and managedFields is kept but not told.
/// `apiVersion` and `kind`, which items of a list lack, are filled in.
class ObjectStore final : public Table<std::shared_ptr<const void>, Object> {
 public:
  explicit ObjectStore(Resource resource, Keep keep = Keep::Documents);

  [[nodiscard]] const Resource& resource() const { return resource_; }
  /// nullptr when there is no such object.
  [[nodiscard]] Object get(std::string_view ns, std::string_view name) const;
  /// In order of namespace and name; an empty ns means all of them.
  [[nodiscard]] std::vector<Object> list(std::string_view ns = "") const;

 private:
  using Row = std::shared_ptr<const void>;
  Result<std::pair<NamespacedName, Object>> decode(std::string_view object) override;
  Row pack(Object view) override;
  Object unpack(std::string_view key, const Row& row) const override;
  bool same(const Row& before, const Row& after) const override;

  Resource resource_;
  Keep keep_;
};

}  // namespace patchwave::kube
