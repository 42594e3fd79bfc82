#include "operator/process/pull_credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "operator/http/url.hpp"

namespace patchwave::process {
namespace {

const kube::Resource kServiceAccounts{"", "v1", "serviceaccounts", "ServiceAccount"};

constexpr int kMostReads = 16;

/// A field of an object's `data`, decoded; nullopt when it is absent or no base64.
std::optional<std::string> data_of(const Json& secret, std::string_view key) {
  const std::string text = string_at(secret, {"data", key});
  return text.empty() ? std::nullopt : http::base64_decode(text);
}

class Reading {
 public:
  Reading(const kube::Client& client, const std::string& host, const std::string& repository)
      : client_(client), host_(host), repository_(repository) {}

  void look_at(const patch::Puller& puller) {
    registry::DockerConfig config;
    for (const auto& name : secrets_of(puller)) {
      const std::string what =
          fmt::format("Secret {}/{}, which {} pulls with,", puller.ns, name, puller.workload);
      const auto secret = read(kube::resources::kSecrets, puller.ns, name, what);
      if (secret) add(config, *secret, what);
    }
    const auto credential = config.find(host_, repository_);
    if (!credential) {
      found_.problems.push_back(
          fmt::format("a pull secret of {}: {}", puller.workload, credential.error().message));
    } else if (*credential &&
               std::ranges::find(found_.credentials, **credential) == found_.credentials.end()) {
      found_.credentials.push_back(**credential);
    }
  }

  PullCredentials end() && { return std::move(found_); }

 private:
  /// As the ServiceAccount admission of the API server fills them in.
  std::vector<std::string> secrets_of(const patch::Puller& puller) {
    if (!puller.pull_secrets.empty()) return puller.pull_secrets;
    const auto account = read(kServiceAccounts, puller.ns, puller.service_account,
                              fmt::format("ServiceAccount {}/{} of {}, which may name pull secrets,",
                                          puller.ns, puller.service_account, puller.workload));
    std::vector<std::string> names;
    if (!account) return names;
    for (const auto& reference : array_at(*account, {"imagePullSecrets"})) {
      names.push_back(string_at(reference, {"name"}));
    }
    return names;
  }

  std::optional<Json> read(const kube::Resource& resource, const std::string& ns, const std::string& name,
                           const std::string& what) {
    if (reads_ == kMostReads) {
      found_.problems.push_back(
          fmt::format("{} was not looked at: {} objects were read before it", what, reads_));
      return std::nullopt;
    }
    ++reads_;
    auto object = client_.get(resource, ns, name);
    if (object) return std::move(*object);
    switch (object.error().kind) {
      case ErrorKind::Forbidden:
        found_.problems.push_back(
            fmt::format("{} may not be read by the operator: grant get on it, for instance by the chart's "
                        "value rbac.pullSecrets",
                        what));
        break;
      case ErrorKind::NotFound:
        found_.problems.push_back(what + " does not exist");
        break;
      default:
        found_.problems.push_back(fmt::format("{} could not be read: {}", what, object.error().message));
    }
    return std::nullopt;
  }

  void add(registry::DockerConfig& config, const Json& secret, const std::string& what) {
    const std::string type = string_at(secret, {"type"});
    Result<void> added;
    if (type == "kubernetes.io/dockerconfigjson") {
      const auto text = data_of(secret, ".dockerconfigjson");
      added = text ? config.add(*text) : fail(ErrorKind::Invalid, "it has no .dockerconfigjson");
    } else if (type == "kubernetes.io/dockercfg") {
      const auto text = data_of(secret, ".dockercfg");
      added = text ? config.add_entries(*text) : fail(ErrorKind::Invalid, "it has no .dockercfg");
    } else {
      added = fail(
          ErrorKind::Invalid,
          fmt::format("its type is '{:.100}', not kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg",
                      type));
    }
    if (!added) found_.problems.push_back(fmt::format("{} is of no use: {}", what, added.error().message));
  }

  const kube::Client& client_;
  const std::string& host_;
  const std::string& repository_;
  int reads_ = 0;
  PullCredentials found_;
};

}  // namespace

PullCredentials read_pull_credentials(const kube::Client& client, const std::vector<patch::Puller>& pullers,
                                      const std::string& host, const std::string& repository) {
  Reading reading(client, host, repository);
  for (const auto& puller : pullers) reading.look_at(puller);
  return std::move(reading).end();
}

}  // namespace patchwave::process
