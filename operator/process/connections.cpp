#include "operator/process/connections.hpp"

#include <fmt/format.h>

#include <thread>

#include "operator/http/cpprest_transport.hpp"
#include "operator/http/url.hpp"
#include "operator/kube/credentials.hpp"
#include "operator/kube/lease.hpp"
#include "operator/kube/rate_gate.hpp"
#include "operator/kube/wait.hpp"

namespace patchwave::process {
namespace {

constexpr std::size_t kMaxSmallFile = 64 * 1024;
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

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// Read for every request: whoever rotates the file needs to tell nobody.
Result<std::string> authorization_of(const PrometheusSettings& settings) {
  if (!settings.bearer_token_file.empty()) {
    auto token = kube::read_file(settings.bearer_token_file, kMaxSmallFile);
    if (!token) return fail(token.error().within("prometheus.bearerTokenFile"));
    return "Bearer " + without_line_end(std::move(*token));
  }
  if (settings.username.empty()) return std::string();
  auto password = kube::read_file(settings.password_file, kMaxSmallFile);
  if (!password) return fail(password.error().within("prometheus.basicAuth.passwordFile"));
  return http::basic_authorization(settings.username, without_line_end(std::move(*password)));
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
  auto url = http::parse_url(settings.url);
  if (!url) return fail(url.error().within("prometheus.url"));
  http::Endpoint endpoint;
  endpoint.base_url = url->origin();
  const auto current = [endpoint, file = settings.ca_file]() -> Result<http::Endpoint> {
    auto fresh = endpoint;
    if (file.empty()) return fresh;
    auto ca = kube::read_file(file);
    if (!ca) return fail(ca.error().within("prometheus.caFile"));
    fresh.ca_pem = std::move(*ca);
    return fresh;
  };
  if (auto usable = current(); !usable) return fail(std::move(usable.error()));
  prometheus::ClientOptions options;
  options.transport = http::make_cpprest_transport(endpoint.base_url, current);
  options.path_prefix = url->target == "/" ? "" : url->target;
  options.authorization = [settings] { return authorization_of(settings); };
  options.limits.total = settings.timeout;
  return std::make_unique<prometheus::Client>(std::move(options));
}

}  // namespace patchwave::process
