#include "controllers/wave/evidence.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_transport.hpp"
#include "tests/unit/controllers/wave/given.hpp"

namespace patchwave::wave {
namespace {

using api::TargetState;
using api::Verdict;
using given::kNow;
using ::testing::HasSubstr;

constexpr seconds kFor{30};

/// What one Prometheus knows: a ratio that is well at every time, and how often it scraped each pod.
class Telemetry {
 public:
  Telemetry() {
    server->always("POST", "/api/v1/query_range").run([this](const http::Request& request) {
      return answer(request, R"({"resultType":"matrix","result":[{"metric":{},"values":[)" +
                                 well(request.body) + "]}]}");
    });
    server->always("POST", "/api/v1/query").run([this](const http::Request& request) {
      std::string series;
      for (const auto& [pod, count] : scrapes) {
        series += fmt::format(R"({}{{"metric":{{"pod":"{}"}},"value":[0,"{}"]}})", series.empty() ? "" : ",",
                              pod, count);
      }
      return answer(request, R"({"resultType":"vector","result":[)" + series + "]}");
    });
  }

  std::map<std::string, int> scrapes;
  std::vector<std::string> queries;
  std::shared_ptr<patchwave::testing::FakeTransport> server =
      std::make_shared<patchwave::testing::FakeTransport>();

 private:
  Result<http::Response> answer(const http::Request& request, const std::string& data) {
    queries.push_back(request.body);
    return http::Response{200, {}, R"({"status":"success","data":)" + data + "}"};
  }

  // A sample of 0.01 each second of the minute that ends at the query's end.
  static std::string well(const std::string& form) {
    const double end = std::strtod(form.c_str() + form.find("end=") + 4, nullptr);
    std::string values;
    for (int i = 60; i >= 0; --i) {
      values += fmt::format(R"({}[{:.3f},"0.01"])", values.empty() ? "" : ",", end - i);
    }
    return values;
  }
};

target::ObservedPod pod(const std::string& name, bool patched) {
  target::ObservedPod observed;
  observed.pod.name = name;
  observed.pod.ready_since = kNow - std::chrono::minutes(5);
  observed.patched = patched;
  return observed;
}

/// A canary whose every copy has been ready for `ready_for`, behind one threshold gate of 30 s.
Snapshot canary(seconds ready_for) {
  auto seen = given::untouched();
  seen.wanted_patched = seen.patched = 1;
  seen.step_complete = true;
  seen.pods = {pod("web0-old", false), pod("web0-new", true)};
  auto snapshot = given::running(TargetState::Canary, seen);
  snapshot.wave.spec.gates = {given::threshold_gate("errors")};
  snapshot.wave.spec.gates[0].interval = seconds(15);
  snapshot.wave.status.targets[0].ready_since_time = kNow - ready_for;
  return snapshot;
}

prometheus::Client client_of(const Telemetry& telemetry) {
  prometheus::ClientOptions options;
  options.transport = telemetry.server;
  return prometheus::Client(std::move(options));
}

struct Keeper {
  Telemetry telemetry;
  prometheus::Client client = client_of(telemetry);
  GateKeeper keeper{&client, {}, {}};

