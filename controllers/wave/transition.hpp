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

/// Whether one more target may begin: nothing holds it, and the budget has a place, which it takes. Else a
/// hold.
bool may_begin(Pass& pass, const api::TargetStatus& record);

/// True when what is on record is not there any more; the record is moved on. `replaced`: another of its name
/// is.
bool vanished(const Pass& pass, bool exists, bool replaced, std::string_view replaced_words,
              api::TargetStatus& record);

/// True when the finding is Harm, which is noted for the wave and on the record.
bool shows_harm(Pass& pass, const judge::Finding& finding, api::TargetStatus& record);

/// What an Undecided finding means for a target whose state began at its stateSinceTime: a hold until the
/// next look, or what onUndecided says. True when it is to go on without a verdict.
bool goes_on_undecided(Pass& pass, const judge::Finding& finding, const api::TargetStatus& record,
                       bool complete);

}  // namespace patchwave::wave
