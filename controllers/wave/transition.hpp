// How the record of one target moves from state to state, whatever its kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controllers/wave/progress.hpp"

namespace patchwave::wave {

void enter(api::TargetStatus& record, api::TargetState state, Time now, std::string message);

inline void skip(api::TargetStatus& record, Time now, std::string message) {
  enter(record, api::TargetState::Skipped, now, std::move(message));
}

void held(Pass& pass, const api::TargetStatus& record, std::string_view reason, std::string_view message,
          std::optional<Time> until = std::nullopt);

/// What an Undecided finding means for a target whose state began at its stateSinceTime: a hold until the
/// next look, or what onUndecided says. True when it is to go on without a verdict.
bool goes_on_undecided(Pass& pass, const judge::Finding& finding, const api::TargetStatus& record,
                       bool complete);

}  // namespace patchwave::wave
