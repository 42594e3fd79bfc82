// Reading the targets of a wave.
#pragma once

#include "controllers/inventory/stores.hpp"
#include "controllers/wave/snapshot.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::wave {

/// From the API server: what an act or an end depends on.
Result<target::LiveTarget> read_live(const kube::Client& client, const inventory::Stores& stores,
                                     const api::TargetStatus& record);
/// Its pods anew, from the API server too: what ends a rollback. The cache may not show yet a copy that came
/// up while nothing was heard, and after the end nobody looks for it.
Result<void> read_pods_live(const kube::Client& client, const api::TargetStatus& record,
                            target::LiveTarget& live);
/// From the caches: for watching many targets that nothing is done to.
target::LiveTarget read_cached(const inventory::Stores& stores, const api::TargetStatus& record);

}  // namespace patchwave::wave
