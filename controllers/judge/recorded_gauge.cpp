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

/// Differences before the change that tell how long their memory is.
constexpr std::size_t kLeastPast = 10;

/// One series, its values as ratios of its own level before the change.
struct Unit {
  Arm arm = Arm::Baseline;
  double level = 0;
  bool has_own_past = true;
  std::vector<std::pair<Time, double>> past;
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
  std::erase_if(rows, [](const GaugeRow& row) { return !std::isfinite(row.value); });
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
      unit.past.emplace_back(row.time, row.value);
      unit.has_own_past = unit.has_own_past && !row.is_lent;
    } else {
      unit.since.emplace_back(row.time, row.value);
    }
  }
  std::vector<Unit> usable;
  for (auto& [name, unit] : units) {
    Mean level;
    for (const auto& [time, value] : unit.past) level.add(value);
    unit.level = std::abs(level.value());
    if (unit.level <= 0 || unit.since.empty()) continue;
    for (auto& [time, value] : unit.past) value = (value - level.value()) / unit.level;
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
  for (const auto& unit : units) {
    std::vector<double> values;
    for (const auto& [time, value] : unit.past) values.push_back(value);
    length = std::max(length, block_length(lag_one_autocorrelation(values)));
  }
  return length;
}

/// What a block of time shows: each unit's mean change, by its place in `units`.
struct Block {
  Time end;
  std::map<std::size_t, Mean> changes;
};

/// Blocks of the rows that `of` a unit names, in the order of time; they are numbered from `change` on, so
/// that no block has both.
std::vector<Block> make_blocks(const std::vector<Unit>& units,
                               std::vector<std::pair<Time, double>> Unit::* of, Time change,
                               microseconds length) {
  std::map<std::int64_t, Block> blocks;
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (const auto& [time, value] : units[i].*of) {
      const auto index =
          time < change ? (time - change + microseconds(1)) / length - 1 : (time - change) / length;
      auto& block = blocks[index];
      block.end = change + (index + 1) * length;
      block.changes[i].add(value);
    }
  }
  std::vector<Block> ordered;
  for (auto& [index, block] : blocks) ordered.push_back(std::move(block));
  return ordered;
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

/// What the canaries' change beyond their peers' was, block by block, before there was one. Nothing of
/// canaries whose past is lent. The first block is not whole.
std::vector<double> differences_before(const std::vector<Unit>& units, Time change, microseconds length) {
  std::vector<double> differences;
  const auto blocks = make_blocks(units, &Unit::past, change, length);
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    const auto shift = difference(
        blocks[i],
        [&](std::size_t unit) { return units[unit].arm == Arm::Canary && units[unit].has_own_past; },
        [&](std::size_t unit) { return units[unit].arm == Arm::Baseline; });
    if (shift) differences.push_back(*shift);
  }
  return differences;
}

/// A block must outlast the memory of what is compared: of the difference where the canaries have a past of
/// their own, since the load that all share cancels in it; else of the slowest unit.
int samples_of_block(const std::vector<Unit>& units, Time change, microseconds step) {
  const auto differences = differences_before(units, change, step);
  if (differences.size() < kLeastPast) return longest_block(units);
  return block_length(lag_one_autocorrelation(differences));
}

double grown_log_e(std::span<const double> past, std::span<const double> since, double null_change) {
  return past.size() < 2 ? mean_above_log_e(since, null_change)
                         : change_above_log_e(past, since, null_change);
}

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
  const auto step = median_step(units);
  const int block_samples = samples_of_block(units, change, step);
  const auto is = [&units](Arm arm) { return [&units, arm](std::size_t i) { return units[i].arm == arm; }; };

  RecordedVerdict verdict;
  verdict.harm.threshold = -std::log(limits.alpha);
  verdict.pass.threshold = -std::log(limits.beta);
  Placebo placebo(units);
  std::vector<double> shifts;
  std::vector<double> negated;
  Mean shift;
  const auto length = step * block_samples;
  const auto past = differences_before(units, change, length);
  std::vector<double> negated_past;
  for (const double before : past) negated_past.push_back(-before);
  auto blocks = make_blocks(units, &Unit::since, change, length);
  // The last one may still grow.
  if (!blocks.empty()) blocks.pop_back();
  for (const auto& block : blocks) {
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

    const double harm = grown_log_e(past, shifts, limits.effect_floor - 1);
    const bool beyond_peers = shift.value() > placebo.largest();
    if (beyond_peers) verdict.harm.log_e = std::max(verdict.harm.log_e, harm);
    verdict.pass.log_e =
        std::max(verdict.pass.log_e, grown_log_e(negated_past, negated, 1 - limits.tolerate));
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
