#include "operator/process/operator.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <random>
#include <thread>

#include "controllers/assembly/assembly.hpp"
#include "operator/http/cpprest_transport.hpp"
#include "operator/http/server.hpp"
#include "operator/kube/events.hpp"
#include "operator/kube/lease.hpp"
#include "operator/process/caches.hpp"
#include "operator/process/connections.hpp"
#include "operator/process/feeds.hpp"
#include "operator/process/registries.hpp"
#include "operator/runtime/discovery_metrics.hpp"
#include "operator/runtime/manager.hpp"
#include "operator/runtime/process_metrics.hpp"
#include "operator/runtime/signals.hpp"

namespace patchwave::process {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

double random_fraction() {
  thread_local std::mt19937_64 engine(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

// Unique also between two starts of one pod: a successor must not take its predecessor's lease for its own.
std::string identity() {
  std::random_device device;
  return fmt::format("{}_{:08x}{:08x}", host_name(), device(), device());
}

kube::EventNote note_of(const api::Happening& happening) {
  const auto& [api_version, kind, ns, name, uid] = happening.regarding;
  return {{api_version, kind, ns, name, uid},
          happening.warning,
          happening.reason,
          happening.action,
          happening.note};
}

http::ServerOptions listen_on(const ListenAddress& address) {
  http::ServerOptions options;
  options.address = address.host.empty() ? "::" : address.host;
  options.port = address.port;
  return options;
}

// Holds a server between the manager's start and stop.
runtime::Service server_service(const std::string& name, http::ServerOptions options, Log& log) {
  auto server = std::make_shared<std::unique_ptr<http::Server>>();
  const auto start = [server, options, name, &log]() -> Result<void> {
    auto started = http::Server::start(options);
    if (!started) return fail(started.error().within(name));
    *server = std::move(*started);
    log.info("listening", {{"server", name}, {"address", options.address}, {"port", (*server)->port()}});
    return {};
  };
  return {name, start, [server] { server->reset(); }};
}

// One process's parts, in the order in which they depend on one another.
class Operator {
 public:
  Operator(const Configuration& configuration, kube::Connection connection, const Clock& clock, Log& log,
           std::unique_ptr<prometheus::Client> prometheus, Registries registries)
      : configuration_(configuration),
        connection_(std::move(connection)),
        log_(log),
        prometheus_(std::move(prometheus)),
        registries_(std::move(registries)),
        registry_requests_(metrics_),
        manager_({.overrun = [this] { give_up(); }}, log),
        requests_(metrics_, connection_.endpoint.base_url),
        clients_(make_clients(connection_, configuration, requests_, clock, manager_.calls_stop())),
        events_({.instance = host_name()}, clients_->events, *clients_->server_clock, log),
        feeds_(configuration.feeds, clock, log, metrics_),
        assembly_(surroundings()),
        caches_(stores_, clients_->watches, clock, log, metrics_),
        elector_(election_options(), clients_->lease, clock, log, random_fraction) {
    registries_.observe([this](int status) { registry_requests_.answered(status); });
  }

  Result<void> run() {
    runtime::add_build_info(metrics_, PATCHWAVE_VERSION, PATCHWAVE_REVISION);
    const auto process_metrics = runtime::add_process_metrics(metrics_);
    add_servers();
    caches_.add_to(manager_);
    feeds_.add_to(manager_, [this] { assembly_.feeds_changed(); });
    for (auto* controller : assembly_.controllers()) manager_.add_controller(*controller);
    add_events();
    add_election();
    const runtime::SignalWatch signals([this](int signal, int count) {
      if (count > 1) std::_Exit(1);
      manager_.request_stop(fmt::format("signal {}", signal));
    });
    log_.info("starting", {{"version", PATCHWAVE_VERSION},
                           {"apiServer", connection_.endpoint.base_url},
                           {"as", connection_.origin},
                           {"namespace", own_namespace()}});
    return manager_.run();
  }

 private:
  // Something of the old term still runs: only the end of the process keeps it from writing.
  [[noreturn]] void give_up() {
    log_.error("shutting down takes too long: the process ends without the rest of it");
    std::_Exit(1);
  }

  [[nodiscard]] std::string own_namespace() const {
    return configuration_.ns.empty() ? connection_.namespace_ : configuration_.ns;
  }

  assembly::Surroundings surroundings() {
    return {.client = clients_->work,
            .stores = stores_,
            .clock = *clients_->server_clock,
            .log = log_,
            .metrics = metrics_,
            .prometheus = prometheus_.get(),
            .stop = manager_.calls_stop(),
            .resolve =
                [this](const patch::ImageQuestion& question) {
                  return registries_.resolve(question, clients_->work, manager_.calls_stop());
                },
            .operator_namespace = own_namespace(),
            .gates = {configuration_.pod_gate.pull_deadline, configuration_.pod_gate.max_restarts,
                      configuration_.prometheus.query_interval, configuration_.prometheus.scrape_delay,
                      configuration_.judge.false_rollbacks_per_year, configuration_.judge.waves_per_year},
            .git_ops_managers = configuration_.git_ops_managers,
            .node_jobs = {configuration_.node_jobs.ns, configuration_.node_jobs.service_account},
            .workers = {configuration_.workers.policies, configuration_.workers.patches,
                        configuration_.workers.waves},
            .on_happening = [this](const api::Happening& happening) { events_.record(note_of(happening)); },
            .knowledge = {feeds_.reader(), nullptr, {configuration_.risk.deadlines, {}}},
            .open_repository =
                [this](const std::string& repository, std::vector<patch::Puller> pullers) {
                  return registries_.open(repository, std::move(pullers), clients_->work,
                                          manager_.calls_stop());
                },
            .discovery = {configuration_.discovery.interval},
            .random_fraction = random_fraction};
  }

  kube::LeaderElectorOptions election_options() {
    const auto& election = configuration_.leader_election;
    return {.ns = own_namespace(),
            .name = election.lease_name,
            .identity = identity(),
            .settings = {election.lease_duration, election.renew_deadline, election.retry_period},
            .on_started = [this] { elected_(); },
            .on_lost = [this] { lost_("the lease could not be renewed"); }};
  }

  void add_servers() {
    if (configuration_.metrics_address) {
      auto options = listen_on(*configuration_.metrics_address);
      options.routes["/metrics"] = [this](const http::Request&) {
        return http::Reply{200, runtime::Metrics::kContentType, metrics_.text()};
      };
      manager_.add_server(server_service("metrics", std::move(options), log_));
    }
    if (configuration_.health_address) {
      auto options = listen_on(*configuration_.health_address);
      const auto answer = [](const runtime::HealthReport& report) {
        return http::Reply{report.ok() ? 200 : 503, "text/plain; charset=utf-8", report.text()};
      };
      options.routes["/healthz"] = [this, answer](const http::Request&) { return answer(manager_.live()); };
      options.routes["/readyz"] = [this, answer](const http::Request&) { return answer(manager_.ready()); };
      manager_.add_server(server_service("health", std::move(options), log_));
    }
  }

  void add_events() {
    const auto start = [this]() -> Result<void> {
      event_thread_ = std::jthread([this](std::stop_token stop) { events_.run(stop); });
      return {};
    };
    const auto stop = [this] {
      event_thread_.request_stop();
      if (event_thread_.joinable()) event_thread_.join();
    };
    manager_.add_server({"events", start, stop});
  }

  void add_election() {
    auto& leader = runtime::leader_status(metrics_);
    const std::string name = configuration_.leader_election.lease_name;
    leader.set({name}, configuration_.leader_election.enabled ? 0 : 1);
    if (!configuration_.leader_election.enabled) return;
    const auto start = [this, &leader, name](
                           const std::function<void()>& elected,
                           const std::function<void(const std::string&)>& lost) -> Result<void> {
      elected_ = [elected, &leader, name] {
        leader.set({name}, 1);
        elected();
      };
      lost_ = [lost, &leader, name](const std::string& cause) {
        leader.set({name}, 0);
        lost(cause);
      };
      elector_thread_ = std::jthread([this](std::stop_token stop) { elector_.run(stop); });
      return {};
    };
    const auto release = [this] {
      elector_thread_.request_stop();
      if (elector_thread_.joinable()) elector_thread_.join();
      elector_.release();
    };
    manager_.set_election({start, release});
  }

  const Configuration& configuration_;
  kube::Connection connection_;
  Log& log_;
  std::unique_ptr<prometheus::Client> prometheus_;
  Registries registries_;
  runtime::Metrics metrics_;
  runtime::RegistryMetrics registry_requests_;
  runtime::Manager manager_;
  runtime::RequestMetrics requests_;
  std::unique_ptr<Clients> clients_;
  inventory::Stores stores_;
  kube::EventRecorder events_;
  Feeds feeds_;
  assembly::Assembly assembly_;
  Caches caches_;
  std::function<void()> elected_;
  std::function<void(const std::string&)> lost_;
  kube::LeaderElector elector_;
  std::jthread event_thread_;
  std::jthread elector_thread_;
};

// From connecting to the end of leadership, of the process, or of hope.
Result<void> run_once(const Configuration& configuration, const Clock& clock, Log& log) {
  auto connection = connect(configuration, clock);
  if (!connection) return fail(std::move(connection.error()));
  auto prometheus = make_prometheus(configuration.prometheus);
  if (!prometheus) return fail(std::move(prometheus.error()));
  auto registries = make_registries(configuration.registries, clock);
  if (!registries) return fail(std::move(registries.error()));
  Operator process(configuration, std::move(*connection), clock, log, std::move(*prometheus),
                   std::move(*registries));
  return process.run();
}

}  // namespace

int run_operator(const Configuration& configuration) {
  const SystemClock clock;
  Log log(clock, configuration.log_level, Log::standard_error());
  http::initialize_http();
  while (true) {
    const auto ended = run_once(configuration, clock, log);
    if (ended) {
      log.info("stopped");
      return 0;
    }
    const auto& error = ended.error();
    if (error.kind != ErrorKind::Cancelled) {
      log.error("can't go on", {{"error", error.message}, {"kind", to_string(error.kind)}});
      return 1;
    }
    // Nothing of the old term is left: every worker has ended and every cache is gone. Competing again from
    // here is what a restart of the process would do, without its back-off.
    log.warning("standing by anew", {{"cause", error.message}});
  }
}

}  // namespace patchwave::process
