// Raw samples of Prometheus as the rows that the judge compares.
#pragma once

#include <vector>

#include "controllers/comparison/comparison.hpp"

namespace patchwave::comparison {

/// Before the change: where counters begin, and what a level was.
inline constexpr milliseconds kCounterPast = std::chrono::minutes(5);
inline constexpr milliseconds kGaugePast = std::chrono::hours(1);

/// Events and exposure as rows of intervals of twice the scrapes' distance and at least 30 s, on a grid from
/// the change, as far as they have ended; of the baseline from kCounterPast before it on. A pod has a row
/// where its exposure is known; events that are not there have not happened.
std::vector<judge::CountRow> count_rows(const std::vector<prometheus::Series>& events,
                                        const std::vector<prometheus::Series>& exposure,
                                        const Comparison& comparison);

/// Levels as they are. A canary that is new has no past: it gets the mean of what the others were.
std::vector<judge::GaugeRow> gauge_rows(const std::vector<prometheus::Series>& series,
                                        const Comparison& comparison);

}  // namespace patchwave::comparison
