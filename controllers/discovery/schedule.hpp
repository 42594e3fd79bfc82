// When registries are asked, and what a policy says of the last time. Pure.
#pragma once

#include "controllers/discovery/decide.hpp"

namespace patchwave::discovery {

/// The default interval of policies that say none.
struct Settings {
  milliseconds interval{3'600'000};
};

/// When it is time to ask: long ago for a spec that has not been looked for yet, and soon, but once a minute
/// at most, when a workload with a new repository has come.
Time due_time(const api::PatchPolicy& policy, bool has_new_repository);

/// When to ask next: after the interval and up to a tenth of it more, by `fraction` in [0, 1), so that
/// policies do not come all at once; when the first update that is held back is old enough, if that is
/// sooner; within five minutes after a failure, or when the registry that failed wants to be asked again, if
/// that is sooner than all that.
Time next_look(const api::PatchPolicy& policy, const Settings& settings, const Decision& decision,
               std::optional<milliseconds> retry_after, double fraction, Time now);

/// The condition UpdatesDiscovered.
api::Condition condition_of(const Decision& decision, std::size_t images);
/// The same for a rule that can't be used.
api::Condition condition_of(const Error& error);

}  // namespace patchwave::discovery
