#include "operator/prometheus/counters.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <ranges>

namespace patchwave::prometheus {
namespace {

bool is_reading(const Sample& sample) {
  return std::isfinite(sample.value) && sample.value >= 0;
}

/// Ascending in time, one a time.
std::vector<Sample> readings_of(const Series& series) {
  std::vector<Sample> readings;
  readings.reserve(series.samples.size());
  std::ranges::copy_if(series.samples, std::back_inserter(readings), is_reading);
  const auto is_before = [](const Sample& a, const Sample& b) {
    return std::tie(a.time, b.value) < std::tie(b.time, a.value);
  };
  if (!std::ranges::is_sorted(readings, is_before)) std::ranges::sort(readings, is_before);
  const auto repeated = std::ranges::unique(readings, {}, &Sample::time);
  readings.erase(repeated.begin(), repeated.end());
  return readings;
}

std::string label_of(const std::map<std::string, std::string>& labels, const std::string& name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

/// Everything that one series needs to be read.
struct Context {
  std::span<const Time> scrapes;  ///< Of its target.
  const RiseOptions& options;
  bool is_young = false;  ///< Its pod was born in the time that is asked about.
};

/// What the counter rose by up to `time`; nothing when that is not known.
std::optional<double> rise_to(Time time, double value, std::optional<double> before, const Context& context) {
  const auto next = std::ranges::lower_bound(context.scrapes, time);
  if (next == context.scrapes.begin()) return context.is_young ? std::optional(value) : std::nullopt;
  if (time - *std::prev(next) > context.options.stale_after) return std::nullopt;
  if (!before || value < *before) return value;
  return value - *before;
}

Rise rise_of(const Series& series, const Context& context) {
  Rise rise{series.labels, {}};
  std::optional<double> before;
  for (const auto& [time, value] : readings_of(series)) {
    const auto rose = rise_to(time, value, before, context);
    if (rose && time > context.options.since) rise.increments.push_back({time, *rose});
    before = value;
  }
  return rise;
}

std::map<std::string, std::string> without_edge(std::map<std::string, std::string> labels) {
  labels.erase("__name__");
  labels.erase("le");
  return labels;
}

}  // namespace

Target target_of(const std::map<std::string, std::string>& labels) {
  return {label_of(labels, "job"), label_of(labels, "instance"), label_of(labels, "pod")};
}

Scrapes::Scrapes(std::initializer_list<const std::vector<Series>*> all) {
  for (const auto* series : all) {
    for (const auto& one : *series) {
      auto& times = times_[target_of(one.labels)];
      const auto readings = readings_of(one);
      std::vector<Time> merged;
      merged.reserve(times.size() + readings.size());
      std::ranges::set_union(times, readings | std::views::transform(&Sample::time),
                             std::back_inserter(merged));
      times = std::move(merged);
    }
  }
}

std::span<const Time> Scrapes::of(const Target& target) const {
  const auto found = times_.find(target);
  return found == times_.end() ? std::span<const Time>() : std::span<const Time>(found->second);
}

std::optional<microseconds> Scrapes::period() const {
  std::vector<microseconds> distances;
  for (const auto& [target, times] : times_) {
    for (std::size_t i = 1; i < times.size(); ++i) distances.push_back(times[i] - times[i - 1]);
  }
  if (distances.empty()) return std::nullopt;
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  return *middle;
}

std::vector<Rise> rises(const std::vector<Series>& series, const Scrapes& scrapes,
                        const RiseOptions& options) {
  std::vector<Rise> all;
  for (const auto& one : series) {
    const auto born = options.born.find(label_of(one.labels, "pod"));
    const bool is_young = born != options.born.end() && born->second >= options.since;
    all.push_back(rise_of(one, {scrapes.of(target_of(one.labels)), options, is_young}));
  }
  return all;
}

EdgeCounters split_at_edge(const std::vector<Series>& counts, const std::vector<Series>& buckets) {
  std::map<std::map<std::string, std::string>, std::map<Time, double>> within;
  for (const auto& bucket : buckets) {
    auto& values = within[without_edge(bucket.labels)];
    for (const auto& [time, value] : readings_of(bucket)) values[time] = value;
  }
  EdgeCounters split;
  for (const auto& count : counts) {
    const auto bucket = within.find(without_edge(count.labels));
    if (bucket == within.end()) continue;
    Series slower{bucket->first, {}};
    Series all{bucket->first, {}};
    for (const auto& [time, value] : readings_of(count)) {
      const auto inside = bucket->second.find(time);
      if (inside == bucket->second.end()) continue;
      slower.samples.push_back({time, std::max(0.0, value - inside->second)});
      all.samples.push_back({time, value});
    }
    split.slower.push_back(std::move(slower));
    split.all.push_back(std::move(all));
  }
  return split;
}

}  // namespace patchwave::prometheus
