// Prometheus over a simple model: each ready pod is scraped at its own moments, and a workload's error ratio
// is that of the worst image among the pods that were scraped twice, as a rate's would be.
//
// It understands three kinds of expression: anything with ALERTS, which gives the alerts firing; anything
// with error_ratio{namespace="…",app="…"}, which gives one series for each workload that matches; and
// anything with up{namespace="…"}[…ms], which gives the scrapes over that span for each pod.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/http/transport.hpp"
#include "tests/simulation/cluster.hpp"

namespace patchwave::simulation {

class SimulatedPrometheus final : public http::Transport {
 public:
  /// `fails` is asked at every query; true makes it an outage of one of several kinds.
  SimulatedPrometheus(Cluster& cluster, Random& random, std::function<bool()> fails);

  Result<http::Response> send(const http::Request& request, const http::SendLimits& limits,
                              std::stop_token stop) override;
  Result<http::Response> stream(const http::Request& request, const http::StreamLimits& limits,
                                const http::OnData& on_data, std::stop_token stop) override;

 private:
  struct Step {
    Time since;
    std::optional<double> ratio;  ///< nullopt: no ready pod, so no sample.
  };
  using History = std::vector<Step>;  ///< Ascending; each holds until the next.
  /// One pod while it is ready.
  struct Scraped {
    kube::NamespacedName pod;
    kube::NamespacedName workload;  ///< Namespace and app.
    double ratio;
    Time first;  ///< Its first scrape; the others follow at the interval.
    std::optional<Time> ended;
  };

  void observe(const Change& change);
  void measure(const kube::NamespacedName& workload);
  [[nodiscard]] std::int64_t scrapes_between(const Scraped& pod, Time begin, Time end) const;
  [[nodiscard]] Json count_scrapes(const std::string& query, Time at) const;
  [[nodiscard]] static std::optional<double> ratio_at(const History& history, Time at);
  [[nodiscard]] static bool fires_at(const History& history, Time at);
  [[nodiscard]] Json evaluate(const std::string& query, const std::vector<Time>& at, bool range) const;
  Result<http::Response> outage(const http::SendLimits& limits);

  Cluster& cluster_;
  Random& random_;
  std::function<bool()> fails_;
  milliseconds scrape_interval_;
  std::map<kube::NamespacedName, History> histories_;  ///< By namespace and app.
  std::vector<Scraped> scraped_;
};

}  // namespace patchwave::simulation
