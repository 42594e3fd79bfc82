// Everything outside this program that a command may touch. main.cpp fills it with the real things, tests
// with strings and scripted servers.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/kube/client.hpp"
#include "operator/prometheus/access.hpp"

namespace patchwave::cli {

/// kubectl's flags for where and as whom; kubectl hands none of its own to a plugin.
struct ConnectOptions {
  std::string kubeconfig;
  std::string context;
  std::string cluster;
  std::string user;
  std::string server;
  std::string token;
  std::string as;
  std::string as_group;
  bool insecure_skip_tls_verify = false;
  milliseconds request_timeout{15'000};
};

struct Session {
  std::shared_ptr<kube::Client> client;
  std::string ns;  ///< Of the context; never empty.
};

struct Environment {
  std::ostream& out;
  std::ostream& err;
  std::istream& in;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool in_is_terminal = false;
  std::function<std::optional<std::string>(const std::string& name)> variable;
  const Clock& clock;
  std::function<Result<Session>(const ConnectOptions&)> connect;
  /// Between two looks of --watch. False ends the watch.
  std::function<bool(milliseconds)> wait;
  std::string program = "kubectl patchwave";  ///< As the user calls it, for help and hints.
  /// `timeout` is for each request.
  std::function<Result<prometheus::Client>(const prometheus::Access&, milliseconds timeout)> prometheus = {};
};

namespace exit_code {
inline constexpr int kOk = 0;
inline constexpr int kError = 1;       ///< Usage, the API server, not found, forbidden, not confirmed.
inline constexpr int kEndedBadly = 2;  ///< A wave that was watched ended in anything but Succeeded.
inline constexpr int kBlocked = 2;     ///< Nodes can't be drained.
inline constexpr int kTimedOut = 4;
}  // namespace exit_code

}  // namespace patchwave::cli
