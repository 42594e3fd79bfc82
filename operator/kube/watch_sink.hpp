// Where a reflector puts what it reads. The stores implement it; a test can too.
#pragma once

#include <string_view>

#include "operator/base/result.hpp"

namespace patchwave::kube {

/// Calls never overlap. Texts are JSON objects of the watched kind and live only as long as the call.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  /// A complete listing begins. It may begin again without having been done.
  virtual void begin() = 0;
  virtual Result<void> upsert(std::string_view object) = 0;
  virtual Result<void> erase(std::string_view object) = 0;
  /// The listing is complete as of `resource_version`: what it did not name no longer exists.
  virtual void done(std::string_view resource_version) = 0;
  /// Everything up to `resource_version` has been seen.
  virtual void advance(std::string_view resource_version) = 0;
};

}  // namespace patchwave::kube
