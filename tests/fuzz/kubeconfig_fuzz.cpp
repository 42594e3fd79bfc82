// kubeconfig files: a refusal names the file and never a secret, and what is taken can be used.
#include <yaml-cpp/yaml.h>

#include <string>
#include <string_view>

#include "operator/kube/kubeconfig.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
using kube::Kubeconfig;

constexpr const char* kFile = "/home/jane/.kube/config";
/// Seeds have it wherever a secret stands.
constexpr std::string_view kSecret = "s3cr3t";

std::size_t count_in(std::string_view text) {
  std::size_t count = 0;
  for (auto at = text.find(kSecret); at != std::string_view::npos; at = text.find(kSecret, at + 1)) ++count;
  return count;
}

std::size_t count_in(const YAML::Node& node) {
  return node.IsDefined() && node.IsScalar() ? count_in(node.Scalar()) : 0;
}

std::size_t count_in_user(const YAML::Node& user) {
  std::size_t count = 0;
  for (const char* key : {"token", "password"}) count += count_in(user[key]);
  const YAML::Node exec = user["exec"];
  if (!exec.IsDefined() || !exec.IsMap()) return count;
  for (const YAML::Node& argument : exec["args"]) count += count_in(argument);
  for (const YAML::Node& variable : exec["env"]) count += count_in(variable["value"]);
  return count;
}

/// Whether the word stands only where secrets belong, so that no message has a reason to hold it.
bool is_kept_to_its_places(std::string_view text) {
  std::size_t count = 0;
  try {
    const YAML::Node top = YAML::Load(std::string(text));
    for (const YAML::Node& user : top["users"]) count += count_in_user(user["user"]);
    for (const YAML::Node& cluster : top["clusters"]) {
      const YAML::Node server = cluster["cluster"]["server"];
      if (count_in(server) > 0 && server.Scalar().contains('@')) count += count_in(server);
    }
  } catch (const YAML::ParserException&) {
    // Nobody can say what is a secret and what is not.
    return true;
  } catch (const YAML::Exception&) {
    return false;
  }
  return count == count_in(text);
}

void check_material(const kube::Material& material) {
  expect(material.file.empty() || material.file.starts_with('/'), "a file's path is made absolute");
}

void check_cluster(const kube::KubeconfigCluster& cluster) {
  expect(cluster.server.starts_with("https://") || cluster.server.starts_with("http://"),
         "a server is a URL of HTTP");
  expect(cluster.server.find_first_of("?#@", cluster.server.find("://") + 3) == std::string::npos,
         "a server is no more than a host, a port and a path");
  expect(!cluster.insecure_skip_tls_verify || cluster.certificate_authority.empty(),
         "no cluster is verified and not verified");
  check_material(cluster.certificate_authority);
}

void check_user(const kube::KubeconfigUser& user) {
  expect(user.client_certificate.empty() == user.client_key.empty(), "certificate and key come together");
  expect(user.token_file.empty() || user.token_file.starts_with('/'), "a file's path is made absolute");
  check_material(user.client_certificate);
  check_material(user.client_key);
  if (!user.exec) return;
  expect(!user.exec->command.empty(), "a plugin has a command");
  expect(user.exec->command.find('/') == std::string::npos || user.exec->command.starts_with('/'),
         "a command is a bare name or an absolute path");
}

void check_merge(const Kubeconfig& config) {
  Kubeconfig merged;
  merged.merge(config);
  merged.merge(config);
  expect(merged.current_context == config.current_context &&
             merged.clusters.size() == config.clusters.size() && merged.users.size() == config.users.size() &&
             merged.contexts.size() == config.contexts.size(),
         "a file that comes twice says nothing new");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto config = kube::parse_kubeconfig(text, kFile);
  if (!config) {
    expect(config.error().kind == ErrorKind::Invalid, "what is no kubeconfig is invalid");
    expect(config.error().message.contains(kFile), "a refusal names the file");
    expect(count_in(config.error().message) == 0 || !is_kept_to_its_places(text),
           "a refusal holds no secret");
    return 0;
  }
  for (const auto& [name, cluster] : config->clusters) check_cluster(cluster);
  for (const auto& [name, user] : config->users) check_user(user);
  check_merge(*config);
  return 0;
}
