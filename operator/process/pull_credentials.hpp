// The credentials that workloads pull an image with, read from the API server at the moment they are needed.
#pragma once

#include <string>
#include <vector>

#include "controllers/patch/pullers.hpp"
#include "operator/kube/client.hpp"
#include "operator/registry/docker_config.hpp"

namespace patchwave::process {

struct PullCredentials {
  std::vector<registry::Credential> credentials;  ///< In the order of the pullers, each once.
  /// Why a secret could not be used and what would help: name of the secret, never its content.
  std::vector<std::string> problems;
};

/// Reads the pull secrets of `pullers`, at most 16 objects, and finds in those of each puller the entry for
/// the image as the kubelet would. RBAC: secrets get and serviceaccounts get, by name and in the namespaces
/// that were granted.
PullCredentials read_pull_credentials(const kube::Client& client, const std::vector<patch::Puller>& pullers,
                                      const std::string& host, const std::string& repository);

}  // namespace patchwave::process
