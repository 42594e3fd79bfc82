#include "controllers/comparison/history.hpp"

#include <fmt/format.h>

#include "controllers/comparison/rows.hpp"
#include "controllers/judge/limits.hpp"
#include "operator/base/time.hpp"

namespace patchwave::comparison {
namespace {

using judge::RecordedVerdict;
using prometheus::Series;

/// One query over the evidence and what was before it.
Result<std::vector<Series>> fetch(const std::string& selector, const Comparison& comparison,
                                  milliseconds past, const Ask& ask) {
  const auto begin = comparison.change - past;
  const auto range = std::chrono::ceil<milliseconds>(comparison.end - begin);
  auto answer = ask(fmt::format("{}[{}ms]", selector, range.count()), comparison.end);
  if (!answer) return fail(answer.error());
  if (comparison.pod_label == kPodLabel) return std::move(answer->series);
  for (auto& series : answer->series) {
    const auto named = series.labels.find(comparison.pod_label);
    series.labels.insert_or_assign(kPodLabel, named == series.labels.end() ? "" : named->second);
  }
  return std::move(answer->series);
}

/// The label `le` of an edge, however many zeros its exporter writes.
std::string edge_matcher(milliseconds edge) {
  const auto whole = edge.count() / 1000;
  auto fraction = fmt::format("{:03}", edge.count() % 1000);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (fraction.empty()) return fmt::format(R"(le=~"{}([.]0*)?")", whole);
  return fmt::format(R"(le=~"{}[.]{}0*")", whole, fraction);
}

RecordedVerdict judge_two_counters(const api::GateSpec& gate, const std::vector<Series>& events,
                                   const std::vector<Series>& exposure, const Comparison& comparison) {
  return judge::judge_counts(count_rows(events, exposure, comparison), judge::rate_ratio_limits(gate));
}

Result<RecordedVerdict> judge_counter(const api::GateSpec& gate, const Comparison& comparison,
                                      const Ask& ask) {
  const auto& [events_of, exposure_of] = *gate.counter;
  const auto events = fetch(narrowed(events_of, "", comparison.matchers), comparison, kCounterPast, ask);
  if (!events) return fail(events.error());
  const auto exposure = fetch(narrowed(exposure_of, "", comparison.matchers), comparison, kCounterPast, ask);
  if (!exposure) return fail(exposure.error());
  return judge_two_counters(gate, *events, *exposure, comparison);
}

Result<RecordedVerdict> judge_histogram(const api::GateSpec& gate, const Comparison& comparison,
                                        const Ask& ask) {
  const auto& histogram = *gate.histogram;
  const auto& matchers = comparison.matchers;
  const auto counts = fetch(narrowed(histogram.metric, "_count", matchers), comparison, kCounterPast, ask);
  if (!counts) return fail(counts.error());
  const auto at_edge = matchers + "," + edge_matcher(histogram.slower_than);
  const auto buckets = fetch(narrowed(histogram.metric, "_bucket", at_edge), comparison, kCounterPast, ask);
  if (!buckets) return fail(buckets.error());
  if (!counts->empty() && buckets->empty()) {
    Error error{ErrorKind::NotFound, "", 0, std::nullopt, std::string(kNoEdge)};
    error.message =
        fmt::format("the histogram has no bucket that ends at {}", format_duration(histogram.slower_than));
    return fail(std::move(error));
  }
  const auto split = prometheus::split_at_edge(*counts, *buckets);
  return judge_two_counters(gate, split.slower, split.all, comparison);
}

Result<RecordedVerdict> judge_level(const api::GateSpec& gate, const Comparison& comparison, const Ask& ask) {
  const auto series =
      fetch(narrowed(gate.gauge->metric, "", comparison.matchers), comparison, kGaugePast, ask);
  if (!series) return fail(series.error());
  return judge::judge_gauge(gauge_rows(*series, comparison), comparison.change, judge::gauge_limits(gate));
}

}  // namespace

std::string narrowed(std::string_view selector, std::string_view suffix, std::string_view matchers) {
  const auto brace = selector.find('{');
  const std::string name = std::string(selector.substr(0, brace)) + std::string(suffix);
  if (brace == std::string_view::npos) return fmt::format("{}{{{}}}", name, matchers);
  auto inside = selector.substr(brace + 1, selector.size() - brace - 2);
  while (!inside.empty() && (inside.back() == ' ' || inside.back() == ',')) inside.remove_suffix(1);
  return fmt::format("{}{{{}{}{}}}", name, inside, inside.empty() ? "" : ",", matchers);
}

Result<RecordedVerdict> judge_history(const api::GateSpec& gate, const Comparison& comparison,
                                      const Ask& ask) {
  if (gate.counter) return judge_counter(gate, comparison, ask);
  return gate.histogram ? judge_histogram(gate, comparison, ask) : judge_level(gate, comparison, ask);
}

}  // namespace patchwave::comparison
