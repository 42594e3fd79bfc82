// JSON patches that hold only for exactly the object a decision was made on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/base/json.hpp"

namespace patchwave::target {

/// A key as one part of a JSON pointer (RFC 6901): "patchwave.dev/x" is "patchwave.dev~1x".
std::string pointer_part(std::string_view key);

/// Begins with tests of UID and resourceVersion. The latter covers the whole object, also what a JSON
/// patch can't test: that something is absent.
class GuardedPatch {
 public:
  explicit GuardedPatch(const Json& object);

  /// Replaces `pointer`, which is there, when it still holds `expected`.
  void replace(const std::string& pointer, const Json& expected, const Json& value);
  /// Sets `pointer`, whose parent is there.
  void set(const std::string& pointer, const Json& value);
  void remove(const std::string& pointer);
  void test(const std::string& pointer, const Json& value);

  /// Sets annotations, or removes those of `keys` that are there; once a patch. The map comes and goes with
  /// its first and last entry, so that an object without annotations is left as it was found.
  void set_annotations(const Json& entries);
  void remove_annotations(const std::vector<std::string_view>& keys);

  [[nodiscard]] bool changes_nothing() const { return changes_ == 0; }
  [[nodiscard]] const Json& operations() const { return operations_; }

 private:
  const Json& object_;
  Json operations_ = Json::array();
  int changes_ = 0;
};

}  // namespace patchwave::target
