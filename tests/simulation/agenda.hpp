// What happens next in virtual time. Nothing is polled: a run costs what happens in it, not how long it
// lasts.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "operator/base/clock.hpp"

namespace patchwave::simulation {

class Agenda {
 public:
  explicit Agenda(ManualClock& clock) : clock_(clock) {}

  [[nodiscard]] MonotonicTime now() const { return clock_.monotonic(); }

  void after(microseconds delay, std::function<void()> what) {
    entries_.push_back({clock_.monotonic() + delay, sequence_++, std::move(what)});
    std::push_heap(entries_.begin(), entries_.end(), later);
  }

  [[nodiscard]] std::optional<MonotonicTime> next() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.front().when);
  }

  /// Carries out everything due up to `until`, in order of time and then of entry, and leaves the clock
  /// there.
  void run_until(MonotonicTime until) {
    while (!entries_.empty() && entries_.front().when <= until) {
      std::pop_heap(entries_.begin(), entries_.end(), later);
      const Entry entry = std::move(entries_.back());
      entries_.pop_back();
      if (entry.when > clock_.monotonic()) clock_.advance(entry.when - clock_.monotonic());
      entry.what();
    }
    if (until > clock_.monotonic()) clock_.advance(until - clock_.monotonic());
  }
  void run_for(microseconds span) { run_until(clock_.monotonic() + span); }

 private:
  struct Entry {
    MonotonicTime when;
    std::uint64_t sequence;
    std::function<void()> what;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
  }

  ManualClock& clock_;
  std::uint64_t sequence_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace patchwave::simulation
