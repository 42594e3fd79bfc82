#include "controllers/wave/watch_span.hpp"

namespace patchwave::wave {

Time WatchSpan::look(Time now, MonotonicTime monotonic) {
  const microseconds offset = now.time_since_epoch() - monotonic.time_since_epoch();
  const bool goes_on = span_ && std::chrono::abs(offset - span_->offset) <= kClockStep;
  if (goes_on) {
    span_->offset = offset;
  } else {
    span_ = Span{now, offset};
  }
  return span_->begin;
}

}  // namespace patchwave::wave
