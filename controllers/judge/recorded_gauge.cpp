#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "controllers/judge/gauge.hpp"
#include "controllers/judge/recorded.hpp"
#include "controllers/judge/words.hpp"

namespace patchwave::judge {
namespace {

/// One series, its values as ratios of its own level before the change.
struct Unit {
  Arm arm = Arm::Baseline;
  double level = 0;
  std::vector<double> past;
  std::vector<std::pair<Time, double>> since;
};

struct Mean {
  double sum = 0;
  int count = 0;
  void add(double value) {
    sum += value;
    ++count;
  }
  [[nodiscard]] double value() const { return count == 0 ? 0 : sum / count; }
};

void put_in_order(std::vector<GaugeRow>& rows) {
  std::ranges::sort(rows, [](const GaugeRow& a, const GaugeRow& b) {
    return std::tie(a.time, a.arm, a.series, b.value) < std::tie(b.time, b.arm, b.series, a.value);
  });
  const auto repeated = std::ranges::unique(rows, [](const GaugeRow& a, const GaugeRow& b) {
    return std::tie(a.time, a.arm, a.series) == std::tie(b.time, b.arm, b.series);
  });
  rows.erase(repeated.begin(), repeated.end());
}

/// Units that have a level to be compared with and something to compare.
std::vector<Unit> make_units(const std::vector<GaugeRow>& rows, Time change) {
  std::map<std::pair<Arm, std::string_view>, Unit> units;
  for (const auto& row : rows) {
    auto& unit = units[{row.arm, row.series}];
    unit.arm = row.arm;
    if (row.time < change) {
      unit.past.push_back(row.value);
    } else {
      unit.since.emplace_back(row.time, row.value);
    }
  }
  std::vector<Unit> usable;
  for (auto& [name, unit] : units) {
    Mean level;
    for (const double value : unit.past) level.add(value);
    unit.level = std::abs(level.value());
    if (unit.level <= 0 || unit.since.empty()) continue;
    for (auto& value : unit.past) value = (value - level.value()) / unit.level;
    for (auto& [time, value] : unit.since) value = (value - level.value()) / unit.level;
    usable.push_back(std::move(unit));
  }
  return usable;
}

microseconds median_step(const std::vector<Unit>& units) {
  std::vector<microseconds> steps;
  for (const auto& unit : units) {
    for (std::size_t i = 1; i < unit.since.size(); ++i)
      steps.push_back(unit.since[i].first - unit.since[i - 1].first);
  }
  if (steps.empty()) return seconds(1);
  std::ranges::nth_element(steps, steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2));
  return std::max(microseconds(1), steps[steps.size() / 2]);
}

/// The longest that any unit's past asks for: a block must outlast the memory of the slowest.
int longest_block(const std::vector<Unit>& units) {
  int length = block_length(0);
  for (const auto& unit : units) length = std::max(length, block_length(lag_one_autocorrelation(unit.past)));
  return length;
}

/// What a block of time shows: each unit's mean change, by its place in `units`.
struct Block {
  Time end;
  std::map<std::size_t, Mean> changes;
};

/// Blocks that have ended: the last one may still grow.
std::vector<Block> make_blocks(const std::vector<Unit>& units, Time change, microseconds length) {
  std::map<std::int64_t, Block> blocks;
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (const auto& [time, value] : units[i].since) {
      auto& block = blocks[(time - change) / length];
      block.end = change + ((time - change) / length + 1) * length;
      block.changes[i].add(value);
    }
  }
  std::vector<Block> ended;
  for (auto& [index, block] : blocks) {
    if (index < blocks.rbegin()->first) ended.push_back(block);
  }
  return ended;
}

/// The change of one group of units beyond that of another in one block; nothing when either is absent.
template <class IsOne, class IsOther>
std::optional<double> difference(const Block& block, IsOne is_one, IsOther is_other) {
  Mean one;
  Mean other;
  for (const auto& [unit, change] : block.changes) {
    if (is_one(unit)) one.add(change.value());
    if (is_other(unit)) other.add(change.value());
  }
  if (one.count == 0 || other.count == 0) return std::nullopt;
  return one.value() - other.value();
}

