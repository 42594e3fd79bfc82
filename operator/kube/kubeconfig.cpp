#include "operator/kube/kubeconfig.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "operator/kube/encoding.hpp"

namespace patchwave::kube {
namespace {

/// Thrown within this file only: parse_kubeconfig turns it into a Result.
struct Refused {
  std::string message;
};

/// A mapping of the file together with the words for where it stands.
class Fields {
 public:
  Fields(const YAML::Node& node, std::string origin, std::string file)
      : node_(node), origin_(std::move(origin)), file_(std::move(file)) {
    if (node_.IsDefined() && !node_.IsNull() && !node_.IsMap()) throw Refused{origin_ + " is not a mapping"};
  }

  [[nodiscard]] const std::string& origin() const { return origin_; }
  [[nodiscard]] bool has(const char* key) const {
    const YAML::Node found = at(key);
    return found.IsDefined() && !found.IsNull();
  }
  [[nodiscard]] std::string text(const char* key) const {
    const YAML::Node found = at(key);
    if (!found.IsDefined() || found.IsNull()) return {};
    if (!found.IsScalar()) throw Refused{fmt::format("{}.{} is not a string", origin_, key)};
    return found.Scalar();
  }
  [[nodiscard]] bool flag(const char* key) const {
    const std::string value = text(key);
    if (value.empty() || value == "false") return false;
    if (value == "true") return true;
    throw Refused{fmt::format("{}.{}: \"{}\" is neither true nor false", origin_, key, value)};
  }
  [[nodiscard]] Fields fields(const char* key) const {
    return {has(key) ? at(key) : YAML::Node(YAML::NodeType::Map), fmt::format("{}.{}", origin_, key), file_};
  }
  [[nodiscard]] std::vector<YAML::Node> list(const char* key) const {
    std::vector<YAML::Node> elements;
    if (!has(key)) return elements;
    const YAML::Node found = at(key);
    if (!found.IsSequence()) throw Refused{fmt::format("{}.{} is not a list", origin_, key)};
    for (const YAML::Node& element : found) elements.push_back(element);
    return elements;
  }
  /// A path, relative to the file's folder.
  [[nodiscard]] std::string path(const char* key) const {
    const std::string value = text(key);
    return value.empty() ? value : (std::filesystem::path(file_).parent_path() / value).string();
  }
  [[nodiscard]] Material material(const char* key) const {
    const std::string data_key = std::string(key) + "-data";
    const auto decoded = base64_decode(text(data_key.c_str()));
    if (!decoded) throw Refused{fmt::format("{}.{} is not base64", origin_, data_key)};
    return {*decoded, path(key)};
  }
  void refuse(const char* key, std::string_view why) const {
    if (has(key)) throw Refused{fmt::format("{}.{} can't be honoured: {}", origin_, key, why)};
  }

 private:
  [[nodiscard]] YAML::Node at(const char* key) const {
    return node_.IsMap() ? node_[key] : YAML::Node(YAML::NodeType::Undefined);
  }

