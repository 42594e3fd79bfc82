// How the record of one node moves from step to step, forward and back.
#pragma once

#include <string>

#include "controllers/wave/transition.hpp"

namespace patchwave::wave {

/// How often a node in work is looked at.
inline constexpr milliseconds kNodeLook{2'000};
/// Of a step's Job, when it was cut short or never began.
inline constexpr int kMostAttempts = 3;

void enter_step(api::TargetStatus& record, api::TargetState state, api::NodeStep step,
                const node::Observation& seen, Time now, std::string message);

/// The step's Job is to be made once more. False when it has been made often enough.
bool another_attempt(api::TargetStatus& record, const node::Observation& seen);

/// Since the step, or its attempt, began.
bool booted_anew(const api::TargetStatus& record, const node::Observation& seen);

}  // namespace patchwave::wave
