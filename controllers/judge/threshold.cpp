#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "controllers/judge/judge.hpp"
#include "controllers/judge/words.hpp"

namespace patchwave::judge {
namespace {

/// Range queries are not made at a finer step.
constexpr seconds kFinestStep{1};
/// Prometheus rounds times to milliseconds.
constexpr milliseconds kQueryTimeGrain{1};

struct Limit {
  double value;
  bool below;
  std::string text;

  [[nodiscard]] bool holds(double sample) const { return below ? sample < value : sample > value; }
  /// Positive on the bad side, and the more so the worse.
  [[nodiscard]] double badness(double sample) const { return below ? sample - value : value - sample; }
};

std::optional<Limit> read_limit(const api::ThresholdGate& gate) {
  if (gate.below.has_value() == gate.above.has_value()) return std::nullopt;
  const auto& text = gate.below ? *gate.below : *gate.above;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return Limit{value, gate.below.has_value(), text};
}

// Worse from left to right.
enum class Shown : std::uint8_t { Nothing, Good, NotYet, Bad };

/// What one series shows.
struct Reading {
  Shown shown = Shown::Nothing;
  bool fresh = false;
  double worst = 0;  ///< Of the samples that count.
  std::optional<Time> decides_time;
};

class ThresholdJudge {
 public:
  ThresholdJudge(const api::GateSpec& gate, const Limit& limit, Time since, Time now)
      : limit_(limit),
        hold_for_(gate.threshold->hold_for),
        interval_(gate.interval),
        since_(since),
        now_(now) {}

  // A series that fell silent is left out when it ended well. Otherwise it keeps the gate from passing: what
  // a copy measured before it went away must not be forgotten because it went away.
  [[nodiscard]] Reading read(const Series& series) const {
    const auto samples = usable(series);
    if (samples.empty()) return {};
    auto reading = hold_for_ == milliseconds(0) ? at_once(samples.back()) : over_time(samples);
    reading.fresh = now_ - samples.back().time <= kStaleAfterIntervals * interval_;
    if (!reading.fresh) {
      reading.shown = reading.shown == Shown::Good ? Shown::Nothing : Shown::NotYet;
      reading.decides_time.reset();
    }
    return reading;
  }

 private:
  [[nodiscard]] std::vector<Sample> usable(const Series& series) const {
    std::vector<Sample> samples;
    for (const auto& sample : series.samples) {
      if (std::isfinite(sample.value) && sample.time >= since_ && sample.time <= now_ + kQueryTimeGrain)
        samples.push_back(sample);
    }
    return samples;
  }

  [[nodiscard]] microseconds longest_gap() const {
    const microseconds step = std::max<microseconds>(hold_for_ * 2 / 5, kStaleAfterIntervals * interval_);
    return std::max<microseconds>(kFinestStep, std::min<microseconds>(hold_for_ / 2, step));
  }

  [[nodiscard]] bool covers(const std::vector<Sample>& samples, Time begin) const {
    auto before = begin;
    for (const auto& sample : samples) {
      if (sample.time - before > longest_gap()) return false;
      before = std::max(before, sample.time);
    }
    return begin + kObjectTimeGrain >= since_;
  }

  [[nodiscard]] Reading at_once(const Sample& latest) const {
    Reading reading;
    reading.shown = limit_.holds(latest.value) ? Shown::Good : Shown::Bad;
    reading.worst = latest.value;
    return reading;
  }

  [[nodiscard]] Reading over_time(const std::vector<Sample>& samples) const {
    const auto latest = samples.back().time;
    const bool holds_now = limit_.holds(samples.back().value);
    const Time begin = latest - hold_for_;
    auto reading = at_once(samples.back());
    reading.decides_time = since_ + hold_for_;
    for (const auto& sample : samples) {
      if (sample.time < begin) continue;
      if (limit_.badness(sample.value) > limit_.badness(reading.worst)) reading.worst = sample.value;
      if (limit_.holds(sample.value) == holds_now) continue;
      reading.shown = Shown::NotYet;
      reading.decides_time = sample.time + hold_for_;
    }
    if (!covers(samples, begin)) reading.shown = Shown::NotYet;
    // What is due and not decided waits for evidence, not for a time.
    if (reading.shown != Shown::NotYet || *reading.decides_time <= now_) reading.decides_time.reset();
    return reading;
  }

  const Limit& limit_;
  milliseconds hold_for_;
  milliseconds interval_;
  Time since_;
  Time now_;
};

Finding undecided(Absence absence, std::string message) {
  return {Verdict::Undecided, absence, std::move(message), "", std::nullopt};
}

std::string describe(const Limit& limit, const api::ThresholdGate& gate, const Series& series,
                     const Reading& reading) {
  const auto span = gate.hold_for == milliseconds(0) ? "" : " for " + print_span(gate.hold_for);
  const auto side = limit.below ? "below" : "above";
  const auto name = series.labels.empty() ? std::string("the value") : print_labels(series.labels);
  const auto value = print_number(reading.worst);
  switch (reading.shown) {
    case Shown::Bad:
      return fmt::format("{} is {}, not {} {}{}", name, value, side, limit.text, span);
    case Shown::Good:
      return fmt::format("{} is {}, {} {}{}", name, value, side, limit.text, span);
    default:
      return fmt::format("{} is {} at worst; not on one side of {}{} yet", name, value, limit.text, span);
  }
}

Finding judge_series(const api::GateSpec& gate, const Limit& limit, const std::vector<Series>& all,
                     Time since, Time now) {
  const ThresholdJudge judge(gate, limit, since, now);
  const Series* worst_series = nullptr;
  Reading worst;
  bool any_fresh = false;
  std::optional<Time> decides;
  for (const auto& series : all) {
    const auto reading = judge.read(series);
    any_fresh = any_fresh || reading.fresh;
    if (reading.shown == Shown::Nothing) continue;
    if (reading.decides_time)
      decides = decides ? std::max(*decides, *reading.decides_time) : reading.decides_time;
    const bool worse = std::pair(reading.shown, limit.badness(reading.worst)) >
                       std::pair(worst.shown, limit.badness(worst.worst));
    if (worst_series != nullptr && !worse) continue;
    worst_series = &series;
    worst = reading;
  }
  if (!any_fresh) {
    return undecided(Absence::NoData, fmt::format("the query has no sample of the last {} since the change",
                                                  print_span(kStaleAfterIntervals * gate.interval)));
  }
  Finding finding{
      Verdict::Undecided, Absence::None, describe(limit, *gate.threshold, *worst_series, worst), "", {}};
  if (worst.shown == Shown::Bad) finding.verdict = Verdict::Harm;
  if (worst.shown == Shown::Good) finding.verdict = Verdict::Pass;
  if (worst.shown == Shown::NotYet) finding.decides_time = decides;
  return finding;
}

}  // namespace

Finding judge_threshold(const api::GateSpec& gate, const QueryEvidence& evidence, Time since, Time now) {
  const auto limit = gate.threshold ? read_limit(*gate.threshold) : std::nullopt;
  if (!limit) {
    return undecided(
        Absence::NoData,
        fmt::format("gate {} has no threshold with one decimal number in below or above", gate.name));
  }
  switch (evidence.state) {
    case QueryEvidence::State::Unreachable:
      return undecided(Absence::TelemetryUnavailable, "Prometheus does not answer: " + evidence.error);
    case QueryEvidence::State::Rejected:
      return undecided(Absence::NoData, "Prometheus refuses the query: " + evidence.error);
    case QueryEvidence::State::Answered:
      break;
  }
  return judge_series(gate, *limit, evidence.series, since, now);
}

}  // namespace patchwave::judge