  const YAML::Node node_;
  std::string origin_;
  std::string file_;
};

void check_server(const std::string& server, const std::string& origin) {
  if (server.find('@') != std::string::npos) {
    // What stands before it is likely a password, so it is not repeated.
    throw Refused{origin + ".server holds a user name; credentials have fields of their own in `users`"};
  }
  const auto scheme_end = server.find("://");
  const std::string scheme = server.substr(0, scheme_end);
  if (scheme_end == std::string::npos || (scheme != "https" && scheme != "http")) {
    throw Refused{fmt::format("{}.server: \"{}\" is not an https:// or http:// URL", origin, server)};
  }
  if (server.find_first_of("?#", scheme_end + 3) != std::string::npos) {
    throw Refused{fmt::format("{}.server: \"{}\" has more than a host, a port and a path", origin, server)};
  }
}

KubeconfigCluster read_cluster(const Fields& fields) {
  fields.refuse("proxy-url", "connections go to the server directly");
  KubeconfigCluster cluster;
  cluster.origin = fields.origin();
  cluster.server = fields.text("server");
  while (cluster.server.ends_with('/')) cluster.server.pop_back();
  check_server(cluster.server, fields.origin());
  cluster.certificate_authority = fields.material("certificate-authority");
  cluster.tls_server_name = fields.text("tls-server-name");
  cluster.insecure_skip_tls_verify = fields.flag("insecure-skip-tls-verify");
  if (cluster.insecure_skip_tls_verify && !cluster.certificate_authority.empty()) {
    throw Refused{fields.origin() +
                  ": insecure-skip-tls-verify and a certificate-authority exclude each other"};
  }
  return cluster;
}

ExecConfig read_exec(const Fields& fields, const std::string& file) {
  ExecConfig exec;
  exec.api_version = fields.text("apiVersion");
  if (exec.api_version != "client.authentication.k8s.io/v1" &&
      exec.api_version != "client.authentication.k8s.io/v1beta1") {
    throw Refused{
        fmt::format("{}.apiVersion: \"{}\" is not supported; client.authentication.k8s.io/v1 and v1beta1 are",
                    fields.origin(), exec.api_version)};
  }
  if (fields.text("interactiveMode") == "Always") {
    throw Refused{fields.origin() +
                  ".interactiveMode: \"Always\" needs a terminal, which this program has not"};
  }
  exec.command = fields.text("command");
  if (exec.command.empty()) throw Refused{fields.origin() + ".command is missing"};
  // As kubectl does: a bare name is looked up in PATH, anything with a slash is relative to the file.
  if (exec.command.find('/') != std::string::npos) exec.command = fields.path("command");
  for (const YAML::Node& argument : fields.list("args")) exec.args.push_back(argument.as<std::string>());
  for (const YAML::Node& variable : fields.list("env")) {
    const Fields pair(variable, fields.origin() + ".env[]", file);
    exec.env.emplace_back(pair.text("name"), pair.text("value"));
  }
  exec.install_hint = fields.text("installHint");
  exec.provide_cluster_info = fields.flag("provideClusterInfo");
  return exec;
}

KubeconfigUser read_user(const Fields& fields, const std::string& file) {
  fields.refuse("auth-provider", "it was removed from Kubernetes; use exec");
  for (const char* key : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    fields.refuse(key, "this program does not impersonate");
  }
  KubeconfigUser user;
  user.origin = fields.origin();
  user.client_certificate = fields.material("client-certificate");
  user.client_key = fields.material("client-key");
  if (user.client_certificate.empty() != user.client_key.empty()) {
    throw Refused{fields.origin() + ": client-certificate and client-key belong together, one is missing"};
  }
  user.token = fields.text("token");
  user.token_file = fields.path("tokenFile");
  user.username = fields.text("username");
  user.password = fields.text("password");
  if (fields.has("exec")) user.exec = read_exec(fields.fields("exec"), file);
  return user;
}

KubeconfigContext read_context(const Fields& fields) {
  return {fields.origin(), fields.text("cluster"), fields.text("user"), fields.text("namespace")};
}

/// A list of {name, <body>}: the first of a name counts.
template <class T, class Read>
std::map<std::string, T> read_named(const Fields& top, const char* list, const char* body, Read read,
                                    const std::string& file) {
  std::map<std::string, T> found;
  for (const YAML::Node& element : top.list(list)) {
    const Fields entry(element, fmt::format("kubeconfig {}: {}[]", file, list), file);
    const std::string name = entry.text("name");
    if (name.empty()) throw Refused{entry.origin() + ".name is missing"};
    const Fields inner(entry.has(body) ? element[body] : YAML::Node(YAML::NodeType::Map),
                       fmt::format("kubeconfig {}: {}[\"{}\"].{}", file, list, name, body), file);
    found.emplace(name, read(inner));
  }
  return found;
}

Kubeconfig read_all(std::string_view text, const std::string& file) {
  const Fields top(YAML::Load(std::string(text)), fmt::format("kubeconfig {}", file), file);
  if (const std::string kind = top.text("kind"); !kind.empty() && kind != "Config") {
    throw Refused{fmt::format("{}: kind is \"{}\", not Config", top.origin(), kind)};
  }
  Kubeconfig config;
  config.current_context = top.text("current-context");
  config.clusters = read_named<KubeconfigCluster>(top, "clusters", "cluster", read_cluster, file);
  config.users = read_named<KubeconfigUser>(
      top, "users", "user", [&file](const Fields& fields) { return read_user(fields, file); }, file);
  config.contexts = read_named<KubeconfigContext>(top, "contexts", "context", read_context, file);
  return config;
}

}  // namespace

void Kubeconfig::merge(Kubeconfig later) {
  if (current_context.empty()) current_context = std::move(later.current_context);
  clusters.merge(later.clusters);
  users.merge(later.users);
  contexts.merge(later.contexts);
}

Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& file) {
  try {
    return read_all(text, file);
  } catch (const Refused& refused) {
    return fail(ErrorKind::Invalid, refused.message);
  } catch (const YAML::Exception& error) {
    // After a colon the parser's own sentence quotes the file, of which any part may be a secret.
    const std::string_view sentence = std::string_view(error.msg).substr(0, error.msg.find(':'));
    return fail(ErrorKind::Invalid, fmt::format("kubeconfig {} is not readable YAML: line {}, column {}: {}",
                                                file, error.mark.line + 1, error.mark.column + 1, sentence));
  }
}

}  // namespace patchwave::kube
