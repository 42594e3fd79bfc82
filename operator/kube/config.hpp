// Which API server, and as whom: from a kubeconfig or from the pod this runs in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/command.hpp"

namespace patchwave::kube {

struct ConfigSource {
  std::string kubeconfig;  ///< --kubeconfig; "" when not given.
  std::string context;     ///< --context; "" for current-context.
  std::string cluster;     ///< --cluster: another entry of `clusters` than the context's; "" for that one.
  std::string user;        ///< --user: another entry of `users` than the context's; "" for that one.
  /// The environment: KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT. nullopt when unset.
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::string service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  RunCommand run = run_command;  ///< How credential plugins are run.
};

/// The process's own environment.
std::optional<std::string> process_environment(const std::string& name);

struct Connection {
  http::Endpoint endpoint;
  /// Reads files and asks plugins again: the endpoint for the next connection, after a rotation. The base
  /// URL never changes. Safe to call from several threads.
  std::function<Result<http::Endpoint>()> current_endpoint;
  std::shared_ptr<Credentials> credentials;
  std::string namespace_;  ///< Of the context or of the service account; "default" when it says none.
  std::string origin;      ///< `context "dev"` or `the service account`, for people.
};

/// Looks, in this order, at `kubeconfig`, the list in KUBECONFIG, the pod's service account and
/// ~/.kube/config; the first that is there decides. `clock` must outlive the result.
///
/// Files of a KUBECONFIG list that do not exist are passed over, as kubectl does; one that was named by
/// --kubeconfig must exist. Invalid names file, field and value.
Result<Connection> load_connection(const ConfigSource& source, const Clock& clock);

}  // namespace patchwave::kube
