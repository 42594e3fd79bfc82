// The ways to prove who we are. None of them ever puts a secret into a message.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/kube/client.hpp"
#include "operator/kube/command.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace patchwave::kube {

/// A fixed header: "Bearer …", "Basic …" or "".
class FixedCredentials final : public Credentials {
 public:
  explicit FixedCredentials(std::string authorization) : authorization_(std::move(authorization)) {}
  Result<std::string> authorization() override { return authorization_; }
  bool renew() override { return false; }

 private:
  std::string authorization_;
};

/// A bearer token in a file that somebody rotates (the kubelet, for service accounts): read again each
/// minute and after a 401. A file that can't be read leaves the last token in use.
class TokenFileCredentials final : public Credentials {
 public:
  TokenFileCredentials(std::string file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}
  Result<std::string> authorization() override;
  /// True when the file holds another token by now.
  bool renew() override;

 private:
  Result<void> read();  ///< Under mutex_.

  const std::string file_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string token_;
  MonotonicTime read_at_{};
};

/// What a plugin answered.
struct ExecCredential {
  std::string token;
  std::string client_certificate_pem;
  std::string client_key_pem;
  std::optional<Time> expires;
};

/// Parses the plugin's output. Protocol names the field that is wrong, never its content.
Result<ExecCredential> parse_exec_credential(const std::string& output, const ExecConfig& config);

/// The KUBERNETES_EXEC_INFO that the plugin gets: version, that there is no terminal and, when the
/// kubeconfig asks for it, the cluster.
std::string exec_info(const ExecConfig& config, const KubeconfigCluster& cluster, const std::string& ca_pem);

/// A credential plugin (client.authentication.k8s.io): run when there is no credential, when it has
/// expired and after a 401, at most every five seconds.
class ExecCredentials final : public Credentials {
 public:
  ExecCredentials(ExecConfig config, std::string info, const Clock& clock, RunCommand run);
  Result<std::string> authorization() override;
  bool renew() override;
  /// The credential as it is now, for its client certificate.
  Result<ExecCredential> current();

 private:
  Result<void> refresh();  ///< Under mutex_.

  const ExecConfig config_;
  const std::string info_;
  const Clock& clock_;
  const RunCommand run_;
  std::mutex mutex_;
  std::optional<ExecCredential> credential_;
  std::optional<MonotonicTime> ran_at_;
};

/// A file's content; Invalid names the file when it can't be read or is over `limit`.
Result<std::string> read_file(const std::string& file, std::size_t limit = 4 * 1024 * 1024);

}  // namespace patchwave::kube
