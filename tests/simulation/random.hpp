// The one source of chance of a simulation. A seed fixes every draw, on every machine: the standard
// distributions differ between libraries, so none is used.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "operator/base/clock.hpp"

namespace patchwave::simulation {

/// SplitMix64 (Steele, Lea, Flood 2014): one 64-bit state, equidistributed, good enough for schedules.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31U);
  }
  /// In [0, 1).
  double fraction() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  bool chance(double probability) { return fraction() < probability; }
  /// In [low, high], both included. The bias of the remainder is far below what a schedule can show.
  int between(int low, int high) {
    const auto span = static_cast<std::uint64_t>(high - low) + 1;
    return low + static_cast<int>(next() % span);
  }
  milliseconds between(milliseconds low, milliseconds high) {
    const auto span = static_cast<std::uint64_t>((high - low).count()) + 1;
    return low + milliseconds(static_cast<std::int64_t>(next() % span));
  }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<std::size_t>(next() % from.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace patchwave::simulation
