#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {
namespace {

constexpr Time kSince{std::chrono::hours(24 * 365 * 56)};
constexpr double kLimit = 100;

struct Question {
  api::GateSpec gate;
  QueryEvidence evidence;
  Time now;

  [[nodiscard]] Finding judged() const { return judge_threshold(gate, evidence, kSince, now); }
};

rc::Gen<double> value() {
  return rc::gen::weightedElement<double>({{6, 50.0},
                                           {6, 150.0},
                                           {1, kLimit},
                                           {1, std::numeric_limits<double>::quiet_NaN()},
                                           {1, std::numeric_limits<double>::infinity()}});
}

Series any_series(int number, seconds now) {
  Series series{{{"pod", "web-" + std::to_string(number)}}, {}};
  const auto step = *rc::gen::inRange(1, 20);
  const auto usual = *value();
  for (auto at = *rc::gen::inRange(-60, 0); at <= now.count() + 10; at += step) {
    const bool as_usual = *rc::gen::inRange(0, 8) != 0;
    if (*rc::gen::inRange(0, 12) != 0)
      series.samples.push_back({kSince + seconds(at), as_usual ? usual : *value()});
  }
  return series;
}

Question any_question() {
  Question question;
  question.gate.name = "queue";
  question.gate.interval = seconds(*rc::gen::inRange(1, 30));
  question.gate.threshold =
      api::ThresholdGate{"queue", "100", std::nullopt, seconds(*rc::gen::inRange(0, 60))};
  const seconds now(*rc::gen::inRange(0, 150));
  question.now = kSince + now;
  question.evidence.state = QueryEvidence::State::Answered;
  const auto count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) question.evidence.series.push_back(any_series(i, now));
  return question;
}

void insert(Series& series, Sample sample) {
  const auto at = std::ranges::upper_bound(series.samples, sample.time, {}, &Sample::time);
  series.samples.insert(at, sample);
}

RC_GTEST_PROP(JudgeThresholdProperty, ABadSampleNeverMakesAPass, ()) {
  auto question = any_question();
  if (question.evidence.series.empty() || question.judged().verdict == Verdict::Pass) return;
  auto& series = question.evidence.series[*rc::gen::inRange<std::size_t>(0, question.evidence.series.size())];
  insert(series, {kSince + seconds(*rc::gen::inRange(-10, 160)), 150.0});
  RC_ASSERT(question.judged().verdict != Verdict::Pass);
}

RC_GTEST_PROP(JudgeThresholdProperty, ABadSampleJustNowNeverLeavesAPass, ()) {
  auto question = any_question();
  question.evidence.series.push_back(any_series(9, seconds(60)));
  insert(question.evidence.series.back(), {question.now, 150.0});
  std::erase_if(question.evidence.series.back().samples,
                [&](const Sample& sample) { return sample.time > question.now; });
  RC_ASSERT(question.judged().verdict != Verdict::Pass);
}

RC_GTEST_PROP(JudgeThresholdProperty, WaitingWithoutNewEvidenceDecidesNothing, ()) {
  auto question = any_question();
  // What lies ahead is evidence to come.
  for (auto& series : question.evidence.series) {
    std::erase_if(series.samples, [&](const Sample& sample) { return sample.time > question.now; });
  }
  if (question.judged().verdict != Verdict::Undecided) return;
  question.now += seconds(*rc::gen::inRange(0, 300));
  RC_ASSERT(question.judged().verdict == Verdict::Undecided);
}

RC_GTEST_PROP(JudgeThresholdProperty, SilenceIsUndecidedWithACause, ()) {
  auto question = any_question();
  for (auto& series : question.evidence.series) series.samples.clear();
  const auto finding = question.judged();
  RC_ASSERT(finding.verdict == Verdict::Undecided);
  RC_ASSERT(finding.absence == Absence::NoData);
}

RC_GTEST_PROP(JudgeThresholdProperty, TheOrderOfSeriesDoesNotMatter, ()) {
  auto question = any_question();
  const auto before = question.judged();
  std::ranges::reverse(question.evidence.series);
  RC_ASSERT(question.judged().verdict == before.verdict);
}

