#include "controllers/assembly/discovery_metrics.hpp"

#include <utility>
#include <vector>

namespace patchwave::assembly {

DiscoveryMetrics::DiscoveryMetrics(runtime::Metrics& metrics, const inventory::Stores& stores,
                                   const Clock& clock)
    : stores_(stores),
      clock_(clock),
      families_(metrics),
      before_scrape_(metrics.before_scrape([this] { count(); })) {}

void DiscoveryMetrics::looked(const api::PatchPolicy& policy, const discovery::Decision& decision) {
  const std::scoped_lock lock(mutex_);
  auto& seen = seen_[{policy.metadata.ns, policy.metadata.name}];
  if (decision.problems.empty()) seen.success = clock_.now();
  seen.found = decision.standing.size();
  seen.held_back = decision.held_back.size();
}

void DiscoveryMetrics::count() {
  using Samples = std::vector<std::pair<runtime::LabelValues, double>>;
  Samples successes;
  Samples updates;
  const std::scoped_lock lock(mutex_);
  std::erase_if(seen_, [&](const auto& entry) {
    const auto policy = stores_.policies.get(entry.first.first, entry.first.second);
    return policy == nullptr || find(*policy, {"spec", "updates"}) == nullptr;
  });
  for (const auto& [key, seen] : seen_) {
    const auto& [ns, policy] = key;
    updates.push_back({{ns, policy, "found"}, static_cast<double>(seen.found)});
    updates.push_back({{ns, policy, "held_back"}, static_cast<double>(seen.held_back)});
    if (!seen.success) continue;
    const auto since_epoch = std::chrono::duration<double>(seen.success->time_since_epoch());
    successes.push_back({{ns, policy}, since_epoch.count()});
  }
  families_.last_success.replace_all(successes);
  families_.updates.replace_all(updates);
}

}  // namespace patchwave::assembly
