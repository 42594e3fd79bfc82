// What a statistical gate asks Prometheus for, and what the judge says of the answer.
//
// A verdict is a function of the gate, of when the change was made and of history: a restart, an audit and
// the command line find the same one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "controllers/api/common.hpp"
#include "controllers/comparison/comparison.hpp"

namespace patchwave::comparison {

/// `metric{a="b"}` with `suffix` behind the name and `matchers` beside those that are there.
std::string narrowed(std::string_view selector, std::string_view suffix, std::string_view matchers);

/// Answers an instant query.
using Ask = std::function<Result<prometheus::QueryAnswer>(const std::string& promql, Time time)>;

/// The reason of the error that a histogram has no bucket which ends where its gate asks.
inline constexpr std::string_view kNoEdge = "NoEdge";

/// `gate` is a counter, a histogram or a gauge without placeholders. One query a metric, for both arms. The
/// errors are those of `ask`, and kNoEdge.
Result<judge::RecordedVerdict> judge_history(const api::GateSpec& gate, const Comparison& comparison,
                                             const Ask& ask);

}  // namespace patchwave::comparison
