// Gates that compare a canary with a baseline by the evidence in their counts or levels.
#pragma once

#include <optional>
#include <string>

#include "operator/base/json.hpp"
#include "operator/base/result.hpp"

namespace patchwave::api {

struct CounterGate {
  std::string events;    ///< Selector of the counter of what is bad.
  std::string exposure;  ///< Selector of the counter of what could have been.
  bool operator==(const CounterGate&) const = default;
};
struct HistogramGate {
  std::string metric;
  milliseconds slower_than{0};  ///< An edge of the histogram: what is slower is an event.
  bool operator==(const HistogramGate&) const = default;
};
struct GaugeGate {
  std::string metric;
  bool operator==(const GaugeGate&) const = default;
};

/// Exactly one of the kinds is set.
struct StatisticalGate {
  std::string name;
  std::optional<CounterGate> counter;
  std::optional<HistogramGate> histogram;
  std::optional<GaugeGate> gauge;
  double tolerate = 1.5;  ///< Above 1: the canary's rate or level over the baseline's that is still well.
  double alpha = 1e-3;    ///< In (0, 1): the chance of a wrong Harm over all looks.
  double beta = 0.05;     ///< In (0, 1): the chance of a wrong Pass over all looks.
  bool operator==(const StatisticalGate&) const = default;
};

/// Numbers are decimal text. Invalid names the field, its value and what is allowed.
Result<StatisticalGate> parse_statistical_gate(const Json& object);
Json print_statistical_gate(const StatisticalGate& gate);

}  // namespace patchwave::api
