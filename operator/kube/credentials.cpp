#include "operator/kube/credentials.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "operator/base/json.hpp"
#include "operator/kube/encoding.hpp"

namespace patchwave::kube {
namespace {

constexpr seconds kReadTokenEach{60};
constexpr seconds kRunPluginEach{5};
// A credential that would expire on its way is as good as none.
constexpr seconds kExpiryMargin{5};
constexpr std::size_t kMaxToken = 64 * 1024;

void trim_end(std::string& text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
}

// A line break in a header would let a token's file write further headers.
bool is_header_safe(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

Result<std::string> read_file(const std::string& file, std::size_t limit) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(ErrorKind::Invalid, fmt::format("reading {}: {}", file, std::strerror(errno)));
  std::string text(limit + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return fail(ErrorKind::Invalid, fmt::format("reading {} failed", file));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.empty() && !stream.eof()) return fail(ErrorKind::Invalid, fmt::format("{} is not a file", file));
  if (text.size() > limit) return fail(ErrorKind::Invalid, fmt::format("{} is over {} bytes", file, limit));
  text.shrink_to_fit();
  return text;
}

Result<void> TokenFileCredentials::read() {
  read_at_ = clock_.monotonic();
  auto token = read_file(file_, kMaxToken);
  if (!token) return fail(token.error().within("the bearer token"));
  trim_end(*token);
  if (token->empty()) return fail(ErrorKind::Invalid, fmt::format("the bearer token: {} is empty", file_));
  if (!is_header_safe(*token)) {
    return fail(ErrorKind::Invalid, fmt::format("the bearer token: {} has several lines", file_));
  }
  token_ = std::move(*token);
  return {};
}

Result<std::string> TokenFileCredentials::authorization() {
  const std::scoped_lock lock(mutex_);
  if (token_.empty() || clock_.monotonic() - read_at_ >= kReadTokenEach) {
    if (auto done = read(); !done && token_.empty()) return fail(done.error());
  }
  return "Bearer " + token_;
}

bool TokenFileCredentials::renew() {
  const std::scoped_lock lock(mutex_);
  const std::string before = token_;
  return read().has_value() && token_ != before;
}

std::string exec_info(const ExecConfig& config, const KubeconfigCluster& cluster, const std::string& ca_pem) {
  Json spec{{"interactive", false}};
  if (config.provide_cluster_info) {
    Json told{{"server", cluster.server}};
    if (!cluster.tls_server_name.empty()) told["tls-server-name"] = cluster.tls_server_name;
    if (cluster.insecure_skip_tls_verify) told["insecure-skip-tls-verify"] = true;
    if (!ca_pem.empty()) told["certificate-authority-data"] = base64_encode(ca_pem);
    spec["cluster"] = std::move(told);
  }
  return print_json(
      {{"apiVersion", config.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}});
}

Result<ExecCredential> parse_exec_credential(const std::string& output, const ExecConfig& config) {
  const std::string what = fmt::format("the output of the credential plugin {}", config.command);
  // Not parse_json: its message quotes the text, which here is a secret.
  const Json json = Json::parse(output, nullptr, false);
  if (json.is_discarded()) return fail(ErrorKind::Protocol, what + " is not JSON");
  if (string_at(json, {"kind"}) != "ExecCredential") {
    return fail(ErrorKind::Protocol, what + ": kind is not ExecCredential");
  }
  if (string_at(json, {"apiVersion"}) != config.api_version) {
    return fail(ErrorKind::Protocol, fmt::format("{}: apiVersion is not {}", what, config.api_version));
  }
  ExecCredential credential;
  credential.token = string_at(json, {"status", "token"});
  credential.client_certificate_pem = string_at(json, {"status", "clientCertificateData"});
  credential.client_key_pem = string_at(json, {"status", "clientKeyData"});
  if (credential.client_certificate_pem.empty() != credential.client_key_pem.empty()) {
    return fail(ErrorKind::Protocol, what + ": clientCertificateData and clientKeyData belong together");
  }
  if (credential.token.empty() && credential.client_certificate_pem.empty()) {
    return fail(ErrorKind::Protocol, what + " has neither a token nor a client certificate");
  }
  if (!is_header_safe(credential.token))
    return fail(ErrorKind::Protocol, what + ": the token has several lines");
  if (find(json, {"status", "expirationTimestamp"}) != nullptr) {
    credential.expires = time_at(json, {"status", "expirationTimestamp"});
    if (!credential.expires) return fail(ErrorKind::Protocol, what + ": expirationTimestamp is not RFC 3339");
  }
  return credential;
}

ExecCredentials::ExecCredentials(ExecConfig config, std::string info, const Clock& clock, RunCommand run)
    : config_(std::move(config)), info_(std::move(info)), clock_(clock), run_(std::move(run)) {}

Result<void> ExecCredentials::refresh() {
  if (credential_ && (!credential_->expires || clock_.now() + kExpiryMargin < *credential_->expires))
    return {};
  Command command;
  command.argv = {config_.command};
  command.argv.insert(command.argv.end(), config_.args.begin(), config_.args.end());
  command.env = config_.env;
  command.env.emplace_back("KUBERNETES_EXEC_INFO", info_);
  ran_at_ = clock_.monotonic();
  const auto output = run_(command);
  if (!output) {
    Error error = output.error().within("the credential plugin");
    if (error.kind == ErrorKind::NotFound && !config_.install_hint.empty())
      error.message += "\n" + config_.install_hint;
    return fail(std::move(error));
  }
  auto credential = parse_exec_credential(*output, config_);
  if (!credential) return fail(std::move(credential.error()));
  credential_ = std::move(*credential);
  return {};
}

Result<ExecCredential> ExecCredentials::current() {
  const std::scoped_lock lock(mutex_);
  if (auto done = refresh(); !done) return fail(std::move(done.error()));
  return *credential_;
}

Result<std::string> ExecCredentials::authorization() {
  auto credential = current();
  if (!credential) return fail(std::move(credential.error()));
  return credential->token.empty() ? "" : "Bearer " + credential->token;
}

bool ExecCredentials::renew() {
  const std::scoped_lock lock(mutex_);
  if (ran_at_ && clock_.monotonic() - *ran_at_ < kRunPluginEach) return false;
  credential_.reset();
  return true;
}

}  // namespace patchwave::kube
