// One node's way through a running wave.
#pragma once

#include "controllers/wave/progress.hpp"

namespace patchwave::wave {

/// Moves the record of node `index` as far as evidence allows, by one state or step at most.
void progress_node(Pass& pass, std::size_t index, api::TargetStatus& record);

/// Moves the record of a node in RollingBack or RollbackFailed.
void progress_node_rollback(Pass& pass, std::size_t index, api::TargetStatus& record);

/// The first step of the way back: nothing has to be undone on a node that was not touched.
void turn_back(api::TargetStatus& record);

/// Ready, and given back.
bool is_back(const Pass& pass, const node::Observation& seen);

/// Why the step that the record is at has failed on the node itself; nothing when it has not, was cut short,
/// or has not run. A node that lost its power takes the Job with it, and may say so before it tells its new
/// boot ID: a failure counts once the node has been there under the old one for a while after it.
std::optional<std::string> step_failure(const api::TargetStatus& record, const node::Observation& seen,
                                        Time now);

/// What the acts on the wave's nodes have in common. Precondition: the wave is one of nodes.
node::Work work_of(const Snapshot& snapshot);

}  // namespace patchwave::wave
