// A whole history judged at once, look by look: a verdict is a function of the gate and the samples. The
// order of the rows doesn't matter, and no look sees a row that is later than itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/judge/rate_ratio.hpp"

namespace patchwave::judge {

enum class Arm : std::uint8_t { Canary, Baseline };

struct CountRow {
  Time time;
  Arm arm = Arm::Baseline;
  std::string series;  ///< One pod or node.
  Count count;         ///< Of the interval that ends at `time`.
};

struct GaugeRow {
  Time time;
  Arm arm = Arm::Baseline;
  std::string series;
  double value = 0;
  /// Of the past of a series that had none: what its peers were, which tells a level and no variation.
  bool is_lent = false;
};

struct GaugeLimits {
  double effect_floor = 1.05;  ///< Harm is a change above it, as a ratio of the level before the change.
  double tolerate = 1.5;       ///< Pass is a change below it.
  double alpha = 1e-3;
  double beta = 0.05;
};

struct Evidence {
  double log_e = 0;  ///< The greatest of all looks: once shown is shown.
  double threshold = 0;
};

struct RecordedVerdict {
  api::Verdict verdict = api::Verdict::Undecided;
  std::optional<Time> decided_time;
  int looks = 0;  ///< Intervals, or blocks, up to the verdict; all of them while undecided or passing.
  Evidence harm;
  Evidence pass;
  CountPair total;  ///< Of a gauge: samples as exposure, no events.
  double phi = 1;   ///< The over-dispersion that was allowed for.
  /// Of undecided counts: when Pass is expected at the traffic seen. Unset: never, or overdue by chance.
  std::optional<Time> expected_time = {};
  std::string message;
};

/// Rows of one series at one time: the one of most exposure, then of most events, counts. Intervals are as
/// long as a series' rows are apart in the median, so that arms scraped at different seconds meet. The
/// over-dispersion at a look is that of the baseline before it, for which rows from before the canary's first
/// count as well; they are no looks. Harm ends the looks. Pass does not: harm that shows after it is Harm.
RecordedVerdict judge_counts(std::vector<CountRow> rows, const RateRatioLimits& limits);

/// Rows before `change` are the past; series without both past and rows from `change` on are left out, and
/// so are values that are not finite. Harm needs more than the evidence of the mean: the canaries must have
/// changed by more than any baseline series has against its peers, when there are at least two of these.
RecordedVerdict judge_gauge(std::vector<GaugeRow> rows, Time change, const GaugeLimits& limits);

}  // namespace patchwave::judge
