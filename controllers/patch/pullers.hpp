// Who pulls an image already, and so knows how to get at it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/inventory/stores.hpp"

namespace patchwave::patch {

/// How the pods of one workload pull their images.
struct Puller {
  std::string workload;  ///< "Deployment shop/web", for messages.
  std::string ns;
  std::vector<std::string> pull_secrets;  ///< Of the pod template.
  std::string service_account;            ///< Its pull secrets count where the template names none.
  bool operator==(const Puller&) const = default;
};

/// The workloads of `ns`, or of all namespaces when it is empty, with a container that runs some version of
/// `repository`. Of those that pull in the same way, one.
std::vector<Puller> pullers_of(const inventory::Stores& stores, std::string_view ns,
                               const std::string& repository);

}  // namespace patchwave::patch
