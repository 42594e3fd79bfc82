// kubeconfig files as kubectl reads them (clientcmd/api/v1), before anything they point to is opened.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/base/result.hpp"

namespace patchwave::kube {

/// Material that a kubeconfig holds inline (decoded) or names as a file (absolute, or relative to the
/// kubeconfig's folder and made absolute). Inline wins.
struct Material {
  std::string inline_text;
  std::string file;
  [[nodiscard]] bool empty() const { return inline_text.empty() && file.empty(); }
};

struct ExecConfig {
  std::string api_version;  ///< "client.authentication.k8s.io/v1" or ".../v1beta1"
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< On top of this process's own.
  std::string install_hint;
  bool provide_cluster_info = false;
};

struct KubeconfigCluster {
  std::string origin;  ///< `kubeconfig FILE: clusters["NAME"]`, for messages.
  std::string server;
  Material certificate_authority;
  std::string tls_server_name;
  bool insecure_skip_tls_verify = false;
};

struct KubeconfigUser {
  std::string origin;
  Material client_certificate;
  Material client_key;
  std::string token;
  std::string token_file;
  std::string username;
  std::string password;
  std::optional<ExecConfig> exec;
};

struct KubeconfigContext {
  std::string origin;
  std::string cluster;
  std::string user;
  std::string ns;
};

/// Several files merged: for each name, and for current-context, the first file that has it wins.
struct Kubeconfig {
  std::string current_context;
  std::map<std::string, KubeconfigCluster> clusters;
  std::map<std::string, KubeconfigUser> users;
  std::map<std::string, KubeconfigContext> contexts;

  void merge(Kubeconfig later);
};

/// Invalid names `file`, the field and, unless it is a secret, its value. What this program can't honour
/// (proxy-url, auth-provider, impersonation, a path in the server's URL) is refused, never ignored.
Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& file);

}  // namespace patchwave::kube
