// How long to wait before the next try.
#pragma once

#include <algorithm>

#include "operator/base/clock.hpp"

namespace patchwave::kube {

/// Doubles from `first` to `longest`, each with jitter of up to its own length (client-go's reflector:
/// 800 ms, 30 s, jitter 1.0), and starts over after `healthy` of undisturbed work.
class Backoff {
 public:
  struct Settings {
    milliseconds first{800};
    milliseconds longest{30'000};
    milliseconds healthy{120'000};
  };
  Backoff() = default;
  explicit Backoff(Settings settings) : settings_(settings), next_(settings.first) {}

  /// `random` in [0, 1).
  milliseconds next(double random) {
    const milliseconds base = next_;
    next_ = std::min(next_ * 2, settings_.longest);
    return base + milliseconds(static_cast<milliseconds::rep>(static_cast<double>(base.count()) * random));
  }
  /// What was tried last held for this long.
  void worked_for(microseconds time) {
    if (time >= settings_.healthy) next_ = settings_.first;
  }

 private:
  Settings settings_;
  milliseconds next_ = Settings{}.first;
};

}  // namespace patchwave::kube