RC_GTEST_PROP(JudgeThresholdProperty, DecidesTimeIsAheadAndOnlyOfTheUndecided, ()) {
  const auto question = any_question();
  const auto finding = question.judged();
  if (!finding.decides_time) return;
  RC_ASSERT(finding.verdict == Verdict::Undecided);
  RC_ASSERT(*finding.decides_time > question.now);
}

PodEvidence any_pod(int number, bool patched) {
  PodEvidence pod;
  pod.name = "web-" + std::to_string(number);
  pod.patched = patched;
  pod.terminating = *rc::gen::inRange(0, 6) == 0;
  pod.creation_time = kSince + seconds(*rc::gen::inRange(-100, 1000));
  if (*rc::gen::arbitrary<bool>()) pod.ready_since = pod.creation_time + seconds(*rc::gen::inRange(0, 100));
  pod.restarts = *rc::gen::inRange(0, 5);
  pod.waiting_reason = *rc::gen::element<std::string>("", "", "", "CrashLoopBackOff", "ImagePullBackOff");
  pod.terminated_reason = *rc::gen::element<std::string>("", "", "", "Error", "OOMKilled");
  return pod;
}

TargetEvidence any_target() {
  TargetEvidence evidence;
  evidence.target = "Deployment shop/web";
  evidence.since = kSince;
  evidence.wanted_patched = *rc::gen::inRange(0, 4);
  evidence.step_complete = *rc::gen::arbitrary<bool>();
  const auto count = *rc::gen::inRange(0, 5);
  for (int i = 0; i < count; ++i) evidence.pods.push_back(any_pod(i, *rc::gen::arbitrary<bool>()));
  return evidence;
}

RC_GTEST_PROP(JudgePodsProperty, BaselinePodsChangeNoVerdict, ()) {
  auto evidence = any_target();
  const Time now = kSince + seconds(*rc::gen::inRange(0, 2000));
  const auto before = judge_pods(evidence, {}, now);
  evidence.pods.insert(evidence.pods.begin(), any_pod(9, false));
  RC_ASSERT(judge_pods(evidence, {}, now).verdict == before.verdict);
}

RC_GTEST_PROP(JudgePodsProperty, ABrokenPatchedPodIsHarmWhateverElseIsSeen, ()) {
  auto evidence = any_target();
  const Time now = kSince + seconds(*rc::gen::inRange(0, 2000));
  auto broken = any_pod(9, true);
  broken.terminating = false;
  broken.terminated_reason = "OOMKilled";
  evidence.pods.push_back(broken);
  RC_ASSERT(judge_pods(evidence, {}, now).verdict == Verdict::Harm);
}

RC_GTEST_PROP(JudgePodsProperty, PassNeedsEveryWantedCopySeenReady, ()) {
  const auto evidence = any_target();
  const Time now = kSince + seconds(*rc::gen::inRange(0, 2000));
  if (judge_pods(evidence, {}, now).verdict != Verdict::Pass) return;
  const auto ready = std::ranges::count_if(evidence.pods, [](const PodEvidence& pod) {
    return pod.patched && !pod.terminating && pod.ready_since.has_value();
  });
  RC_ASSERT(evidence.step_complete);
  RC_ASSERT(ready >= evidence.wanted_patched);
}

RC_GTEST_PROP(CombineProperty, TheOrderOfFindingsDoesNotMatter, ()) {
  std::vector<Finding> findings;
  const auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    Finding finding;
    finding.verdict =
        *rc::gen::weightedElement<Verdict>({{6, Verdict::Pass}, {1, Verdict::Harm}, {2, Verdict::Undecided}});
    if (*rc::gen::arbitrary<bool>()) finding.decides_time = kSince + seconds(*rc::gen::inRange(0, 100));
    findings.push_back(finding);
  }
  const auto before = combine(findings);
  std::ranges::rotate(findings, findings.begin() + *rc::gen::inRange(0, count + 1));
  std::ranges::reverse(findings);
  const auto after = combine(findings);
  RC_ASSERT(after.verdict == before.verdict);
  if (before.verdict == Verdict::Undecided) RC_ASSERT(after.decides_time == before.decides_time);
}

}  // namespace
}  // namespace patchwave::judge