  judge::Finding errors(Snapshot snapshot, Time now = kNow) {
    keeper.judge_targets(snapshot, now);
    return snapshot.findings.back().finding;
  }
};

TEST(GateKeeper, ACopyThatWasEvictedLateInAStepStillHasItsDeadline) {
  GateKeeper keeper(nullptr, {}, {});
  auto seen = given::untouched();
  seen.wanted_patched = 2;
  seen.patched = 1;
  seen.pods = {pod("web0-old", false), pod("web0-new", true)};
  auto snapshot = given::running(TargetState::Canary, seen);
  snapshot.wave.status.targets[0].state_since_time = kNow - std::chrono::hours(1);
  snapshot.observed[0].seen.pods[1].pod.ready_since = kNow - std::chrono::minutes(55);
  const auto verdict = [&](Time evicted) {
    snapshot.findings.clear();
    snapshot.observed[0].evicted_time = evicted;
    keeper.judge_targets(snapshot, kNow);
    return snapshot.findings.front().finding.verdict;
  };
  EXPECT_EQ(verdict(kNow - seconds(1)), Verdict::Undecided);
  EXPECT_EQ(verdict(kNow - snapshot.wave.spec.progress_deadline), Verdict::Harm);
}

TEST(GateKeeper, AThresholdThatIsWellPassesOnceTheCanaryWasScrapedTwice) {
  Keeper t;
  t.telemetry.scrapes = {{"web0-old", 4}, {"web0-new", 2}};
  EXPECT_EQ(t.errors(canary(seconds(45))).verdict, Verdict::Pass);
}

TEST(GateKeeper, AThresholdThatOnlyTheOldCopiesCanHaveMetDoesNotPass) {
  Keeper t;
  t.telemetry.scrapes = {{"web0-old", 4}};
  const auto finding = t.errors(canary(seconds(45)));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_THAT(finding.message, HasSubstr("web0-new"));
}

TEST(GateKeeper, ScrapesCountFromReadinessToWhereTheJudgedSpanBegins) {
  Keeper t;
  t.telemetry.scrapes = {{"web0-old", 1}};
  t.errors(canary(seconds(45)));
  const auto& query = t.telemetry.queries.back();
  EXPECT_THAT(query, HasSubstr(fmt::format("time={}", (kNow - kFor).time_since_epoch().count() / 1'000'000)));
  EXPECT_THAT(query, HasSubstr("15000ms")) << "45 s of readiness less the 30 s that were judged";
}

TEST(GateKeeper, AThresholdIsNotAskedAboutScrapesBeforeItsSpanIsOver) {
  Keeper t;
  t.telemetry.scrapes = {{"web0-new", 9}};
  const auto finding = t.errors(canary(seconds(20)));
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.decides_time, kNow + seconds(10));
  EXPECT_EQ(t.telemetry.queries.size(), 1U);
}

TEST(GateKeeper, ADecisionThatIsDueBeforeTheNextIntervalIsNotKeptWaiting) {
  Keeper t;
  t.telemetry.scrapes = {{"web0-old", 4}, {"web0-new", 2}};
  const auto snapshot = canary(seconds(20));
  EXPECT_EQ(t.errors(snapshot).verdict, Verdict::Undecided);
  EXPECT_EQ(t.errors(snapshot, kNow + seconds(11)).verdict, Verdict::Pass);
}

TEST(GateKeeper, AFindingIsRememberedForItsIntervalAndNotLonger) {
  Keeper t;
  t.telemetry.scrapes = {{"web0-old", 4}, {"web0-new", 2}};
  const auto snapshot = canary(seconds(45));
  t.errors(snapshot);
  const auto asked = t.telemetry.queries.size();
  t.errors(snapshot, kNow + seconds(14));
  EXPECT_EQ(t.telemetry.queries.size(), asked);
  t.errors(snapshot, kNow + seconds(15));
  EXPECT_GT(t.telemetry.queries.size(), asked);
}

TEST(GateKeeper, APassIsForgottenWhenACopyIsReadyAnew) {
  Keeper t;
  t.telemetry.scrapes = {{"web0-old", 4}, {"web0-new", 2}};
  EXPECT_EQ(t.errors(canary(seconds(45))).verdict, Verdict::Pass);
  EXPECT_EQ(t.errors(canary(seconds(5)), kNow + seconds(1)).verdict, Verdict::Undecided);
}

TEST(GateKeeper, AWorkloadWithADotInItsNameIsMatchedLiterally) {
  Keeper t;
  auto snapshot = canary(seconds(45));
  snapshot.wave.spec.targets[0].name = "web.v1";
  t.errors(snapshot);
  EXPECT_THAT(t.telemetry.queries.back(), HasSubstr("web%5B.%5Dv1-"));
}

/// Counters of two pods, scraped each 15 s in the ten minutes before the query: requests, of which the new
/// pod fails one in `new_fails`, the old one in fifty.
class CountingTelemetry {
 public:
  explicit CountingTelemetry(int new_fails) {
    server->always("POST", "/api/v1/query").run([this, new_fails](const http::Request& request) {
      queries.push_back(request.body);
      if (request.body.find("sum_over_time") != std::string::npos) {
        return answer("vector", R"({"metric":{"pod":"web0-new"},"value":[0,"9"]})");
      }
      const bool failed = request.body.find("failed%7B") != std::string::npos;
      const auto end = std::strtod(request.body.c_str() + request.body.find("time=") + 5, nullptr);
      return answer("matrix", series("web0-old", end, failed ? 50 : 1) + "," +
                                  series("web0-new", end, failed ? new_fails : 1));
    });
  }
  std::vector<std::string> queries;
  std::shared_ptr<patchwave::testing::FakeTransport> server =
      std::make_shared<patchwave::testing::FakeTransport>();

