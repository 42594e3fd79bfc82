#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {
namespace {

using std::chrono::minutes;
using testing::HasSubstr;

constexpr Time kSince{std::chrono::hours(24 * 365 * 56)};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

api::GateSpec below(std::string limit, milliseconds hold_for) {
  api::GateSpec gate;
  gate.name = "queue";
  gate.threshold = api::ThresholdGate{"max(queue_depth)", std::move(limit), std::nullopt, hold_for};
  gate.interval = seconds(15);
  return gate;
}

api::GateSpec above(std::string limit) {
  auto gate = below("", milliseconds(0));
  gate.threshold->below.reset();
  gate.threshold->above = std::move(limit);
  return gate;
}

/// Values every ten seconds; the last at `end` after kSince.
Series series(std::vector<double> values, seconds end, std::map<std::string, std::string> labels = {}) {
  Series result{std::move(labels), {}};
  auto time = kSince + end - seconds(10) * (static_cast<int>(values.size()) - 1);
  for (const double value : values) {
    result.samples.push_back({time, value});
    time += seconds(10);
  }
  return result;
}

QueryEvidence answered(std::vector<Series> all) {
  return {QueryEvidence::State::Answered, "", std::move(all)};
}

Finding judged(const api::GateSpec& gate, std::vector<Series> all, seconds now) {
  return judge_threshold(gate, answered(std::move(all)), kSince, kSince + now);
}

const auto kFor30s = below("100", seconds(30));

TEST(JudgeThreshold, PassesWhenEverySampleOverForIsOnTheGoodSide) {
  const auto finding = judged(kFor30s, {series({50, 60, 70, 80}, seconds(60))}, seconds(60));
  EXPECT_EQ(finding.verdict, Verdict::Pass);
  EXPECT_EQ(finding.message, "the value is 80, below 100 for 30s");
}

TEST(JudgeThreshold, HarmsWhenEverySampleOverForIsOnTheBadSide) {
  const auto finding = judged(kFor30s, {series({150, 160, 170, 120}, seconds(60))}, seconds(60));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "the value is 170, not below 100 for 30s");
}

TEST(JudgeThreshold, IsUndecidedWhileSamplesOverForAreOnBothSidesAndSaysUntilWhen) {
  const auto finding = judged(kFor30s, {series({50, 150, 60, 70}, seconds(60))}, seconds(60));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::None);
  EXPECT_EQ(finding.decides_time, kSince + seconds(70)) << "30s after the last bad sample";
  EXPECT_EQ(finding.message, "the value is 150 at worst; not on one side of 100 for 30s yet");
}

TEST(JudgeThreshold, ForgetsWhatIsOlderThanFor) {
  EXPECT_EQ(judged(kFor30s, {series({150, 50, 50, 50, 50}, seconds(60))}, seconds(60)).verdict,
            Verdict::Pass);
}

TEST(JudgeThreshold, DecidesNothingBeforeForHasPassedSinceTheChange) {
  for (const double value : {50.0, 150.0}) {
    const auto finding = judged(kFor30s, {series({value, value, value}, seconds(20))}, seconds(20));
    EXPECT_EQ(finding.verdict, Verdict::Undecided);
    EXPECT_EQ(finding.decides_time, kSince + seconds(30));
  }
}

TEST(JudgeThreshold, DoesNotCountSamplesFromBeforeTheChange) {
  EXPECT_EQ(judged(kFor30s, {series({50, 50, 50, 50, 50}, seconds(20))}, seconds(20)).verdict,
            Verdict::Undecided);
  EXPECT_EQ(judged(below("100", seconds(0)), {series({50}, seconds(-1))}, seconds(1)).absence,
            Absence::NoData);
}

TEST(JudgeThreshold, DecidesByTheLatestSampleWithoutFor) {
  const auto gate = below("100", seconds(0));
  EXPECT_EQ(judged(gate, {series({150, 50}, seconds(60))}, seconds(60)).verdict, Verdict::Pass);
  EXPECT_EQ(judged(gate, {series({50, 150}, seconds(60))}, seconds(60)).verdict, Verdict::Harm);
}

TEST(JudgeThreshold, TakesTheLimitItselfForBad) {
  EXPECT_EQ(judged(below("100", seconds(0)), {series({100}, seconds(60))}, seconds(60)).verdict,
            Verdict::Harm);
  EXPECT_EQ(judged(above("0.99"), {series({0.99}, seconds(60))}, seconds(60)).verdict, Verdict::Harm);
  EXPECT_EQ(judged(above("0.99"), {series({0.995}, seconds(60))}, seconds(60)).verdict, Verdict::Pass);
}

TEST(JudgeThreshold, HasNoDataWithoutAnySeries) {
  const auto finding = judged(kFor30s, {}, seconds(60));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::NoData);
}

TEST(JudgeThreshold, TakesSamplesThatAreNoNumbersForNoData) {
  for (const double value : {kNaN, kInfinity, -kInfinity}) {
    const auto finding = judged(kFor30s, {series({value, value, value, value}, seconds(60))}, seconds(60));
    EXPECT_EQ(finding.verdict, Verdict::Undecided);
    EXPECT_EQ(finding.absence, Absence::NoData);
  }
}

TEST(JudgeThreshold, TakesStaleSamplesForNoData) {
  const auto all = series({50, 50, 50, 50}, seconds(60));
  EXPECT_EQ(judged(kFor30s, {all}, seconds(105)).verdict, Verdict::Pass);
  EXPECT_EQ(judged(kFor30s, {all}, seconds(106)).absence, Absence::NoData);
}

