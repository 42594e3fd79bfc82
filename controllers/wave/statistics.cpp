#include "controllers/wave/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "controllers/judge/limits.hpp"
#include "controllers/judge/words.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

using judge::Arm;
using prometheus::Series;

/// What Kubernetes makes names of pods and ReplicaSets from (apimachinery, util/rand).
constexpr std::string_view kRandom = "bcdfghjklmnpqrstvwxz2456789";
constexpr microseconds kShortestInterval = seconds(30);

std::string literally(std::string_view name) {
  std::string text;
  for (const char character : name) text += character == '.' ? std::string("[.]") : std::string(1, character);
  return text;
}

std::string replica_set_pods(std::string_view deployment) {
  return fmt::format("{}-[{}]{{6,10}}-[{}]{{5}}", literally(deployment), kRandom, kRandom);
}

std::string named_by_kind(const api::WaveTarget& target) {
  switch (target.kind) {
    case api::WorkloadKind::StatefulSet:
      return literally(target.name) + "-[0-9]+";
    case api::WorkloadKind::DaemonSet:
      return fmt::format("{}-[{}]{{5}}", literally(target.name), kRandom);
    default:
      return replica_set_pods(target.name) + "|" + replica_set_pods(target::canary_name(target.name));
  }
}

/// What is left of `name` behind `prefix` and a dash.
std::optional<std::string_view> rest_of(std::string_view name, std::string_view prefix) {
  const bool is_longer =
      name.size() > prefix.size() && name.starts_with(prefix) && name[prefix.size()] == '-';
  return is_longer ? std::optional(name.substr(prefix.size() + 1)) : std::nullopt;
}

bool is_random(std::string_view text, std::size_t least, std::size_t most) {
  return text.size() >= least && text.size() <= most &&
         text.find_first_not_of(kRandom) == std::string_view::npos;
}

bool is_of_replica_set(std::string_view name, std::string_view deployment) {
  const auto rest = rest_of(name, deployment);
  const auto dash = rest ? rest->find('-') : std::string_view::npos;
  return dash != std::string_view::npos && is_random(rest->substr(0, dash), 6, 10) &&
         is_random(rest->substr(dash + 1), 5, 5);
}

/// Whether named_by_kind matches it.
bool is_named_by_kind(std::string_view name, const api::WaveTarget& target) {
  if (target.kind == api::WorkloadKind::Deployment) {
    return is_of_replica_set(name, target.name) || is_of_replica_set(name, target::canary_name(target.name));
  }
  const auto rest = rest_of(name, target.name);
  if (!rest) return false;
  if (target.kind == api::WorkloadKind::DaemonSet) return is_random(*rest, 5, 5);
  return !rest->empty() && rest->find_first_not_of("0123456789") == std::string_view::npos;
}

std::string pod_of(const Series& series) {
  const auto pod = series.labels.find("pod");
  return pod == series.labels.end() ? std::string() : pod->second;
}

/// Pods that have a sample of before `since`, which is in whole seconds: within them the wave has made no pod
/// that was scraped already.
std::set<std::string> pods_before(const std::vector<Series>& series, Time since) {
  std::set<std::string> pods;
  for (const auto& one : series) {
    const bool is_before = std::ranges::any_of(
        one.samples, [&](const auto& sample) { return sample.time <= since + judge::kObjectTimeGrain; });
    if (is_before) pods.insert(pod_of(one));
  }
  return pods;
}

std::set<std::string> pods_before(const std::vector<Series>& a, const std::vector<Series>& b, Time since) {
  auto pods = pods_before(a, since);
  pods.merge(pods_before(b, since));
  return pods;
}

Time begin_of(const Comparison& comparison) {
  return std::max(comparison.since, comparison.end - kLongestEvidence);
}

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

/// Rows of one grid, summed over the series of a pod.
class Grid {
 public:
  Grid(Time begin, Time end, microseconds length)
      : begin_(begin),
        length_(length),
        intervals_(static_cast<std::size_t>(std::max<std::int64_t>(0, (end - begin) / length))) {}

  void add_events(const std::string& pod, Arm arm, const prometheus::Increment& increment) {
    if (auto* cell = cell_of(pod, arm, increment.time)) cell->count.events += increment.value;
  }
  void add_exposure(const std::string& pod, Arm arm, const prometheus::Increment& increment) {
    auto* cell = cell_of(pod, arm, increment.time);
    if (cell == nullptr) return;
    cell->count.exposure += increment.value;
    cell->is_known = true;
  }
  [[nodiscard]] std::vector<judge::CountRow> rows() const {
    std::vector<judge::CountRow> rows;
    for (const auto& [key, cells] : cells_) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (!cells[i].is_known) continue;
        rows.push_back(
            {begin_ + static_cast<std::int64_t>(i + 1) * length_, key.second, key.first, cells[i].count});
      }
    }
    return rows;
  }

 private:
  struct Cell {
    judge::Count count;
    bool is_known = false;
  };

  /// Null in an interval that has not ended. Intervals are half-open: one that ends at a sample has it.
  Cell* cell_of(const std::string& pod, Arm arm, Time time) {
    const auto at = static_cast<std::size_t>((time - begin_ - microseconds(1)) / length_);
    if (at >= intervals_) return nullptr;
    auto& cells = cells_[{pod, arm}];
    cells.resize(intervals_);
    return &cells[at];
  }

  Time begin_;
  microseconds length_;
  std::size_t intervals_;
  std::map<std::pair<std::string, Arm>, std::vector<Cell>> cells_;
};

using Levels = std::vector<std::pair<Time, double>>;

/// A pod's series of one container; levels have one where the exporter tells them apart.
std::string unit_of(const Series& series) {
  const auto container = series.labels.find("container");
  return container == series.labels.end() ? pod_of(series) : pod_of(series) + "/" + container->second;
}

