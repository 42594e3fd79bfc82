// Registries as the configuration names them: plain HTTP or a CA of their own, and pull credentials.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "controllers/patch/decide.hpp"
#include "operator/base/clock.hpp"
#include "operator/process/configuration.hpp"
#include "operator/registry/registry.hpp"

namespace patchwave::process {

class Registries {
 public:
  explicit Registries(std::unique_ptr<registry::Registry> registry) : registry_(std::move(registry)) {}

  /// What the tag points at now, or in words why that is not known.
  [[nodiscard]] patch::Lookup resolve(const std::string& repository, const std::string& tag,
                                      std::stop_token stop) const;

 private:
  std::unique_ptr<registry::Registry> registry_;
};

/// CA and credential files are read once here, so that a wrong one is told at the start; they are read
/// again for each connection and look-up. `clock` must outlive the result.
Result<Registries> make_registries(const std::vector<RegistrySettings>& settings, const Clock& clock);

}  // namespace patchwave::process
