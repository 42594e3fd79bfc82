// Reading and writing of what a policy says of newer versions, and of what was found.
#pragma once

#include "controllers/api/object_reader.hpp"
#include "controllers/api/policy.hpp"

namespace patchwave::api {

std::optional<Updates> read_updates(const ObjectReader& spec);
Json print_updates(const Updates& updates);

std::optional<DiscoveryStatus> read_discovery(const ObjectReader& status);
Json print_discovery(const DiscoveryStatus& discovery);

}  // namespace patchwave::api
