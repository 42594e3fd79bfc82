#include "operator/cli/session.hpp"

#include <thread>
#include <utility>

#include "operator/http/cpprest_transport.hpp"
#include "operator/kube/config.hpp"
#include "operator/kube/credentials.hpp"

namespace patchwave::cli {
namespace {

constexpr const char* kUserAgent = "kubectl-patchwave/" PATCHWAVE_VERSION;
/// Of one metric: forty pods for a week, at a scrape each 15 s, are 1.6 million samples.
constexpr std::size_t kMostSamples = 3'000'000;
constexpr std::size_t kLargestAnswer = 96 * 1024 * 1024;

/// Adds headers to every request: impersonation (--as, --as-group).
class HeaderTransport final : public http::Transport {
 public:
  HeaderTransport(std::shared_ptr<http::Transport> inner, http::Headers headers)
      : inner_(std::move(inner)), headers_(std::move(headers)) {}

  Result<http::Response> send(const http::Request& request, const http::SendLimits& limits,
                              std::stop_token stop) override {
    return inner_->send(with_headers(request), limits, std::move(stop));
  }
  Result<http::Response> stream(const http::Request& request, const http::StreamLimits& limits,
                                const http::OnData& on_data, std::stop_token stop) override {
    return inner_->stream(with_headers(request), limits, on_data, std::move(stop));
  }

 private:
  [[nodiscard]] http::Request with_headers(http::Request request) const {
    request.headers.insert(headers_.begin(), headers_.end());
    return request;
  }

  std::shared_ptr<http::Transport> inner_;
  http::Headers headers_;
};

Result<kube::Connection> load(const ConnectOptions& options, const Clock& clock) {
  kube::ConfigSource source;
  source.kubeconfig = options.kubeconfig;
  source.context = options.context;
  source.cluster = options.cluster;
  source.user = options.user;
  source.environment = kube::process_environment;
  auto connection = kube::load_connection(source, clock);
  const bool needs_none = !options.server.empty() && options.kubeconfig.empty() && options.context.empty() &&
                          options.cluster.empty() && options.user.empty();
  if (connection || !needs_none) return connection;
  kube::Connection bare;
  bare.namespace_ = "default";
  bare.current_endpoint = [] { return Result<http::Endpoint>(http::Endpoint{}); };
  return bare;
}

/// What flags say over what the kubeconfig says.
void override_with_flags(const ConnectOptions& options, kube::Connection& connection) {
  if (!options.server.empty()) connection.endpoint.base_url = options.server;
  if (!options.token.empty()) {
    connection.credentials = std::make_shared<kube::FixedCredentials>("Bearer " + options.token);
  }
  if (!options.insecure_skip_tls_verify) return;
  connection.current_endpoint = [inner = std::move(connection.current_endpoint)]() -> Result<http::Endpoint> {
    auto endpoint = inner();
    if (endpoint) endpoint->insecure_skip_verify = true;
    return endpoint;
  };
}

}  // namespace

Result<Session> connect(const ConnectOptions& options, const Clock& clock) {
  if (options.as.empty() && !options.as_group.empty())
    return fail(ErrorKind::Invalid, "--as-group needs --as");
  auto connection = load(options, clock);
  if (!connection) return fail(connection.error());
  override_with_flags(options, *connection);

  http::initialize_http(1);
  auto transport = http::make_cpprest_transport(connection->endpoint.base_url, connection->current_endpoint);
  if (!options.as.empty()) {
    http::Headers headers = {{"Impersonate-User", options.as}};
    if (!options.as_group.empty()) headers.emplace("Impersonate-Group", options.as_group);
    transport = std::make_shared<HeaderTransport>(std::move(transport), std::move(headers));
  }
  kube::ClientOptions client;
  client.transport = std::move(transport);
  client.credentials = connection->credentials;
  client.user_agent = kUserAgent;
  client.limits.total = options.request_timeout;
  client.sleep = [](milliseconds pause) { std::this_thread::sleep_for(pause); };
  return Session{std::make_shared<kube::Client>(std::move(client)), connection->namespace_};
}

Result<prometheus::Client> open_prometheus(const prometheus::Access& access, milliseconds timeout) {
  http::initialize_http(1);
  const prometheus::AccessNames names{"--from-prometheus", "--prometheus-token-file", "--prometheus-ca-file",
                                      "--prometheus-username", "--prometheus-password-file"};
  auto options = prometheus::open_access(access, names, kube::read_file);
  if (!options) return fail(std::move(options.error()));
  options->limits = {timeout, kLargestAnswer};
  options->max_samples = kMostSamples;
  options->user_agent = kUserAgent;
  return prometheus::Client(std::move(*options));
}

}  // namespace patchwave::cli
