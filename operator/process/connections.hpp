// The clients of the process: one for each kind of work, so that none can hold another up.
#pragma once

#include <memory>
#include <stop_token>

#include "operator/base/log.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/config.hpp"
#include "operator/kube/server_clock.hpp"
#include "operator/process/configuration.hpp"
#include "operator/prometheus/client.hpp"
#include "operator/runtime/patch_metrics.hpp"

namespace patchwave::process {

/// Where and who, from the configuration and the environment. Errors name file, field and value.
Result<kube::Connection> connect(const Configuration& configuration, const Clock& clock);

struct Clients {
  kube::Client work;     ///< Of the reconcilers: rate limited, ended by `stop`.
  kube::Client watches;  ///< Of the reflectors.
  kube::Client events;
  kube::Client lease;                               ///< No limit, no repeats, outlives the workers.
  std::shared_ptr<kube::ServerClock> server_clock;  ///< Hears `work` and `lease`.
};

/// `metrics` and `clock` must outlive the clients.
std::unique_ptr<Clients> make_clients(const kube::Connection& connection, const Configuration& configuration,
                                      runtime::RequestMetrics& metrics, const Clock& clock,
                                      std::stop_token stop);

/// Null when no Prometheus is configured.
Result<std::unique_ptr<prometheus::Client>> make_prometheus(const PrometheusSettings& settings);

}  // namespace patchwave::process
