// When registries are asked, and what a policy says of the last time. Pure.
#pragma once

#include "controllers/discovery/decide.hpp"

namespace patchwave::discovery {

/// The default interval of policies that say none.
struct Settings {
  milliseconds interval{3'600'000};
};

/// Whether it is time to ask. It is at once for a spec that has not been looked for yet.
bool is_due(const api::PatchPolicy& policy, Time now);

/// When to ask next: after the interval and up to a tenth of it more, by `fraction` in [0, 1), so that
/// policies do not come all at once; when the first update that is held back is old enough, if that is
/// sooner; after a failure within five minutes, but never before the registry wants to be asked again.
Time next_look(const api::PatchPolicy& policy, const Settings& settings, const Decision& decision,
               std::optional<milliseconds> retry_after, double fraction, Time now);

/// The condition UpdatesDiscovered.
api::Condition condition_of(const Decision& decision, std::size_t images);
/// The same for a rule that can't be used.
api::Condition condition_of(const Error& error);

}  // namespace patchwave::discovery
