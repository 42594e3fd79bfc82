// What the operator is told at start: one YAML file, and flags that override it.
//
// The keys are a table (configuration_keys.cpp); file, flags, messages and docs/reference/configuration.md
// come from it or are held to it by a test. Every key has a default, so an empty file is a valid one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/feeds/settings.hpp"
#include "controllers/risk/deadline.hpp"
#include "operator/base/clock.hpp"
#include "operator/base/log.hpp"
#include "operator/base/result.hpp"

namespace patchwave::process {

struct ListenAddress {
  std::string host;  ///< Empty: every address of this machine.
  std::uint16_t port = 0;
  bool operator==(const ListenAddress&) const = default;
};

struct WorkerCounts {
  int policies = 1;
  int patches = 2;
  int waves = 4;
  bool operator==(const WorkerCounts&) const = default;
};

struct RequestRate {
  double qps = 20;
  int burst = 30;
  bool operator==(const RequestRate&) const = default;
};

struct LeaderElectionSettings {
  bool enabled = true;
  std::string lease_name = "patchwave";
  milliseconds lease_duration{15'000};
  milliseconds renew_deadline{10'000};
  milliseconds retry_period{2'000};
  bool operator==(const LeaderElectionSettings&) const = default;
};

struct PrometheusSettings {
  std::string url;                ///< Empty: there is none, and gates that need one stay Undecided.
  std::string bearer_token_file;  ///< Read again for each request.
  std::string ca_file;
  std::string username;  ///< Basic authentication, with password_file.
  std::string password_file;
  milliseconds timeout{10'000};
  milliseconds query_interval{15'000};  ///< Least time between two looks at one gate.
  milliseconds scrape_delay{60'000};    ///< For new copies that it does not scrape itself to be measured.
  bool operator==(const PrometheusSettings&) const = default;
};

struct RegistrySettings {
  std::string host;  ///< "registry.example.com:5000", as in image names.
  bool plain_http = false;
  std::string ca_file;
  std::string credentials_file;  ///< A Docker config.json.
  std::string token_server;      ///< Host of another server that may be shown the credentials.
  bool operator==(const RegistrySettings&) const = default;
};

struct PodGateSettings {
  milliseconds pull_deadline{120'000};
  int max_restarts = 2;
  bool operator==(const PodGateSettings&) const = default;
};

/// From which each statistical gate that does not say its own alpha gets its share.
struct JudgeSettings {
  double false_rollbacks_per_year = 1;
  double waves_per_year = 1000;
  bool operator==(const JudgeSettings&) const = default;
};

/// Jobs that patch nodes.
struct NodeJobsSettings {
  std::string ns;  ///< Where they run, and nothing else does. Empty: no node is patched.
  std::string service_account = "patchwave-node-job";
  bool operator==(const NodeJobsSettings&) const = default;
};

struct RiskSettings {
  risk::DeadlinePolicy deadlines = risk::DeadlinePolicy::Bod2604;
  bool operator==(const RiskSettings&) const = default;
};

/// Looking for newer versions, for policies that ask for it.
struct DiscoverySettings {
  milliseconds interval{3'600'000};  ///< Of policies that say none.
  bool operator==(const DiscoverySettings&) const = default;
};

struct Configuration {
  std::string kubeconfig;  ///< Empty: $KUBECONFIG, else the pod's service account, else ~/.kube/config.
  std::string context;
  std::string ns;  ///< The operator's own namespace. Empty: that of the service account or the context.
  WorkerCounts workers;
  RequestRate kubernetes;
  LogLevel log_level = LogLevel::Info;
  std::optional<ListenAddress> metrics_address = ListenAddress{"", 8080};  ///< Unset: off.
  std::optional<ListenAddress> health_address = ListenAddress{"", 8081};
  LeaderElectionSettings leader_election;
  PrometheusSettings prometheus;
  std::vector<RegistrySettings> registries;
  /// Field managers that put their own image back continuously. A '*' stands for any characters.
  std::vector<std::string> git_ops_managers = {"argocd-*", "kustomize-controller", "helm-controller",
                                               "fleet-agent", "fleetagent"};
  PodGateSettings pod_gate;
  JudgeSettings judge;
  NodeJobsSettings node_jobs;
  RiskSettings risk;
  DiscoverySettings discovery;
  std::vector<feeds::FeedSettings> feeds;  ///< None: patches have no risk and no deadline.
  bool operator==(const Configuration&) const = default;
};

/// Reads YAML over `base`. Errors are Invalid and begin with `source` (a file's name): an unknown key is
/// named with the nearest known one, a bad value with its key and what is allowed.
Result<Configuration> parse_configuration(std::string_view yaml, const std::string& source,
                                          Configuration base = {});
/// At most 1 MiB is read.
Result<Configuration> read_configuration(const std::string& path);
/// What no single key can say: the election's durations in order, credentials that belong together.
Result<void> validate(const Configuration& configuration);

/// A key as people write it. `value` sets it from text, as a flag does.
struct KeyDescription {
  std::string name;           ///< "leaderElection.leaseName", "registries[].host"
  std::string flag;           ///< "--leader-election-lease-name"; "" for the parts of a list.
  std::string allowed;        ///< "a duration such as 15s"
  std::string default_value;  ///< As it would be written; "" when empty.
};
/// Every key there is, in the order of the reference page.
std::vector<KeyDescription> describe_keys();

struct Invocation {
  enum class Action : std::uint8_t { Run, PrintAndExit };
  Action action = Action::Run;
  std::string text;  ///< To print on standard output: help or version.
  Configuration configuration;
};

/// Reads the arguments (without the program's name), the file they name, and validates the whole.
Result<Invocation> parse_command_line(const std::vector<std::string>& arguments);

}  // namespace patchwave::process
