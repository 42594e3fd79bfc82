// Maintenance windows: intervals that open at a local time in an IANA zone and last for an elapsed time,
// right across changes of daylight saving.
//
// A local time that a change skips opens at the instant of the jump; one that it repeats opens once, the
// first time round. Where windows overlap or touch they are one. A deny window takes away from all of them,
// and covers both rounds of a repeated local time. Intervals include their begin and exclude their end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/api/common.hpp"

namespace patchwave::plan {

struct WindowState {
  bool open = false;
  /// Open: when it closes. Closed: when it opens next. Unset: never within the horizon (366 days).
  std::optional<Time> until;
  std::string reason;  ///< Closed: a deny window's words, "outside the allowed windows", or what is invalid.
};

/// Errors are Invalid and name the field: "spec.windows.allow[0].timeZone 'Mars/Base' is not …".
Result<void> validate(const api::Windows& windows, std::string_view field);
/// Windows that don't validate are closed.
WindowState window_state(const api::Windows& windows, Time now);
/// Whether something that takes `duration` and starts now ends within the open window.
bool fits(const WindowState& state, milliseconds duration, Time now);
/// The first open intervals from `from` on, at most `count`, each cut by the deny windows and to
/// [from, until). None for windows that don't validate.
struct Interval {
  Time begin;
  Time end;
  bool operator==(const Interval&) const = default;
};
std::vector<Interval> open_intervals(const api::Windows& windows, Time from, Time until, std::size_t count);

}  // namespace patchwave::plan