Levels levels_before(const Series& series, Time since) {
  Levels levels;
  for (const auto& sample : series.samples) {
    if (sample.time < since && std::isfinite(sample.value)) levels.emplace_back(sample.time, sample.value);
  }
  return levels;
}

/// What the workload's copies were on average before the wave, by container.
std::map<std::string, Levels> mean_past(const std::vector<Series>& series, Time since) {
  std::map<std::pair<std::string, Time>, std::pair<double, int>> sums;
  for (const auto& one : series) {
    const auto container = one.labels.find("container");
    for (const auto& [time, value] : levels_before(one, since)) {
      const auto intervals = (since - time) / kShortestInterval;
      auto& [sum, count] = sums[{container == one.labels.end() ? "" : container->second,
                                 since - intervals * kShortestInterval - microseconds(1)}];
      sum += value;
      ++count;
    }
  }
  std::map<std::string, Levels> past;
  for (const auto& [key, sum] : sums) past[key.first].emplace_back(key.second, sum.first / sum.second);
  return past;
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

std::string pods_pattern(const Comparison& comparison) {
  auto pattern = named_by_kind(comparison.target);
  // Kubernetes cuts long names, so that their pods are not named as others are.
  for (const auto& observed : comparison.pods) {
    const auto& name = observed.pod.name;
    if (!is_named_by_kind(name, comparison.target)) pattern += "|" + literally(name);
  }
  return pattern;
}

std::string matchers_of(const Comparison& comparison) {
  return fmt::format(R"(namespace="{}",pod=~"{}")", comparison.target.ns, pods_pattern(comparison));
}

Arms::Arms(const Comparison& comparison)
    : names_stay_(comparison.target.kind == api::WorkloadKind::StatefulSet), since_(begin_of(comparison)) {
  for (const auto& observed : comparison.pods) {
    (observed.patched ? patched_ : others_).emplace(observed.pod.name, observed.pod.creation_time);
  }
  if (comparison.target.kind == api::WorkloadKind::Deployment) {
    canary_prefix_ = target::canary_name(comparison.target.name) + "-";
  }
}

std::optional<Arm> Arms::of(const std::string& pod, Time time, bool was_before) const {
  if (const auto patched = patched_.find(pod); patched != patched_.end()) {
    // Elsewhere a name is one pod's, whatever the clocks of Prometheus and Kubernetes say of when it came.
    const bool is_predecessor = names_stay_ && time < patched->second;
    return is_predecessor ? Arm::Baseline : Arm::Canary;
  }
  if (others_.contains(pod)) return Arm::Baseline;
  if (!canary_prefix_.empty() && pod.starts_with(canary_prefix_)) return Arm::Canary;
  return was_before ? std::optional(Arm::Baseline) : std::nullopt;
}

std::map<std::string, Time> Arms::births(const std::vector<Series>& series) const {
  auto births = patched_;
  births.insert(others_.begin(), others_.end());
  // The wave itself made the canary copy.
  for (const auto& one : series) {
    const auto pod = pod_of(one);
    if (!canary_prefix_.empty() && pod.starts_with(canary_prefix_)) births[pod] = since_;
  }
  return births;
}

std::vector<judge::CountRow> count_rows(const std::vector<Series>& events,
                                        const std::vector<Series>& exposure, const Comparison& comparison) {
  const auto begin = begin_of(comparison);
  const Arms arms(comparison);
  const prometheus::Scrapes scrapes({&events, &exposure});
  const auto period = scrapes.period();
  if (!period) return {};
  const auto before = pods_before(events, exposure, begin);
  const auto length = std::max(kShortestInterval, 2 * *period);
  // What the baseline was before the wave shows how it varies.
  const auto grid_begin = begin - kCounterPast / length * length;
  const prometheus::RiseOptions options{grid_begin, arms.births(exposure), kCounterPast};
  Grid grid(grid_begin, comparison.end, length);
  const auto each = [&](const std::vector<Series>& series, auto add) {
    for (const auto& rise : prometheus::rises(series, scrapes, options)) {
      const auto pod = pod_of({rise.labels, {}});
      const bool was_before = before.contains(pod);
      for (const auto& increment : rise.increments) {
        const auto arm = arms.of(pod, increment.time, was_before);
        if (arm == Arm::Baseline || (arm && increment.time > begin)) add(pod, *arm, increment);
      }
    }
  };
  each(events, [&](const auto&... fact) { grid.add_events(fact...); });
  each(exposure, [&](const auto&... fact) { grid.add_exposure(fact...); });
  return grid.rows();
}

std::vector<judge::GaugeRow> gauge_rows(const std::vector<Series>& series, const Comparison& comparison) {
  const auto begin = begin_of(comparison);
  const Arms arms(comparison);
  const auto before = pods_before(series, begin);
  auto past = mean_past(series, begin);
  std::vector<judge::GaugeRow> rows;
  for (const auto& one : series) {
    const auto pod = pod_of(one);
    const auto unit = unit_of(one);
    bool is_canary = false;
    for (const auto& sample : one.samples) {
      const auto arm = arms.of(pod, sample.time, before.contains(pod));
      if (!arm || !std::isfinite(sample.value)) continue;
      is_canary = is_canary || *arm == Arm::Canary;
      rows.push_back({sample.time, *arm, unit, sample.value});
    }
    if (!is_canary) continue;
    const auto own_past = levels_before(one, begin);
    const auto container = one.labels.find("container");
    const bool is_lent = own_past.empty();
    for (const auto& [time, value] :
         is_lent ? past[container == one.labels.end() ? "" : container->second] : own_past)
      rows.push_back({time, Arm::Canary, unit, value, is_lent});
  }
  return rows;
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
