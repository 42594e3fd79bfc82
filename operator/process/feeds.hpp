// The feeds of the process: one thread that reads them, also on a standby, so that it takes over warm.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "controllers/feeds/keeper.hpp"
#include "operator/runtime/manager.hpp"

namespace patchwave::process {

class Feeds {
 public:
  /// References must outlive the feeds.
  Feeds(const std::vector<feeds::FeedSettings>& settings, const Clock& clock, Log& log,
        runtime::Metrics& metrics);

  /// Empty when none is configured.
  [[nodiscard]] std::function<intel::FeedsSnapshot()> reader() const;
  void add_to(runtime::Manager& manager, std::function<void()> on_change);

 private:
  std::shared_ptr<feeds::Source> source_;
  std::shared_ptr<feeds::FeedKeeper> keeper_;  ///< Null when none is configured.
  std::jthread thread_;
};

}  // namespace patchwave::process
