// Counters, histograms and gauges of a workload's patched copies against those of its others: what to ask
// Prometheus for, and what the judge says of the answer.
//
// A verdict is a function of the gate, of when the wave began and of history, so that a restart finds the
// same one.
#pragma once

#include <functional>
#include <string>

#include "controllers/wave/arms.hpp"

namespace patchwave::wave {

/// `metric{a="b"}` with `suffix` behind the name and `matchers` beside those that are there.
std::string narrowed(std::string_view selector, std::string_view suffix, std::string_view matchers);

/// Answers an instant query.
using Ask = std::function<Result<prometheus::QueryAnswer>(const std::string& promql, Time time)>;

/// `gate` has its placeholders filled in. One query a metric.
judge::Finding judge_statistics(const api::GateSpec& gate, const Comparison& comparison, const Ask& ask);

}  // namespace patchwave::wave