/// How far the baseline unit that changed most has moved from its peers; the scale of chance between units.
class Placebo {
 public:
  explicit Placebo(const std::vector<Unit>& units) : units_(units) {
    for (const auto& unit : units) baselines_ += unit.arm == Arm::Baseline ? 1 : 0;
  }
  void add(const Block& block) {
    for (const auto& [unit, change] : block.changes) {
      if (units_[unit].arm != Arm::Baseline) continue;
      const auto shift = difference(
          block, [unit](std::size_t i) { return i == unit; },
          [&](std::size_t i) { return i != unit && units_[i].arm == Arm::Baseline; });
      if (shift) shifts_[unit].add(*shift);
    }
  }
  [[nodiscard]] double largest() const {
    double largest = 0;
    if (baselines_ < 2) return largest;
    for (const auto& [unit, shift] : shifts_) largest = std::max(largest, std::abs(shift.value()));
    return largest;
  }

 private:
  const std::vector<Unit>& units_;
  int baselines_ = 0;
  std::map<std::size_t, Mean> shifts_;
};

std::string describe(const RecordedVerdict& verdict, const GaugeLimits& limits, double shift, double placebo,
                     int block) {
  const auto numbers = fmt::format(
      "{:+.1f} % against its own past and its peers, where a peer moved by {:.1f} % at most; {} blocks of {} "
      "samples",
      100 * shift, 100 * placebo, verdict.looks, block);
  switch (verdict.verdict) {
    case api::Verdict::Harm:
      return fmt::format("The canary has grown by more than {:g} %: {}", 100 * (limits.effect_floor - 1),
                         numbers);
    case api::Verdict::Pass:
      return fmt::format("The canary has not grown by {:g} %: {}", 100 * (limits.tolerate - 1), numbers);
    default:
      return "Neither harm nor its absence is shown yet: " + numbers;
  }
}

}  // namespace

RecordedVerdict judge_gauge(std::vector<GaugeRow> rows, Time change, const GaugeLimits& limits) {
  put_in_order(rows);
  const auto units = make_units(rows, change);
  const int block_samples = longest_block(units);
  const auto is = [&units](Arm arm) { return [&units, arm](std::size_t i) { return units[i].arm == arm; }; };

  RecordedVerdict verdict;
  verdict.harm.threshold = -std::log(limits.alpha);
  verdict.pass.threshold = -std::log(limits.beta);
  Placebo placebo(units);
  std::vector<double> shifts;
  std::vector<double> negated;
  Mean shift;
  for (const auto& block : make_blocks(units, change, median_step(units) * block_samples)) {
    const auto difference_in_differences = difference(block, is(Arm::Canary), is(Arm::Baseline));
    if (!difference_in_differences) continue;
    shift.add(*difference_in_differences);
    shifts.push_back(*difference_in_differences);
    negated.push_back(-*difference_in_differences);
    placebo.add(block);
    ++verdict.looks;
    for (const auto& [unit, changes] : block.changes)
      (units[unit].arm == Arm::Canary ? verdict.total.canary : verdict.total.baseline).exposure +=
          changes.count;

    const double harm = mean_above_log_e(shifts, limits.effect_floor - 1);
    const bool beyond_peers = shift.value() > placebo.largest();
    if (beyond_peers) verdict.harm.log_e = std::max(verdict.harm.log_e, harm);
    verdict.pass.log_e = std::max(verdict.pass.log_e, mean_above_log_e(negated, 1 - limits.tolerate));
    if (verdict.harm.log_e >= verdict.harm.threshold) {
      verdict.verdict = api::Verdict::Harm;
      verdict.decided_time = block.end;
      break;
    }
    if (verdict.verdict == api::Verdict::Pass || verdict.pass.log_e < verdict.pass.threshold) continue;
    verdict.verdict = api::Verdict::Pass;
    verdict.decided_time = block.end;
  }
  verdict.message = describe(verdict, limits, shift.value(), placebo.largest(), block_samples);
  return verdict;
}

}  // namespace patchwave::judge
