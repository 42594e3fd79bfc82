// What was found in registries, as metrics. A policy that is gone has none.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "controllers/discovery/decide.hpp"
#include "controllers/inventory/stores.hpp"
#include "operator/runtime/discovery_metrics.hpp"

namespace patchwave::assembly {

class DiscoveryMetrics {
 public:
  DiscoveryMetrics(runtime::Metrics& metrics, const inventory::Stores& stores, const Clock& clock);
  void looked(const api::PatchPolicy& policy, const discovery::Decision& decision);

 private:
  struct Seen {
    std::optional<Time> success;
    std::size_t found = 0;
    std::size_t held_back = 0;
  };
  void count();

  const inventory::Stores& stores_;
  const Clock& clock_;
  runtime::DiscoveryMetrics families_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Seen> seen_;  ///< By namespace and policy.
  std::shared_ptr<void> before_scrape_;
};

}  // namespace patchwave::assembly
