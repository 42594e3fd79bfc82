// The families about feeds and deadlines: docs/reference/metrics.md is their contract, as for
// patch_metrics.hpp.
#pragma once

#include <string>
#include <vector>

#include "operator/runtime/metrics.hpp"

namespace patchwave::runtime {

struct FeedMetrics {
  explicit FeedMetrics(Metrics& metrics);

  GaugeFamily& age;         ///< feed; seconds
  GaugeFamily& records;     ///< feed
  GaugeFamily& up;          ///< feed; 1 when the last reading went well
  GaugeFamily& fresh;       ///< feed; 1 while there is data that is not stale
  GaugeFamily& info;        ///< feed, version, date; always 1
  CounterFamily& readings;  ///< feed, outcome: read, unchanged, failed
};

struct DeadlineMetrics {
  DeadlineMetrics(Metrics& metrics, const std::vector<std::string>& deadline_classes);

  GaugeFamily& findings;  ///< deadline_class
  GaugeFamily& patches;   ///< namespace, deadline_class
  GaugeFamily& overdue;   ///< namespace
  GaugeFamily& nearest;   ///< namespace; seconds, below zero once it has passed
};

}  // namespace patchwave::runtime
