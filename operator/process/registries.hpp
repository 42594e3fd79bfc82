// Registries as the configuration names them: plain HTTP or a CA of their own, and pull credentials.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/discovery/registry.hpp"
#include "controllers/patch/reconcile.hpp"
#include "operator/base/clock.hpp"
#include "operator/kube/client.hpp"
#include "operator/process/configuration.hpp"
#include "operator/registry/registry.hpp"

namespace patchwave::process {

class Registries {
 public:
  Registries(registry::RegistryOptions options, const Clock& clock);

  /// What the tag points at now, or in words why that is not known. A registry that asks for a credential is
  /// given those of the image's pullers, which `client` reads, and then the configured one. What the former
  /// open is not kept.
  [[nodiscard]] patch::Lookup resolve(const patch::ImageQuestion& question, const kube::Client& client,
                                      std::stop_token stop) const;

  /// A repository to find newer versions in, asked in the same way. `client` must outlive it.
  [[nodiscard]] std::unique_ptr<discovery::Repository> open(const std::string& repository,
                                                            std::vector<patch::Puller> pullers,
                                                            const kube::Client& client,
                                                            std::stop_token stop) const;
  /// Told of the status of each answer, 0 where there is none. Before anything is asked.
  void observe(std::function<void(int status)> on_answer);

 private:
  registry::RegistryOptions options_;
  const Clock& clock_;
  std::unique_ptr<registry::Registry> registry_;  ///< For images that nobody pulls yet.
};

/// CA and credential files are read once here, so that a wrong one is told at the start; they are read
/// again for each connection and look-up. `clock` must outlive the result.
Result<Registries> make_registries(const std::vector<RegistrySettings>& settings, const Clock& clock);

}  // namespace patchwave::process
