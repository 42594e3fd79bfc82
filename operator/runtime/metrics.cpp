#include "operator/runtime/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace patchwave::runtime {
namespace {

/// Every combination of the closed labels' values, "other" not among them.
std::vector<LabelValues> combinations(const std::vector<Label>& labels) {
  std::vector<LabelValues> all = {{}};
  for (const Label& label : labels) {
    if (label.values.empty()) continue;
    std::vector<LabelValues> longer;
    for (const LabelValues& shorter : all) {
      for (const std::string& value : label.values) {
        longer.push_back(shorter);
        longer.back().push_back(value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

std::size_t count_open(const std::vector<Label>& labels) {
  return static_cast<std::size_t>(
      std::ranges::count_if(labels, [](const Label& label) { return label.values.empty(); }));
}

struct Split {
  LabelValues open;
  LabelValues closed;
};

Split split(const std::vector<Label>& labels, const LabelValues& values) {
  Split parts;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto& known = labels[i].values;
    if (known.empty()) {
      parts.open.push_back(values[i]);
    } else {
      parts.closed.push_back(std::ranges::find(known, values[i]) != known.end() ? values[i] : kOther);
    }
  }
  return parts;
}

prometheus::Labels join(const std::vector<Label>& labels, const LabelValues& open,
                        const LabelValues& closed) {
  prometheus::Labels joined;
  auto next_open = open.begin();
  auto next_closed = closed.begin();
  for (const Label& label : labels) joined[label.name] = label.values.empty() ? *next_open++ : *next_closed++;
  return joined;
}

}  // namespace

template <class Metric>
Family<Metric>::Family(::prometheus::Family<Metric>& family, std::vector<Label> labels,
                       std::vector<double> buckets, std::size_t max_open)
    : family_(family), labels_(std::move(labels)), buckets_(std::move(buckets)), max_open_(max_open) {
  if (count_open(labels_) > 0) return;
  LabelValues none;
  series_of(none);
}

template <class Metric>
Metric* Family<Metric>::at(const LabelValues& values) {
  if (values.size() != labels_.size()) return nullptr;
  Split parts = split(labels_, values);
  Series& series = series_of(parts.open);
  const auto found = series.find(parts.closed);
  if (found != series.end()) return found->second;
  return series.emplace(parts.closed, make(parts.open, parts.closed)).first->second;
}

template <class Metric>
Metric* Family<Metric>::make(const LabelValues& open, const LabelValues& closed) {
  const prometheus::Labels labels = join(labels_, open, closed);
  if constexpr (std::same_as<Metric, ::prometheus::Histogram>) {
    return &family_.Add(labels, buckets_);
  } else {
    return &family_.Add(labels);
  }
}

template <class Metric>
typename Family<Metric>::Series& Family<Metric>::series_of(LabelValues& open_values) {
  const bool full = !open_values.empty() && open_.size() >= max_open_ && !open_.contains(open_values);
  if (full) std::ranges::fill(open_values, kOverflow);
  const auto [at, fresh] = open_.try_emplace(open_values);
  if (fresh) {
    for (const LabelValues& closed : combinations(labels_))
      at->second.emplace(closed, make(open_values, closed));
  }
  return at->second;
}

template <class Metric>
void Family<Metric>::remove(const Series& series) {
  for (const auto& [closed, metric] : series) family_.Remove(metric);
}

template <class Metric>
void Family<Metric>::increment(const LabelValues& values, double by)
  requires std::same_as<Metric, ::prometheus::Counter>
{
  const std::lock_guard lock(mutex_);
  if (Metric* metric = at(values)) metric->Increment(by);
}

template <class Metric>
void Family<Metric>::set(const LabelValues& values, double value)
  requires std::same_as<Metric, ::prometheus::Gauge>
{
  const std::lock_guard lock(mutex_);
  if (Metric* metric = at(values)) metric->Set(value);
}

template <class Metric>
void Family<Metric>::add(const LabelValues& values, double by)
  requires std::same_as<Metric, ::prometheus::Gauge>
{
  const std::lock_guard lock(mutex_);
  if (Metric* metric = at(values)) metric->Increment(by);
}

template <class Metric>
void Family<Metric>::observe(const LabelValues& values, double value)
  requires std::same_as<Metric, ::prometheus::Histogram>
{
  const std::lock_guard lock(mutex_);
  if (Metric* metric = at(values)) metric->Observe(value);
}

template <class Metric>
void Family<Metric>::replace_all(const std::vector<std::pair<LabelValues, double>>& samples)
  requires std::same_as<Metric, ::prometheus::Gauge>
{
  const std::lock_guard lock(mutex_);
  std::set<LabelValues> named;
  for (const auto& [values, value] : samples) {
    if (values.size() == labels_.size()) named.insert(split(labels_, values).open);
  }
  if (count_open(labels_) > 0) {
    std::erase_if(open_, [&](const auto& entry) {
      if (named.contains(entry.first)) return false;
      remove(entry.second);
      return true;
    });
  }
  for (auto& [open, series] : open_) {
    for (auto& [closed, metric] : series) metric->Set(0);
  }
  for (const auto& [values, value] : samples) {
    if (Metric* metric = at(values)) metric->Increment(value);
  }
}

template <class Metric>
void Family<Metric>::declare(LabelValues open_values) {
  const std::lock_guard lock(mutex_);
  if (open_values.size() == count_open(labels_)) series_of(open_values);
}

template <class Metric>
void Family<Metric>::forget(const LabelValues& open_values) {
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(open_values);
  if (at == open_.end() || open_values.empty()) return;
  remove(at->second);
  open_.erase(at);
}

template class Family<::prometheus::Counter>;
template class Family<::prometheus::Gauge>;
template class Family<::prometheus::Histogram>;

CounterFamily& Metrics::counter(const std::string& name, const std::string& help, std::vector<Label> labels) {
  const std::lock_guard lock(mutex_);
  auto& family = counters_[name];
  if (!family) {
    auto& registered = prometheus::BuildCounter().Name(name).Help(help).Register(registry_);
    family = std::make_unique<CounterFamily>(registered, std::move(labels), std::vector<double>{}, max_open_);
  }
  return *family;
}

GaugeFamily& Metrics::gauge(const std::string& name, const std::string& help, std::vector<Label> labels) {
  const std::lock_guard lock(mutex_);
  auto& family = gauges_[name];
  if (!family) {
    auto& registered = prometheus::BuildGauge().Name(name).Help(help).Register(registry_);
    family = std::make_unique<GaugeFamily>(registered, std::move(labels), std::vector<double>{}, max_open_);
  }
  return *family;
}

HistogramFamily& Metrics::histogram(const std::string& name, const std::string& help,
                                    std::vector<double> buckets, std::vector<Label> labels) {
  const std::lock_guard lock(mutex_);
  auto& family = histograms_[name];
  if (!family) {
    auto& registered = prometheus::BuildHistogram().Name(name).Help(help).Register(registry_);
    family = std::make_unique<HistogramFamily>(registered, std::move(labels), std::move(buckets), max_open_);
  }
  return *family;
}

std::shared_ptr<void> Metrics::before_scrape(std::function<void()> refresh) {
  auto kept = std::make_shared<std::function<void()>>(std::move(refresh));
  const std::lock_guard lock(scrape_mutex_);
  std::erase_if(refreshes_, [](const auto& other) { return other.expired(); });
  refreshes_.push_back(kept);
  return kept;
}

std::string Metrics::text() {
  const std::lock_guard lock(scrape_mutex_);
  for (const auto& refresh : refreshes_) {
    if (const auto alive = refresh.lock()) (*alive)();
  }
  auto families = registry_.Collect();
  std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
  std::ranges::sort(families, {}, &::prometheus::MetricFamily::name);
  for (auto& family : families) std::ranges::sort(family.metric, {}, &prometheus::ClientMetric::label);
  std::ostringstream out;
  ::prometheus::TextSerializer().Serialize(out, families);
  return std::move(out).str();
}

}  // namespace patchwave::runtime