TEST(JudgeThreshold, TakesSamplesFromTheFutureForNoData) {
  EXPECT_EQ(judged(below("100", seconds(0)), {series({50}, seconds(120))}, seconds(60)).absence,
            Absence::NoData);
}

TEST(JudgeThreshold, TakesALongGapForABreakOfFor) {
  const auto finding = judged(kFor30s, {series({50, kNaN, kNaN, 50}, seconds(60))}, seconds(60));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::None);
}

TEST(JudgeThreshold, DecidesOverSamplesAtAThirdOfFor) {
  const auto gate = below("100", minutes(30));
  Series all{{}, {}};
  for (int i = 0; i <= 3; ++i) all.samples.push_back({kSince + minutes(10) * i, 50});
  EXPECT_EQ(judged(gate, {all}, minutes(30)).verdict, Verdict::Pass);
}

TEST(JudgeThreshold, DecidesOverASingleSecond) {
  const auto gate = below("100", seconds(1));
  const Series all{{}, {{kSince + seconds(59), 50}, {kSince + seconds(60), 50}}};
  EXPECT_EQ(judged(gate, {all}, seconds(60)).verdict, Verdict::Pass);
}

TEST(JudgeThreshold, LetsTheWorstOfSeveralSeriesDecideAndNamesIt) {
  const auto finding =
      judged(kFor30s,
             {series({50, 50, 50, 50}, seconds(60), {{"pod", "web-1"}}),
              series({150, 150, 150, 150}, seconds(60), {{"__name__", "queue"}, {"pod", "web-2"}}),
              series({50, 150, 50, 150}, seconds(60), {{"pod", "web-3"}})},
             seconds(60));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "{pod=\"web-2\"} is 150, not below 100 for 30s");
}

TEST(JudgeThreshold, DoesNotPassWhileOneOfSeveralSeriesIsUndecided) {
  const auto finding = judged(kFor30s,
                              {series({50, 50, 50, 50}, seconds(60), {{"pod", "web-1"}}),
                               series({150, 50, 50, 50}, seconds(60), {{"pod", "web-2"}})},
                              seconds(60));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_THAT(finding.message, HasSubstr("web-2"));
}

TEST(JudgeThreshold, DoesNotPassOnASeriesThatHasJustBegun) {
  EXPECT_EQ(judged(kFor30s,
                   {series({50, 50, 50, 50}, seconds(60), {{"pod", "web-1"}}),
                    series({50}, seconds(60), {{"pod", "web-2"}})},
                   seconds(60))
                .verdict,
            Verdict::Undecided);
}

TEST(JudgeThreshold, LeavesOutAMissingSeriesWhileOthersAreLeft) {
  EXPECT_EQ(judged(kFor30s,
                   {series({50, 50, 50, 50}, seconds(60), {{"pod", "web-1"}}),
                    series({kNaN, kNaN, kNaN, kNaN}, seconds(60), {{"pod", "web-2"}})},
                   seconds(60))
                .verdict,
            Verdict::Pass);
}

TEST(JudgeThreshold, DoesNotPassBecauseABadSeriesFellSilent) {
  const auto silent = series({150, 150, 150, 150}, seconds(40), {{"pod", "web-2"}});
  const auto well = [](seconds end) { return series({50, 50, 50, 50, 50, 50}, end, {{"pod", "web-1"}}); };
  EXPECT_EQ(judged(kFor30s, {well(seconds(80)), silent}, seconds(80)).verdict, Verdict::Harm);
  const auto finding = judged(kFor30s, {well(seconds(90)), silent}, seconds(90));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_THAT(finding.message, HasSubstr("web-2"));
}

TEST(JudgeThreshold, LeavesOutASeriesThatFellSilentWhileItWasWell) {
  EXPECT_EQ(judged(kFor30s,
                   {series({50, 50, 50, 50}, seconds(40), {{"pod", "web-1"}}),
                    series({50, 50, 50, 50}, seconds(90), {{"pod", "web-2"}})},
                   seconds(90))
                .verdict,
            Verdict::Pass);
}

TEST(JudgeThreshold, HoldsForTelemetryWhenPrometheusDoesNotAnswer) {
  const auto finding =
      judge_threshold(kFor30s, {QueryEvidence::State::Unreachable, "connection refused", {}}, kSince, kSince);
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::TelemetryUnavailable);
  EXPECT_EQ(finding.message, "Prometheus does not answer: connection refused");
}

TEST(JudgeThreshold, HasNoDataWhenPrometheusRefusesTheQuery) {
  const auto finding =
      judge_threshold(kFor30s, {QueryEvidence::State::Rejected, "parse error", {}}, kSince, kSince);
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::NoData);
  EXPECT_EQ(finding.message, "Prometheus refuses the query: parse error");
}

TEST(JudgeThreshold, NeverDecidesOnALimitThatIsNoNumber) {
  for (const auto* limit : {"", "many", "100 ", "nan", "inf"}) {
    EXPECT_EQ(judged(below(limit, seconds(0)), {series({50}, seconds(60))}, seconds(60)).verdict,
              Verdict::Undecided)
        << limit;
  }
  auto both = below("100", seconds(0));
  both.threshold->above = "1";
  EXPECT_EQ(judged(both, {series({50}, seconds(60))}, seconds(60)).verdict, Verdict::Undecided);
}

}  // namespace
}  // namespace patchwave::judge
