#include "controllers/comparison/rows.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "controllers/judge/judge.hpp"

namespace patchwave::comparison {
namespace {

using judge::Arm;
using prometheus::Series;

constexpr microseconds kShortestInterval = seconds(30);

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
    for (const auto& [key, column] : columns_) {
      for (std::size_t i = 0; i < column.cells.size(); ++i) {
        const auto& cell = column.cells[i];
        if (!cell.is_known) continue;
        const auto end = begin_ + static_cast<std::int64_t>(column.first + i + 1) * length_;
        rows.push_back({end, key.second, key.first, cell.count});
      }
    }
    return rows;
  }

 private:
  struct Cell {
    judge::Count count;
    bool is_known = false;
  };
  /// From the first interval on that has something: of a long history, most pods live a part.
  struct Column {
    std::size_t first = 0;
    std::vector<Cell> cells;
  };

  /// Null in an interval that has not ended. Intervals are half-open: one that ends at a sample has it.
  Cell* cell_of(const std::string& pod, Arm arm, Time time) {
    const auto at = static_cast<std::size_t>((time - begin_ - microseconds(1)) / length_);
    if (at >= intervals_) return nullptr;
    auto& [first, cells] = columns_[{pod, arm}];
    if (cells.empty()) first = at;
    if (at < first) cells.insert(cells.begin(), std::exchange(first, at) - at, Cell());
    if (at - first >= cells.size()) cells.resize(at - first + 1);
    return &cells[at - first];
  }

  Time begin_;
  microseconds length_;
  std::size_t intervals_;
  std::map<std::pair<std::string, Arm>, Column> columns_;
};

/// Pods that have a sample of before the change, which is in whole seconds: within them it has made no pod
/// that was scraped already.
std::set<std::string> pods_before(const std::vector<Series>& series, Time change) {
  std::set<std::string> pods;
  for (const auto& one : series) {
    const bool is_before = std::ranges::any_of(
        one.samples, [&](const auto& sample) { return sample.time <= change + judge::kObjectTimeGrain; });
    if (is_before) pods.insert(pod_of(one));
  }
  return pods;
}

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

/// What the pods were on average before the change, by container.
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

std::string pod_of(const Series& series) {
  const auto pod = series.labels.find(kPodLabel);
  return pod == series.labels.end() ? std::string() : pod->second;
}

std::vector<judge::CountRow> count_rows(const std::vector<Series>& events,
                                        const std::vector<Series>& exposure, const Comparison& comparison) {
  const auto begin = comparison.change;
  const auto& arms = *comparison.arms;
  const prometheus::Scrapes scrapes({&events, &exposure});
  const auto period = scrapes.period();
  if (!period) return {};
  auto before = pods_before(events, begin);
  before.merge(pods_before(exposure, begin));
  const auto length = std::max(kShortestInterval, 2 * *period);
  // What the baseline was before the change shows how it varies.
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
  const auto begin = comparison.change;
  const auto& arms = *comparison.arms;
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

}  // namespace patchwave::comparison
