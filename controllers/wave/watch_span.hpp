// Since when this process has been looking without a break. What was not watched is no proof of harm.
#pragma once

#include <optional>

#include "operator/base/clock.hpp"

namespace patchwave::wave {

/// A step of the time beyond this, against the monotonic clock, is a break: between two looks time has gone
/// by that this process did not live through (a virtual machine that stood still), or none has (a clock that
/// was put right). Less is within what API servers differ by.
inline constexpr seconds kClockStep{10};

class WatchSpan {
 public:
  /// A look that succeeded. The begin of the span that it belongs to.
  Time look(Time now, MonotonicTime monotonic);
  /// A look that failed: the next one begins anew.
  void interrupt() { span_.reset(); }

 private:
  struct Span {
    Time begin;
    microseconds offset;  ///< From monotonic to told time, at the latest look.
  };
  std::optional<Span> span_;
};

}  // namespace patchwave::wave
