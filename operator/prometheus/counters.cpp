#include "operator/prometheus/counters.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace patchwave::prometheus {
namespace {

bool is_reading(const Sample& sample) {
  return std::isfinite(sample.value) && sample.value >= 0;
}

std::map<Time, double> readings_of(const Series& series) {
  std::map<Time, double> readings;
  for (const auto& sample : series.samples) {
    if (!is_reading(sample)) continue;
    auto& value = readings.try_emplace(sample.time, sample.value).first->second;
    value = std::max(value, sample.value);
  }
  return readings;
}

std::string label_of(const std::map<std::string, std::string>& labels, const std::string& name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

/// Everything that one series needs to be read.
struct Context {
  const Scrapes& scrapes;
  const RiseOptions& options;
  Target target;
  bool is_young = false;  ///< Its pod was born in the time that is asked about.
};

/// What the counter rose by up to `time`; nothing when that is not known.
std::optional<double> rise_to(Time time, double value, std::optional<double> before, const Context& context) {
  const auto scraped = context.scrapes.before(context.target, time);
  if (!scraped) return context.is_young ? std::optional(value) : std::nullopt;
  if (time - *scraped > context.options.stale_after) return std::nullopt;
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

void Scrapes::add(const std::vector<Series>& series) {
  for (const auto& one : series) {
    auto& times = times_[target_of(one.labels)];
    for (const auto& sample : one.samples) {
      if (is_reading(sample)) times.insert(sample.time);
    }
  }
}

std::optional<Time> Scrapes::before(const Target& target, Time time) const {
  const auto found = times_.find(target);
  if (found == times_.end()) return std::nullopt;
  const auto next = found->second.lower_bound(time);
  if (next == found->second.begin()) return std::nullopt;
  return *std::prev(next);
}

std::optional<microseconds> Scrapes::period() const {
  std::vector<microseconds> distances;
  for (const auto& [target, times] : times_) {
    for (auto at = times.begin(); at != times.end() && std::next(at) != times.end(); ++at) {
      distances.push_back(*std::next(at) - *at);
    }
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
    all.push_back(rise_of(one, {scrapes, options, target_of(one.labels), is_young}));
  }
  return all;
}

EdgeCounters split_at_edge(const std::vector<Series>& counts, const std::vector<Series>& buckets) {
  std::map<std::map<std::string, std::string>, std::map<Time, double>> within;
  for (const auto& bucket : buckets) {
    for (const auto& [time, value] : readings_of(bucket)) within[without_edge(bucket.labels)][time] = value;
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
