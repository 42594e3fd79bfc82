// How pressing what is open is, as metrics. Gauges are counted at each scrape, so they can't drift.
#pragma once

#include <memory>

#include "controllers/inventory/stores.hpp"
#include "controllers/ranking/ranking.hpp"
#include "operator/runtime/risk_metrics.hpp"

namespace patchwave::assembly {

class RiskMetrics {
 public:
  RiskMetrics(runtime::Metrics& metrics, const inventory::Stores& stores, const Clock& clock,
              const ranking::Ranking& ranking);

 private:
  void count();

  const inventory::Stores& stores_;
  const Clock& clock_;
  const ranking::Ranking& ranking_;
  runtime::DeadlineMetrics families_;
  std::shared_ptr<void> before_scrape_;
};

}  // namespace patchwave::assembly
