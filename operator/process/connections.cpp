#include "operator/process/connections.hpp"

#include <thread>

#include "operator/http/cpprest_transport.hpp"
#include "operator/kube/credentials.hpp"
#include "operator/kube/lease.hpp"
#include "operator/kube/rate_gate.hpp"
#include "operator/kube/wait.hpp"
#include "operator/prometheus/access.hpp"

namespace patchwave::process {
namespace {

/// One may be under way when the process has to go down, which waits for it.
constexpr milliseconds kEventLimit{5'000};

kube::ClientOptions options_for(const kube::Connection& connection, runtime::RequestMetrics& metrics) {
  kube::ClientOptions options;
  options.transport = http::make_cpprest_transport(connection.endpoint.base_url, connection.current_endpoint);
  options.credentials = connection.credentials;
  options.observer = [&metrics](const std::string& method, const std::string&, int status, microseconds) {
    metrics.answered(method, status);
  };
  return options;
}

}  // namespace

Result<kube::Connection> connect(const Configuration& configuration, const Clock& clock) {
  kube::ConfigSource source;
  source.kubeconfig = configuration.kubeconfig;
  source.context = configuration.context;
  source.environment = kube::process_environment;
  return kube::load_connection(source, clock);
}

std::unique_ptr<Clients> make_clients(const kube::Connection& connection, const Configuration& configuration,
                                      runtime::RequestMetrics& metrics, const Clock& clock,
                                      std::stop_token stop) {
  auto work = options_for(connection, metrics);
  auto server_clock = std::make_shared<kube::ServerClock>(clock);
  work.server_clock = server_clock;
  const kube::RateLimit rate{configuration.kubernetes.qps, configuration.kubernetes.burst};
  work.gate = std::make_shared<kube::RateGate>(rate, rate, clock);
  work.stop = stop;
  work.sleep = [stop](milliseconds pause) { kube::wait_in_real_time(pause, stop); };

  auto watches = options_for(connection, metrics);
  watches.max_retries = 0;  // The list-and-watch protocol has its own back-off.

  auto events = options_for(connection, metrics);
  events.max_retries = 0;
  events.limits.total = kEventLimit;

  auto lease = options_for(connection, metrics);
  lease.server_clock = server_clock;
  lease.max_retries = 0;
  lease.limits.total = kube::request_limit({configuration.leader_election.lease_duration,
                                            configuration.leader_election.renew_deadline,
                                            configuration.leader_election.retry_period});
  return std::make_unique<Clients>(Clients{kube::Client(std::move(work)), kube::Client(std::move(watches)),
                                           kube::Client(std::move(events)), kube::Client(std::move(lease)),
                                           std::move(server_clock)});
}

Result<std::unique_ptr<prometheus::Client>> make_prometheus(const PrometheusSettings& settings) {
  if (settings.url.empty()) return std::unique_ptr<prometheus::Client>();
  const prometheus::AccessNames names{"prometheus.url", "prometheus.bearerTokenFile", "prometheus.caFile",
                                      "prometheus.basicAuth.username", "prometheus.basicAuth.passwordFile"};
  auto options = prometheus::open_access(
      {settings.url, settings.bearer_token_file, settings.ca_file, settings.username, settings.password_file},
      names, kube::read_file);
  if (!options) return fail(std::move(options.error()));
  options->limits.total = settings.timeout;
  return std::make_unique<prometheus::Client>(std::move(*options));
}

}  // namespace patchwave::process
