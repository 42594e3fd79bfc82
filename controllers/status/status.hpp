// Reading our own kinds live and writing their status: what every reconciler here begins and ends with.
#pragma once

#include <optional>
#include <string>

#include "controllers/api/common.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::status {

/// "ns/name" of a work queue taken apart.
kube::NamespacedName split_key(const std::string& key);

/// The object is not there, as opposed to its kind not being served.
bool is_gone(const Error& error);

/// From the API server; nullopt when it does not exist.
Result<std::optional<Json>> read(const kube::Client& client, const kube::Resource& resource,
                                 const std::string& key);

/// Replaces the status of `object` as it was read: a Conflict when it has changed since.
Result<void> write(const kube::Client& client, const kube::Resource& resource, const Json& object,
                   Json new_status);

/// Says on the object itself why its spec can't be used: Ready=False, Stalled=True, reason InvalidSpec. For
/// objects that are older than the schema, or that only a look at the whole shows to be wrong. Returns
/// `error`, so that the controller waits for a change, or why it could not be said.
Error report_invalid(const kube::Client& client, const kube::Resource& resource, const Json& object,
                     const Error& error, Time now);

}  // namespace patchwave::status
