// How often the judge is wrong, and how soon it is right, on what really was measured, beside what a user
// would have instead: recordings.py's lines on standard input, a line of JSON per case as evaluate_judge has
// them.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/judge/recorded.hpp"
#include "tests/evaluation/peers.hpp"

namespace {

using namespace patchwave;
using namespace patchwave::judge;

constexpr double kConfidence98 = 2.326348;
constexpr double kConfidence95 = 1.959964;

/// Minutes until a rule said so; nothing when it never did.
struct Said {
  std::optional<double> judge;
  std::optional<double> kayenta;
  std::optional<double> threshold;
  std::optional<double> mann_whitney;
  std::optional<double> pass;
};

struct Recording {
  bool is_gauge = false;
  std::string name;
  double begin = 0;
  std::string canary;
  std::string what;
  std::vector<std::vector<std::string>> rows;
};

std::vector<std::string> split(const std::string& line, char by) {
  std::vector<std::string> fields(1);
  for (const char character : line) {
    if (character == by) {
      fields.emplace_back();
    } else {
      fields.back() += character;
    }
  }
  return fields;
}

double number(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Time time_of(double seconds_since) {
  return Time(microseconds(std::llround(seconds_since * 1e6)));
}

void note(Said& said, const RecordedVerdict& verdict, double begin) {
  if (!verdict.decided_time) return;
  const auto minutes =
      std::chrono::duration<double, std::ratio<60>>(*verdict.decided_time - time_of(begin)).count();
  if (verdict.verdict == api::Verdict::Harm) said.judge = minutes;
  if (verdict.verdict == api::Verdict::Pass) said.pass = minutes;
}

/// The peers get all there is after the change, at once; the threshold is twice the canary's own past, for
/// five samples on end.
Said judge_level(const Recording& recording, const std::string& canary) {
  std::vector<GaugeRow> rows;
  std::vector<double> of_canary;
  std::vector<double> of_others;
  double past = 0;
  double past_count = 0;
  Said said;
  int above = 0;
  double last = recording.begin;
  for (const auto& row : recording.rows) {
    const double time = number(row[0]);
    const double value = number(row[2]);
    const bool is_canary = row[1] == canary;
    rows.push_back({time_of(time), is_canary ? Arm::Canary : Arm::Baseline, row[1], value});
    last = std::max(last, time);
    if (time < recording.begin) {
      past += is_canary ? value : 0;
      past_count += is_canary ? 1 : 0;
      continue;
    }
    (is_canary ? of_canary : of_others).push_back(value);
    if (!is_canary) continue;
    above = value * past_count > 2 * past ? above + 1 : 0;
    if (above >= 5 && !said.threshold) said.threshold = (time - recording.begin) / 60;
  }
  note(said, judge_gauge(std::move(rows), time_of(recording.begin), {}), recording.begin);
  const auto shift = evaluation::location_shift(of_canary, of_others, kConfidence98);
  if (shift && shift->lower > std::abs(shift->estimate) / 4) said.kayenta = (last - recording.begin) / 60;
  if (evaluation::ranks_higher(of_canary, of_others, kConfidence95))
    said.mann_whitney = (last - recording.begin) / 60;
  return said;
}

Said judge_events(const Recording& recording) {
  std::vector<CountRow> rows;
  std::map<double, CountPair> minutes;
  double expected = 0;
  double exposure = 0;
  for (const auto& row : recording.rows) {
    const double time = number(row[0]);
    const Count count{number(row[3]), number(row[4])};
    const bool is_canary = row[1] == "canary";
    rows.push_back({time_of(time), is_canary ? Arm::Canary : Arm::Baseline, row[2], count});
    auto& arm = is_canary ? minutes[time].canary : minutes[time].baseline;
    arm.events += count.events;
    arm.exposure += count.exposure;
    if (!is_canary) expected += count.events;
    if (!is_canary) exposure += count.exposure;
  }
  Said said;
  evaluation::KayentaRule kayenta;
  evaluation::ThresholdRule threshold(exposure > 0 ? 2 * expected / exposure : 0);
  std::vector<double> of_canary;
  std::vector<double> of_others;
  for (const auto& [time, pair] : minutes) {
    const double since = (time - recording.begin) / 60;
    if (kayenta.add(pair) && !said.kayenta) said.kayenta = since;
    if (threshold.add(pair) && !said.threshold) said.threshold = since;
    if (pair.canary.exposure > 0) of_canary.push_back(pair.canary.events / pair.canary.exposure);
    if (pair.baseline.exposure > 0) of_others.push_back(pair.baseline.events / pair.baseline.exposure);
    if (&pair == &minutes.rbegin()->second && evaluation::ranks_higher(of_canary, of_others, kConfidence95))
      said.mann_whitney = since;
  }
  note(said, judge_counts(std::move(rows), {}), recording.begin);
  return said;
}

/// Of several gates the first that says so; a Pass needs all.
void merge(std::optional<double>& one, const std::optional<double>& other) {
  if (other) one = std::min(one.value_or(*other), *other);
}

struct Case {
  std::string name;
  std::map<std::string, Said> subjects;
};

void add(Case& one, const std::string& subject, const Said& said) {
  const auto [found, is_new] = one.subjects.try_emplace(subject, said);
  if (is_new) return;
  auto& all = found->second;
  merge(all.judge, said.judge);
  merge(all.kayenta, said.kayenta);
  merge(all.threshold, said.threshold);
  merge(all.mann_whitney, said.mann_whitney);
  all.pass = all.pass && said.pass ? std::optional(std::max(*all.pass, *said.pass)) : std::nullopt;
}

std::string share_and_minutes(const Case& one, std::optional<double> Said::* rule) {
  std::vector<double> minutes;
  for (const auto& [subject, said] : one.subjects) {
    if (said.*rule) minutes.push_back(*(said.*rule));
  }
  std::ranges::sort(minutes);
  const auto at = [&](double quantile) {
    if (minutes.empty()) return std::string("null");
    return fmt::format("{:.4g}", minutes[static_cast<std::size_t>(quantile * double(minutes.size() - 1))]);
  };
  return fmt::format(R"({{"share": {:.4g}, "minutesMedian": {}, "minutesP90": {}}})",
                     double(minutes.size()) / double(one.subjects.size()), at(0.5), at(0.9));
}

void print(const Case& one) {
  const bool is_worse = one.name.find("faults") != std::string::npos;
  fmt::print(R"({{"case": "{}", "runs": {}, "alpha": {}, "ratio": {}, "harm": {}, "pass": {}, )"
             R"("harmEventsBound": null, "kayentaHigh": {}, "thresholdFires": {}, "mannWhitneyHigh": {}}})"
             "\n",
             one.name, one.subjects.size(), RateRatioLimits{}.alpha, is_worse ? "null" : "1",
             share_and_minutes(one, &Said::judge), share_and_minutes(one, &Said::pass),
             share_and_minutes(one, &Said::kayenta), share_and_minutes(one, &Said::threshold),
             share_and_minutes(one, &Said::mann_whitney));
}

}  // namespace

int main() {
  std::vector<Case> cases;
  Recording recording;
  std::size_t number_of_recording = 0;
  const auto judge_it = [&] {
    if (recording.rows.empty()) return;
    auto one = std::ranges::find(cases, recording.name, &Case::name);
    if (one == cases.end()) one = cases.insert(cases.end(), {recording.name, {}});
    const auto subject =
        recording.what.empty() ? fmt::format("recording {}", number_of_recording) : recording.what;
    if (!recording.is_gauge) {
      add(*one, subject, judge_events(recording));
      return;
    }
    std::set<std::string> canaries = {recording.canary};
    if (recording.canary == "*") {
      canaries.clear();
      for (const auto& row : recording.rows) canaries.insert(row[1]);
    }
    for (const auto& canary : canaries)
      add(*one, canaries.size() == 1 ? subject : subject + canary, judge_level(recording, canary));
  };
  for (std::string line; std::getline(std::cin, line);) {
    if (!line.starts_with('#')) {
      recording.rows.push_back(split(line, ','));
      continue;
    }
    judge_it();
    const auto head = split(line.substr(1), '|');
    recording = {head[0] == "gauge", head[1], number(head[2]), head[3], head[4], {}};
    ++number_of_recording;
  }
  judge_it();
  for (const auto& one : cases) print(one);
}
