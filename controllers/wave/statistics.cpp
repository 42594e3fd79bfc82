#include "controllers/wave/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/judge/limits.hpp"
#include "controllers/judge/words.hpp"
#include "controllers/wave/rows.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

using prometheus::Series;

/// One query over the evidence and what was before it.
Result<std::vector<Series>> fetch(const std::string& selector, const Comparison& comparison,
                                  milliseconds past, const Ask& ask) {
  const auto begin = begin_of(comparison) - past;
  const auto range = std::chrono::ceil<milliseconds>(comparison.end - begin);
  auto answer = ask(fmt::format("{}[{}ms]", selector, range.count()), comparison.end);
  if (!answer) return fail(answer.error());
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

judge::Finding undecided(judge::Absence absence, std::string message) {
  return {api::Verdict::Undecided, absence, std::move(message), "", std::nullopt};
}

judge::Finding unanswered(const Error& error) {
  const auto failure = prometheus::failure_of(error);
  if (failure == prometheus::QueryFailure::Rejected) {
    return undecided(judge::Absence::NoData, "Prometheus refuses the query: " + error.message);
  }
  if (failure == prometheus::QueryFailure::TooLarge) {
    return undecided(judge::Absence::NoData, "narrow the gate's selectors: " + error.message);
  }
  return undecided(judge::Absence::TelemetryUnavailable, "Prometheus does not answer: " + error.message);
}

judge::Finding found(judge::RecordedVerdict recorded) {
  judge::Finding finding;
  finding.verdict = recorded.verdict;
  finding.message = std::move(recorded.message);
  const auto& total = recorded.total;
  const bool is_absent = total.canary.exposure <= 0 || total.baseline.exposure <= 0;
  if (recorded.verdict == api::Verdict::Undecided && is_absent) finding.absence = judge::Absence::NoData;
  finding.numbers = {total, recorded.harm, recorded.pass, recorded.expected_time};
  return finding;
}

/// With nothing left to compare with, time alone decides no more.
void say_it_is_over(judge::Finding& finding) {
  const auto& [canary, baseline] = finding.numbers->total;
  finding.message = fmt::format(
      "No pod without the patch is left to compare with, and while there was one neither harm nor its "
      "absence "
      "was shown: {} events of {} on the canary against {} of {} on the baseline",
      judge::print_number(canary.events), judge::print_number(canary.exposure),
      judge::print_number(baseline.events), judge::print_number(baseline.exposure));
  finding.numbers->expected_time.reset();
}

judge::Finding judge_two_counters(const api::GateSpec& gate, const std::vector<Series>& events,
                                  const std::vector<Series>& exposure, const Comparison& comparison) {
  return found(judge::judge_counts(count_rows(events, exposure, comparison), judge::rate_ratio_limits(gate)));
}

judge::Finding judge_counter(const api::GateSpec& gate, const Comparison& comparison, const Ask& ask) {
  const auto matchers = matchers_of(comparison);
  const auto events = fetch(narrowed(gate.counter->events, "", matchers), comparison, kCounterPast, ask);
  if (!events) return unanswered(events.error());
  const auto exposure = fetch(narrowed(gate.counter->exposure, "", matchers), comparison, kCounterPast, ask);
  if (!exposure) return unanswered(exposure.error());
  return judge_two_counters(gate, *events, *exposure, comparison);
}

judge::Finding judge_histogram(const api::GateSpec& gate, const Comparison& comparison, const Ask& ask) {
  const auto& histogram = *gate.histogram;
  const auto matchers = matchers_of(comparison);
  const auto counts = fetch(narrowed(histogram.metric, "_count", matchers), comparison, kCounterPast, ask);
  if (!counts) return unanswered(counts.error());
  const auto at_edge = matchers + "," + edge_matcher(histogram.slower_than);
  const auto buckets = fetch(narrowed(histogram.metric, "_bucket", at_edge), comparison, kCounterPast, ask);
  if (!buckets) return unanswered(buckets.error());
  if (!counts->empty() && buckets->empty()) {
    return undecided(judge::Absence::NoData, fmt::format("the histogram has no bucket that ends at {}",
                                                         format_duration(histogram.slower_than)));
  }
  const auto split = prometheus::split_at_edge(*counts, *buckets);
  return judge_two_counters(gate, split.slower, split.all, comparison);
}

judge::Finding judge_level(const api::GateSpec& gate, const Comparison& comparison, const Ask& ask) {
  const auto series =
      fetch(narrowed(gate.gauge->metric, "", matchers_of(comparison)), comparison, kGaugePast, ask);
  if (!series) return unanswered(series.error());
  return found(
      judge::judge_gauge(gauge_rows(*series, comparison), begin_of(comparison), judge::gauge_limits(gate)));
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

judge::Finding judge_statistics(const api::GateSpec& gate, const Comparison& comparison, const Ask& ask) {
  auto finding = gate.counter     ? judge_counter(gate, comparison, ask)
                 : gate.histogram ? judge_histogram(gate, comparison, ask)
                                  : judge_level(gate, comparison, ask);
  const bool can_go_on = !std::ranges::all_of(comparison.pods, &target::ObservedPod::patched);
  if (finding.verdict == api::Verdict::Undecided && finding.numbers && !can_go_on) say_it_is_over(finding);
  return finding;
}

}  // namespace patchwave::wave
