// From raw samples of counters to what they rose by.
//
// Prometheus' own rate() and increase() do not see the birth of a series (prometheus/prometheus#1673): the
// first errors of a new pod, which are those that matter, are lost. Here what a counter shows at its first
// sample counts when it is known to have begun at zero. Whatever is not known is missing, which is not zero.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "operator/prometheus/client.hpp"

namespace patchwave::prometheus {

/// What a counter rose by from the sample before, or from zero, up to this one.
struct Increment {
  Time time;
  double value = 0;
};
struct Rise {
  std::map<std::string, std::string> labels;
  std::vector<Increment> increments;  ///< Ascending in time. Zero is known to be zero.
};

/// What Prometheus scrapes as one: series of the same labels job, instance and pod.
using Target = std::tuple<std::string, std::string, std::string>;
Target target_of(const std::map<std::string, std::string>& labels);

/// When targets were scraped, as far as their samples tell. One scrape gives all series of a target, so a
/// series that comes later than another of its target did not exist before.
class Scrapes {
 public:
  Scrapes(std::initializer_list<const std::vector<Series>*> all);
  /// Ascending, each once.
  [[nodiscard]] std::span<const Time> of(const Target& target) const;
  /// The median distance between scrapes of a target; nullopt when none was scraped twice.
  [[nodiscard]] std::optional<microseconds> period() const;

 private:
  std::map<Target, std::vector<Time>> times_;
};

struct RiseOptions {
  Time since;  ///< Increments up to this time are left out; samples of before it are where they begin.
  std::map<std::string, Time> born;       ///< Pods, by name, whose counters began at zero then.
  microseconds stale_after{300'000'000};  ///< Prometheus' lookback.
};

/// Samples in any order; of those at one time the greatest counts, and what is not finite or is negative is
/// no sample. A fall is a reset: the counter began at zero in between. A series begins at zero when its
/// target was scraped before without it, or at its first scrape when its pod was born since `since`. After a
/// gap of `stale_after` in the scrapes of a target nobody can say when it rose, so it begins anew.
std::vector<Rise> rises(const std::vector<Series>& series, const Scrapes& scrapes,
                        const RiseOptions& options);

/// The two counters of a classic histogram at one of its edges. Only scrapes that have both count: without
/// its bucket, a count says nothing of how many were slow.
struct EdgeCounters {
  std::vector<Series> slower;  ///< Observations above the edge.
  std::vector<Series> all;
};
/// `counts` are the series of …_count, `buckets` those of …_bucket at the edge; matched by all labels but
/// `le` and the name.
EdgeCounters split_at_edge(const std::vector<Series>& counts, const std::vector<Series>& buckets);

}  // namespace patchwave::prometheus
