#include "tests/evaluation/peers.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace patchwave::evaluation {
namespace {

constexpr double kConfidence98 = 2.326348;
constexpr double kTolerance = 0.25;

/// The k-th smallest, counted from 0 and kept within.
double ranked(std::vector<double>& values, double rank) {
  const auto last = static_cast<double>(values.size()) - 1;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::clamp(std::floor(rank), 0.0, last));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double ratio_of(const judge::Count& count) {
  return count.exposure > 0 ? count.events / count.exposure : 0;
}

}  // namespace

std::optional<Shift> location_shift(const std::vector<double>& canary, const std::vector<double>& baseline,
                                    double z) {
  if (canary.empty() || baseline.empty()) return std::nullopt;
  std::vector<double> differences;
  differences.reserve(canary.size() * baseline.size());
  for (const double x : canary) {
    for (const double y : baseline) differences.push_back(x - y);
  }
  const auto pairs = static_cast<double>(differences.size());
  const auto all = static_cast<double>(canary.size() + baseline.size());
  const double deviation = std::sqrt(pairs * (all + 1) / 12);
  return Shift{ranked(differences, pairs / 2), ranked(differences, pairs / 2 - z * deviation)};
}

bool ranks_higher(const std::vector<double>& canary, const std::vector<double>& baseline, double z) {
  std::vector<std::pair<double, bool>> pooled;
  for (const double value : canary) pooled.emplace_back(value, true);
  for (const double value : baseline) pooled.emplace_back(value, false);
  std::ranges::sort(pooled);
  double ranks = 0;
  double ties = 0;
  for (std::size_t first = 0; first < pooled.size();) {
    auto last = first;
    while (last < pooled.size() && pooled[last].first == pooled[first].first) ++last;
    const auto tied = static_cast<double>(last - first);
    ties += tied * tied * tied - tied;
    for (auto at = first; at < last; ++at) {
      if (pooled[at].second) ranks += static_cast<double>(first + last + 1) / 2;
    }
    first = last;
  }
  const auto n = static_cast<double>(canary.size());
  const auto m = static_cast<double>(baseline.size());
  const auto variance = n * m / 12 * ((n + m + 1) - ties / ((n + m) * (n + m - 1)));
  const auto above = ranks - n * (n + 1) / 2 - n * m / 2 - 0.5;
  return variance > 0 && above > z * std::sqrt(variance);
}

bool KayentaRule::add(const judge::CountPair& minute) {
  canary_.push_back(ratio_of(minute.canary));
  baseline_.push_back(ratio_of(minute.baseline));
  if (canary_.size() < kMinutes) return false;
  const auto shift = location_shift(canary_, baseline_, kConfidence98);
  canary_.clear();
  baseline_.clear();
  return shift && shift->lower > kTolerance * std::abs(shift->estimate);
}

bool ThresholdRule::add(const judge::CountPair& minute) {
  last_.push_back(minute.canary);
  if (last_.size() > kMinutes) last_.erase(last_.begin());
  judge::Count sum;
  for (const auto& count : last_) {
    sum.events += count.events;
    sum.exposure += count.exposure;
  }
  above_ = ratio_of(sum) > limit_ ? above_ + 1 : 0;
  return above_ >= kMinutes;
}

}  // namespace patchwave::evaluation
