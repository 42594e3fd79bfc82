// process_* as Prometheus' own client libraries export them, read from /proc at each scrape.
#pragma once

#include <memory>

#include "operator/runtime/metrics.hpp"

namespace patchwave::runtime {

/// Exported for as long as what is returned is kept.
[[nodiscard]] std::shared_ptr<void> add_process_metrics(Metrics& metrics);

}  // namespace patchwave::runtime