 private:
  static Result<http::Response> answer(const std::string& type, const std::string& series) {
    return http::Response{
        200, {}, R"({"status":"success","data":{"resultType":")" + type + R"(","result":[)" + series + "]}}"};
  }
  static std::string series(const std::string& pod, double end, int one_in) {
    std::string values;
    for (int scrape = 0; scrape <= 40; ++scrape) {
      values += fmt::format(R"({}[{:.3f},"{}"])", values.empty() ? "" : ",", end - 15 * (40 - scrape),
                            300 * scrape / one_in);
    }
    return fmt::format(R"({{"metric":{{"pod":"{0}","instance":"{0}"}},"values":[{1}]}})", pod, values);
  }
};

struct CountingKeeper {
  explicit CountingKeeper(int new_fails) : telemetry(new_fails) {}
  CountingTelemetry telemetry;
  prometheus::Client client = [this] {
    prometheus::ClientOptions options;
    options.transport = telemetry.server;
    return prometheus::Client(std::move(options));
  }();

  judge::Finding found(Snapshot snapshot, Time now = kNow) {
    GateKeeper keeper(&client, {}, {});
    keeper.judge_targets(snapshot, now);
    return snapshot.findings.back().finding;
  }
};

Snapshot counted(seconds ready_for) {
  auto snapshot = canary(ready_for);
  api::GateSpec gate;
  gate.name = "errors";
  gate.counter = api::CounterGate{"failed{app=\"{{workload}}\"}", "requests"};
  gate.tolerate = 3;
  snapshot.wave.spec.gates = {gate};
  return snapshot;
}

TEST(GateKeeper, FillsInTheSelectorsOfACounter) {
  CountingKeeper t(50);
  t.found(counted(seconds(45)));
  EXPECT_THAT(t.telemetry.queries.front(), HasSubstr("failed%7Bapp%3D%22web0%22%2Cnamespace%3D%22shop%22"));
}

TEST(GateKeeper, ACounterPassesOnceItsEvidenceDoesAndEveryCopyWasScraped) {
  CountingKeeper t(50);
  const auto finding = t.found(counted(seconds(45)));
  EXPECT_EQ(finding.verdict, Verdict::Pass) << finding.message;
  EXPECT_THAT(t.telemetry.queries.back(), HasSubstr("sum_over_time"));
}

TEST(GateKeeper, ACounterDoesNotPassBeforeEveryCopyOfTheStepIsReady) {
  CountingKeeper t(50);
  auto snapshot = counted(seconds(45));
  snapshot.wave.status.targets[0].ready_since_time.reset();
  EXPECT_EQ(t.found(snapshot).verdict, Verdict::Undecided);
}

TEST(GateKeeper, ACounterThatShowsHarmDoesNotWaitForReadiness) {
  CountingKeeper t(5);
  auto snapshot = counted(seconds(45));
  snapshot.wave.status.targets[0].ready_since_time.reset();
  const auto finding = t.found(snapshot);
  EXPECT_EQ(finding.verdict, Verdict::Harm) << finding.message;
}

TEST(GateKeeper, ARestartFindsTheSameOfACounterAtTheSameTime) {
  for (const int new_fails : {5, 30, 50}) {
    CountingKeeper t(new_fails);
    const auto before = t.found(counted(seconds(45)));
    const auto after = t.found(counted(seconds(45)));
    EXPECT_EQ(before.verdict, after.verdict);
    EXPECT_EQ(before.message, after.message);
    EXPECT_EQ(before.numbers->harm.log_e, after.numbers->harm.log_e);
  }
}

/// What was counted is promoted, and bakes.
Snapshot baking_since_now() {
  auto snapshot = counted(seconds(45));
  snapshot.wave.status.phase = api::WavePhase::Baking;
  snapshot.wave.status.bake_start_time = kNow;
  snapshot.wave.status.targets[0].state = TargetState::Promoted;
  snapshot.wave.status.targets[0].state_since_time = kNow;
  return snapshot;
}

TEST(GateKeeper, WhatThePromotionShowedStandsWhileTheWaveBakes) {
  CountingKeeper t(50);
  auto snapshot = baking_since_now();
  const auto finding = t.found(snapshot, kNow + std::chrono::minutes(30));
  EXPECT_EQ(finding.verdict, Verdict::Pass) << finding.message;
  EXPECT_THAT(t.telemetry.queries.back(),
              HasSubstr(fmt::format("time={}", kNow.time_since_epoch().count() / 1'000'000)));
}

TEST(GateKeeper, WhatThePromotionShowedIsAskedForOnce) {
  CountingKeeper t(50);
  auto snapshot = baking_since_now();
  GateKeeper keeper(&t.client, {}, {});
  for (int minute = 0; minute < 10; ++minute) {
    snapshot.findings.clear();
    keeper.judge_targets(snapshot, kNow + std::chrono::minutes(minute));
    EXPECT_EQ(snapshot.findings.back().finding.verdict, Verdict::Pass);
  }
  EXPECT_EQ(t.telemetry.queries.size(), 2U);
}

TEST(AlphaOfAGate, IsItsShareOfWhatTheFleetMayGetWrong) {
  api::PatchWaveSpec spec;
  api::GateSpec gate;
  gate.gauge = api::GaugeGate{"memory"};
  spec.gates.assign(8, gate);
  spec.gates.push_back(given::threshold_gate("queue"));
  spec.targets = {given::target("web")};
  EXPECT_DOUBLE_EQ(alpha_of(spec, gate, {}), 1.25e-4) << "one a year in 1,000 waves of 8 such gates";
  spec.targets.assign(10, given::target("web"));
  EXPECT_DOUBLE_EQ(alpha_of(spec, gate, {}), 1.25e-5) << "each of ten targets may be wrong";
}

TEST(AlphaOfAGate, IsWhatTheGateSaysOverItsTargets) {
  api::PatchWaveSpec spec;
  api::GateSpec gate;
  gate.gauge = api::GaugeGate{"memory"};
  gate.alpha = 0.01;
  spec.gates = {gate, gate};
  spec.targets.assign(4, given::target("web"));
  EXPECT_DOUBLE_EQ(alpha_of(spec, gate, {}), 0.0025);
}

TEST(AlphaOfAGate, IsNeverCarelessHoweverLargeTheBudget) {
  api::PatchWaveSpec spec;
  api::GateSpec gate;
  gate.gauge = api::GaugeGate{"memory"};
  spec.gates = {gate};
  spec.targets = {given::target("web")};
  GateSettings settings;
  settings.false_rollbacks_per_year = 1000;
  settings.waves_per_year = 1;
  EXPECT_DOUBLE_EQ(alpha_of(spec, gate, settings), 0.05);
}

}  // namespace
}  // namespace patchwave::wave
