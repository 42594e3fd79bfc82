// Metrics with bounded labels, in Prometheus' text format.
//
//   auto& holds = metrics.gauge("patchwave_wave_holds", "Waves that wait, by reason.",
//                               {{"namespace"}, {"policy"}, {"reason", hold_reasons}});
//   holds.set({"shop", "web", "WindowClosed"}, 3);
//
// A label is closed (its values are listed) or open (names of things). Every combination of closed values is
// written as zero as soon as its open values are seen, and at once in a family without open labels, so that
// rate() and alerts work from the first event. Open values are capped: whatever comes after the first
// `max_open` combinations is counted under "_overflow", and a value that a closed label does not list under
// "other".
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace patchwave::runtime {

struct Label {
  std::string name;
  std::vector<std::string> values = {};  ///< Closed when not empty.
};

using LabelValues = std::vector<std::string>;  ///< In the order of the family's labels.

inline constexpr const char* kOverflow = "_overflow";
inline constexpr const char* kOther = "other";
inline constexpr std::size_t kMaxOpen = 200;

/// One metric name. Thread-safe. A call with another number of values than there are labels does nothing.
template <class Metric>
class Family {
 public:
  Family(::prometheus::Family<Metric>& family, std::vector<Label> labels, std::vector<double> buckets,
         std::size_t max_open);

  void increment(const LabelValues& values, double by = 1)
    requires std::same_as<Metric, ::prometheus::Counter>;
  void set(const LabelValues& values, double value)
    requires std::same_as<Metric, ::prometheus::Gauge>;
  void add(const LabelValues& values, double by)
    requires std::same_as<Metric, ::prometheus::Gauge>;
  void observe(const LabelValues& values, double value)
    requires std::same_as<Metric, ::prometheus::Histogram>;

  /// The whole family at once: known combinations that are not in `samples` become zero, open values that are
  /// not in it disappear, samples of one series are summed. For gauges that are counted from a store.
  void replace_all(const std::vector<std::pair<LabelValues, double>>& samples)
    requires std::same_as<Metric, ::prometheus::Gauge>;

  /// Zeros for these open values (those of the open labels only, in order) before anything happened.
  void declare(LabelValues open_values);
  /// Removes all series of these open values: what they named is gone.
  void forget(const LabelValues& open_values);

 private:
  using Series = std::map<LabelValues, Metric*>;  ///< By the values of the closed labels.

  Metric* at(const LabelValues& values);
  Metric* make(const LabelValues& open, const LabelValues& closed);
  /// Changes `open_values` to the overflow's when there is no room for them.
  Series& series_of(LabelValues& open_values);
  void remove(const Series& series);

  ::prometheus::Family<Metric>& family_;
  std::vector<Label> labels_;
  std::vector<double> buckets_;
  std::size_t max_open_;
  std::mutex mutex_;
  std::map<LabelValues, Series> open_;
};

using CounterFamily = Family<::prometheus::Counter>;
using GaugeFamily = Family<::prometheus::Gauge>;
using HistogramFamily = Family<::prometheus::Histogram>;

class Metrics {
 public:
  explicit Metrics(std::size_t max_open = kMaxOpen) : max_open_(max_open) {}

  /// Asking again for a name gives the same family; the first labels stand. Names must be valid Prometheus
  /// names: they are literals of this program, and std::invalid_argument says so at start.
  CounterFamily& counter(const std::string& name, const std::string& help, std::vector<Label> labels = {});
  GaugeFamily& gauge(const std::string& name, const std::string& help, std::vector<Label> labels = {});
  /// `buckets`: upper bounds in rising order, without +Inf.
  HistogramFamily& histogram(const std::string& name, const std::string& help, std::vector<double> buckets,
                             std::vector<Label> labels = {});

  /// `refresh` is called at the start of each text(), for as long as the caller keeps what is returned: it
  /// reads what is cheaper to look up than to follow. It must not call text().
  [[nodiscard]] std::shared_ptr<void> before_scrape(std::function<void()> refresh);

  /// Everything, sorted, in the text format 0.0.4.
  [[nodiscard]] std::string text();
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  template <class Metric>
  using Families = std::map<std::string, std::unique_ptr<Family<Metric>>>;

  std::size_t max_open_;
  std::mutex mutex_;
  ::prometheus::Registry registry_;
  Families<::prometheus::Counter> counters_;
  Families<::prometheus::Gauge> gauges_;
  Families<::prometheus::Histogram> histograms_;
  std::mutex scrape_mutex_;
  std::vector<std::weak_ptr<std::function<void()>>> refreshes_;
};

}  // namespace patchwave::runtime
