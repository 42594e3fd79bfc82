#include "controllers/wave/statistics.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <regex>

#include "controllers/comparison/rows.hpp"
#include "tests/unit/controllers/wave/given.hpp"

namespace patchwave::wave {
namespace {

using api::TargetKind;
using api::Verdict;
using given::kNow;
using prometheus::Series;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOld1 = "web-5d8f7c9b6d-x7k2p";
constexpr const char* kOld2 = "web-5d8f7c9b6d-b4m9z";
constexpr const char* kOld3 = "web-5d8f7c9b6d-q2w5r";
constexpr const char* kCanary = "web-patchwave-canary-7d9c8b5f4d-k8t6h";

/// One pod as Prometheus saw it: scraped every 15 s while it lived.
struct Pod {
  std::string name;
  Time born;
  std::optional<Time> gone;
  bool patched = false;
  int requests = 30;          ///< Between two scrapes.
  int requests_a_error = 50;  ///< One error in so many requests.
  double level = 100;
};

/// A workload of which one copy was patched `kNow` - 1 h after the wave began.
struct World {
  std::vector<Pod> pods = {{kOld1, kNow - hours(9), {}, false},
                           {kOld2, kNow - hours(9), {}, false},
                           {kOld3, kNow - hours(9), {}, false},
                           {kCanary, kNow - hours(1), {}, true}};
  Time since = kNow - hours(1);
  Time end = kNow;
  bool has_edge = false;  ///< Of the histogram: what is no error was faster.
  std::vector<std::string> asked;

  Pod& canary() { return pods.back(); }

  [[nodiscard]] WorkloadPods workload(TargetKind kind = TargetKind::Deployment) const {
    WorkloadPods workload{{kind, "shop", "web", {"web"}}, {}, since, end};
    for (const auto& pod : pods) {
      if (pod.gone) continue;
      target::ObservedPod observed;
      observed.pod.name = pod.name;
      observed.pod.creation_time = pod.born;
      observed.patched = pod.patched;
      workload.pods.push_back(observed);
    }
    return workload;
  }

  template <class Value>
  [[nodiscard]] std::vector<Series> series(Value value, microseconds past = minutes(5)) const {
    std::vector<Series> all;
    for (const auto& pod : pods) {
      Series one{{{"pod", pod.name}, {"instance", pod.name}, {"job", "web"}}, {}};
      int scrape = 0;
      for (Time at = pod.born + seconds(5); at <= pod.gone.value_or(end); at += seconds(15)) {
        ++scrape;
        const auto seen = value(pod, scrape);
        if (seen && at >= since - past && at <= end) one.samples.push_back({at, *seen});
      }
      if (!one.samples.empty()) all.push_back(std::move(one));
    }
    return all;
  }
  [[nodiscard]] std::vector<Series> requests() const {
    return series([](const Pod& pod, int scrape) { return std::optional<double>(pod.requests * scrape); });
  }
  /// A client library has no series of an error that never happened.
  [[nodiscard]] std::vector<Series> errors() const {
    return series([](const Pod& pod, int scrape) -> std::optional<double> {
      const int errors = pod.requests * scrape / pod.requests_a_error;
      return errors == 0 ? std::nullopt : std::optional<double>(errors);
    });
  }
  [[nodiscard]] std::vector<Series> faster() const {
    auto buckets = series([](const Pod& pod, int scrape) {
      return std::optional<double>(pod.requests * scrape - pod.requests * scrape / pod.requests_a_error);
    });
    for (auto& bucket : buckets) bucket.labels["le"] = "0.25";
    return buckets;
  }
  [[nodiscard]] std::vector<Series> levels() const {
    // A ripple, since a level that never moves has no variance to learn from.
    return series(
        [](const Pod& pod, int scrape) {
          const auto ripple = static_cast<double>((scrape * 7 + static_cast<int>(pod.name.back())) % 11 - 5);
          return std::optional<double>(pod.level + ripple);
        },
        hours(1));
  }

  judge::Finding judged(const api::GateSpec& gate, TargetKind kind = TargetKind::Deployment) {
    return judge_statistics(gate, workload(kind), [this](const std::string& promql, Time) {
      asked.push_back(promql);
      prometheus::QueryAnswer answer{prometheus::ValueKind::Matrix, {}, {}};
      if (promql.starts_with("failed{")) answer.series = errors();
      if (promql.starts_with("requests{") || promql.starts_with("seconds_count{")) answer.series = requests();
      if (promql.starts_with("seconds_bucket{") && has_edge) answer.series = faster();
      if (promql.starts_with("memory{")) answer.series = levels();
      return Result<prometheus::QueryAnswer>(answer);
    });
  }
};

/// Requests and errors of one pod as chance has them, scraped at its own seconds. It may restart once.
struct ChancePod {
  std::string name;
  bool patched = false;
  seconds born{-1800};  ///< From the begin of the wave on.
  double error_rate = 0.01;
};

/// An hour of a canary whose copies fail `ratio` times as often; whether harm was ever shown in it.
judge::Finding judged_by_chance(double ratio, std::mt19937_64& random) {
  const Time since = kNow - hours(1);
  std::vector<ChancePod> pods;
  for (const auto* old : {kOld1, kOld2, kOld3}) pods.push_back({old, false});
  pods.push_back({kCanary, true, seconds(20), 0.01 * ratio});
  WorkloadPods workload{{TargetKind::Deployment, "shop", "web", {"web"}}, {}, since, kNow};
  std::vector<Series> requests;
  std::vector<Series> errors;
  for (const auto& pod : pods) {
    workload.pods.emplace_back();
    workload.pods.back().pod.name = pod.name;
    workload.pods.back().pod.creation_time = since + pod.born;
    workload.pods.back().patched = pod.patched;
    Series all{{{"pod", pod.name}}, {}};
    Series failed = all;
    double all_count = 0;
    double failed_count = 0;
    const auto restart = std::uniform_int_distribution<int>(-1800, 7200)(random);
    auto at = pod.born + seconds(std::uniform_int_distribution<int>(1, 15)(random));
    for (; since + at <= kNow; at += seconds(15)) {
      if (restart >= at.count() && restart < at.count() + 15) all_count = failed_count = 0;
      const auto more = std::poisson_distribution<int>(30)(random);
      all_count += more;
      failed_count += std::binomial_distribution<int>(more, pod.error_rate)(random);
      if (at < -minutes(5)) continue;
      all.samples.push_back({since + at, all_count});
      if (failed_count > 0) failed.samples.push_back({since + at, failed_count});
    }
    requests.push_back(std::move(all));
    errors.push_back(std::move(failed));
  }
  api::GateSpec gate;
  gate.name = "errors";
  gate.counter = api::CounterGate{"failed", "requests"};
  gate.alpha = 0.05;
  return judge_statistics(gate, workload, [&](const std::string& promql, Time) {
    return Result<prometheus::QueryAnswer>(
        {prometheus::ValueKind::Matrix, promql.starts_with("failed") ? errors : requests, {}});
  });
}

std::vector<judge::CountRow> count_rows(const std::vector<Series>& events,
                                        const std::vector<Series>& exposure, const WorkloadPods& workload) {
  const WorkloadArms arms(workload);
  return comparison::count_rows(events, exposure, comparison_of(workload, arms));
}

int runs_with_harm(double ratio, int runs) {
  std::mt19937_64 random(17);
  int harm = 0;
  for (int run = 0; run < runs; ++run)
    harm += judged_by_chance(ratio, random).verdict == Verdict::Harm ? 1 : 0;
  return harm;
}

api::GateSpec counter_gate() {
  api::GateSpec gate;
  gate.name = "errors";
  gate.counter = api::CounterGate{"failed", "requests"};
  return gate;
}

api::GateSpec gauge_gate() {
  api::GateSpec gate;
  gate.name = "memory";
  gate.gauge = api::GaugeGate{"memory"};
  return gate;
}

TEST(ACounterGate, ShowsHarmWhenTheCanaryFailsMoreOften) {
  World world;
  world.canary().requests_a_error = 10;
  const auto finding = world.judged(counter_gate());
  EXPECT_EQ(finding.verdict, Verdict::Harm) << finding.message;
  EXPECT_THAT(finding.message, HasSubstr("above 1 times the baseline's"));
  ASSERT_TRUE(finding.numbers);
  EXPECT_GE(finding.numbers->harm.log_e, finding.numbers->harm.threshold);
}

TEST(ACounterGate, PassesWhenTheCanaryIsShownToFailNoMoreOftenThanTolerated) {
  World world;
  const auto finding = world.judged(counter_gate());
  EXPECT_EQ(finding.verdict, Verdict::Pass) << finding.message;
  ASSERT_TRUE(finding.numbers);
  EXPECT_NEAR(finding.numbers->total.canary.exposure, 60 * 4 * 30, 2 * 4 * 30);
  EXPECT_NEAR(finding.numbers->total.baseline.exposure, 3 * 60 * 4 * 30, 3 * 2 * 4 * 30);
}

TEST(ACounterGate, LearnsFromTheBaselineOfBeforeTheWaveHowItVaries) {
  World world;
  const auto rows = count_rows(world.errors(), world.requests(), world.workload());
  const auto earliest = [&rows](judge::Arm arm) {
    Time time = kNow;
    for (const auto& row : rows) time = row.arm == arm ? std::min(time, row.time) : time;
    return time;
  };
  EXPECT_EQ(earliest(judge::Arm::Canary), world.since + seconds(30));
  EXPECT_LE(earliest(judge::Arm::Baseline), world.since - minutes(4));
}

TEST(ACounterGate, IsUndecidedAtFirstAndSaysWhenItExpectsToPass) {
  World world;
  world.since = world.canary().born = kNow - minutes(3);
  const auto finding = world.judged(counter_gate());
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, judge::Absence::None);
  ASSERT_TRUE(finding.numbers && finding.numbers->expected_time) << finding.message;
  EXPECT_GT(*finding.numbers->expected_time, kNow);
}

TEST(ACounterGate, CountsTheFirstErrorsOfANewPod) {
  World world;
  world.since = world.canary().born = kNow - minutes(3);
  world.canary().requests_a_error = 1;
  const auto finding = world.judged(counter_gate());
  ASSERT_TRUE(finding.numbers);
  EXPECT_EQ(finding.numbers->total.canary.events, finding.numbers->total.canary.exposure);
}

TEST(ACounterGate, HasNothingToSayOfACanaryThatNobodyAsks) {
  World world;
  world.canary().requests = 0;
  const auto finding = world.judged(counter_gate());
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, judge::Absence::NoData);
}

TEST(ACounterGate, ComparesStillWhenTheLastOldPodIsGone) {
  World world;
  for (auto& pod : world.pods) {
    if (!pod.patched) pod.gone = kNow - minutes(1);
  }
  world.canary().gone = kNow - minutes(1);
  world.pods.push_back({"web-6c4d5f7b8d-w9v2n", kNow - minutes(5), {}, true});
  const auto finding = world.judged(counter_gate());
  EXPECT_EQ(finding.verdict, Verdict::Pass) << finding.message;
}

TEST(ACounterGate, SaysThatTimeDecidesNoMoreWhenNothingIsLeftToCompareWith) {
  World world;
  world.since = world.canary().born = kNow - minutes(3);
  for (auto& pod : world.pods) {
    if (!pod.patched) pod.gone = kNow - minutes(1);
  }
  const auto finding = world.judged(counter_gate());
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_THAT(finding.message, HasSubstr("No pod without the patch is left to compare with"));
  EXPECT_THAT(finding.message, Not(HasSubstr("Pass is expected")));
  EXPECT_FALSE(finding.numbers->expected_time);
}

TEST(ACounterGate, LeavesOutAPodThatCameAndWentWithoutTellingWhatItWas) {
  World world;
  world.pods.insert(world.pods.begin(), {"web-6c4d5f7b8d-w9v2n", kNow - minutes(50), kNow - minutes(10)});
  const auto with = world.judged(counter_gate());
  world.pods.erase(world.pods.begin());
  const auto without = world.judged(counter_gate());
  ASSERT_TRUE(with.numbers && without.numbers);
  EXPECT_EQ(with.numbers->total.baseline.exposure, without.numbers->total.baseline.exposure);
}

TEST(ACounterGate, OfAStatefulSetTellsThePatchedPodFromTheOneThatHadItsName) {
  World world;
  world.pods = {{"web-0", kNow - hours(9), {}, false}, {"web-1", kNow - minutes(30), {}, true}};
  const WorkloadArms arms(world.workload(TargetKind::StatefulSet));
  EXPECT_EQ(arms.of("web-1", kNow - minutes(40), true), judge::Arm::Baseline);
  EXPECT_EQ(arms.of("web-1", kNow - minutes(20), true), judge::Arm::Canary);
}

TEST(ACounterGate, IsNotMisledByClocksThatAreAMinuteApart) {
  for (const auto skew : {minutes(-1), minutes(1)}) {
    World world;
    world.since = world.canary().born = kNow - minutes(10);
    world.canary().requests_a_error = 1;
    auto workload = world.workload();
    for (auto& observed : workload.pods) observed.pod.creation_time += skew;
    judge::CountPair total;
    for (const auto& row : count_rows(world.errors(), world.requests(), workload)) {
      auto& arm = row.arm == judge::Arm::Canary ? total.canary : total.baseline;
      arm.events += row.count.events;
      arm.exposure += row.count.exposure;
    }
    EXPECT_EQ(total.canary.events, total.canary.exposure);
    EXPECT_NEAR(total.canary.exposure, 10 * 4 * 30, 2 * 30);
    EXPECT_LT(total.baseline.events, 0.03 * total.baseline.exposure);
  }
}

TEST(ACounterGate, AsksOncePerMetricForAsLongAsTheWaveAndALookback) {
  World world;
  world.judged(counter_gate());
  ASSERT_EQ(world.asked.size(), 2U);
  EXPECT_THAT(world.asked[0], HasSubstr(R"(failed{namespace="shop",pod=~")"));
  EXPECT_THAT(world.asked[0], HasSubstr("[3900000ms]"));
}

TEST(ACounterGate, AsksForNoMoreThanADay) {
  World world;
  world.since = kNow - hours(100);
  world.judged(counter_gate());
  EXPECT_THAT(world.asked[0], HasSubstr("[86700000ms]"));
}

TEST(ACounterGate, IsNotMovedByWhatTheChannelDoesToSamples) {
  World world;
  world.canary().requests_a_error = 20;
  const auto rows = count_rows(world.errors(), world.requests(), world.workload());
  auto noisy_errors = world.errors();
  auto noisy_requests = world.requests();
  for (auto* all : {&noisy_errors, &noisy_requests}) {
    std::ranges::reverse(*all);
    for (auto& series : *all) {
      series.samples.push_back(series.samples.front());
      series.samples.push_back({kNow - minutes(7), std::numeric_limits<double>::quiet_NaN()});
      series.samples.push_back({kNow - minutes(9), std::numeric_limits<double>::infinity()});
      std::ranges::reverse(series.samples);
    }
  }
  const auto noisy = count_rows(noisy_errors, noisy_requests, world.workload());
  ASSERT_EQ(rows.size(), noisy.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].time, noisy[i].time);
    EXPECT_EQ(rows[i].series, noisy[i].series);
    EXPECT_EQ(rows[i].count.events, noisy[i].count.events);
    EXPECT_EQ(rows[i].count.exposure, noisy[i].count.exposure);
  }
}

TEST(ACounterGate, HasARowOnlyWhereExposureIsKnown) {
  World world;
  auto requests = world.requests();
  std::erase_if(requests, [](const Series& series) { return series.labels.at("pod") == kOld1; });
  for (const auto& row : count_rows(world.errors(), requests, world.workload())) {
    EXPECT_NE(row.series, kOld1);
  }
  for (const auto& row : count_rows({}, world.requests(), world.workload())) {
    EXPECT_EQ(row.count.events, 0);
    EXPECT_GT(row.count.exposure, 0);
  }
}

TEST(ACounterGate, TakesAPrometheusThatIsAwayForNoEvidence) {
  World world;
  const auto failing = [](ErrorKind kind) {
    return [kind](const std::string&, Time) -> Result<prometheus::QueryAnswer> {
      return fail(kind, "as the test says");
    };
  };
  const auto away = judge_statistics(counter_gate(), world.workload(), failing(ErrorKind::Timeout));
  EXPECT_EQ(away.verdict, Verdict::Undecided);
  EXPECT_EQ(away.absence, judge::Absence::TelemetryUnavailable);
  const auto refused = judge_statistics(counter_gate(), world.workload(), failing(ErrorKind::Invalid));
  EXPECT_EQ(refused.absence, judge::Absence::NoData);
  const auto too_much = judge_statistics(counter_gate(), world.workload(), failing(ErrorKind::TooLarge));
  EXPECT_THAT(too_much.message, HasSubstr("narrow the gate's selectors"));
}

// Two looks a minute, restarts of containers, first errors of old and new pods, scrapes at different seconds.
TEST(ACounterGate, PutsBackAHealthyPatchLessOftenThanItsAlphaSays) {
  EXPECT_LT(runs_with_harm(1, 500), 25) << "of 500, at an alpha of 5 %";
}

TEST(ACounterGate, FindsAPatchThatFailsThreeTimesAsOftenWithinTheHour) {
  EXPECT_GT(runs_with_harm(3, 100), 95) << "of 100";
}

TEST(AHistogramGate, AsksForTheEdgeHoweverItsExporterWritesIt) {
  World world;
  api::GateSpec gate;
  gate.name = "slow";
  gate.histogram = api::HistogramGate{R"(seconds{route="/"})", milliseconds(250)};
  const auto finding = world.judged(gate);
  ASSERT_EQ(world.asked.size(), 2U);
  EXPECT_THAT(world.asked[1], HasSubstr(R"(seconds_bucket{route="/",namespace="shop")"));
  EXPECT_THAT(world.asked[1], HasSubstr(R"(le=~"0[.]250*")"));
  EXPECT_EQ(finding.absence, judge::Absence::NoData);
  EXPECT_THAT(finding.message, HasSubstr("no bucket that ends at 250ms"));
  gate.histogram->slower_than = seconds(10);
  world.judged(gate);
  EXPECT_THAT(world.asked[3], HasSubstr(R"re(le=~"10([.]0*)?")re"));
}

TEST(AHistogramGate, ComparesTheSharesOfWhatIsSlowerThanTheEdge) {
  World world;
  world.has_edge = true;
  api::GateSpec gate;
  gate.name = "slow";
  gate.histogram = api::HistogramGate{"seconds", milliseconds(250)};
  EXPECT_EQ(world.judged(gate).verdict, Verdict::Pass);
  world.canary().requests_a_error = 10;
  const auto finding = world.judged(gate);
  EXPECT_EQ(finding.verdict, Verdict::Harm) << finding.message;
  EXPECT_THAT(finding.message, HasSubstr("above 1.1 times the baseline's"));
  ASSERT_TRUE(finding.numbers);
  EXPECT_NEAR(finding.numbers->total.canary.events / finding.numbers->total.canary.exposure, 0.1, 0.02);
}

TEST(AGaugeGate, ShowsHarmWhenTheCanaryHasGrownAgainstWhatTheCopiesWere) {
  World world;
  for (auto& pod : world.pods) pod.born -= hours(5);
  world.since = kNow - hours(5);
  world.canary().born = world.since;
  world.canary().level = 200;
  const auto finding = world.judged(gauge_gate());
  EXPECT_EQ(finding.verdict, Verdict::Harm) << finding.message;
}

TEST(AGaugeGate, PassesWhenTheCanaryHasNotGrown) {
  World world;
  world.since = world.canary().born = kNow - hours(5);
  const auto finding = world.judged(gauge_gate());
  EXPECT_EQ(finding.verdict, Verdict::Pass) << finding.message;
}

TEST(PodsOfAWorkload, AreMatchedByHowItsKindNamesThem) {
  World world;
  const auto matches = [&](TargetKind kind, const std::string& name) {
    auto workload = world.workload(kind);
    workload.pods.clear();
    return std::regex_match(name, std::regex(pods_pattern(workload)));
  };
  EXPECT_TRUE(matches(TargetKind::Deployment, kOld1));
  EXPECT_TRUE(matches(TargetKind::Deployment, kCanary));
  EXPECT_FALSE(matches(TargetKind::Deployment, "web-api-5d8f7c9b6d-x7k2p"));
  EXPECT_FALSE(matches(TargetKind::Deployment, "web-0"));
  EXPECT_TRUE(matches(TargetKind::StatefulSet, "web-12"));
  EXPECT_FALSE(matches(TargetKind::StatefulSet, "web-api-0"));
  EXPECT_TRUE(matches(TargetKind::DaemonSet, "web-x7k2p"));
  EXPECT_FALSE(matches(TargetKind::DaemonSet, kOld1));
}

TEST(PodsOfAWorkload, AreMatchedByNameOnlyWhereTheirKindDoesNotMatchThem) {
  World world;
  for (const auto kind : {TargetKind::Deployment, TargetKind::StatefulSet, TargetKind::DaemonSet}) {
    for (const auto* name :
         {kOld1, kCanary, "web-0", "web-12", "web-x7k2p", "web", "web-", "web-x7k2", "web-5d8f7-x7k2p",
          "web-5d8f7c9b6dd-x7k2p", "web-5d8f7c9b6d-x7k2", "web-api-0"}) {
      auto workload = world.workload(kind);
      workload.pods.clear();
      const auto by_kind = pods_pattern(workload);
      workload.pods.resize(1);
      workload.pods[0].pod.name = name;
      const bool is_matched = std::regex_match(name, std::regex(by_kind));
      EXPECT_EQ(pods_pattern(workload), is_matched ? by_kind : by_kind + "|" + name) << name;
    }
  }
}

TEST(PodsOfAWorkload, WhoseNamesWereCutAreMatchedByName) {
  World world;
  world.pods[0].name = "cut.short";
  EXPECT_THAT(pods_pattern(world.workload()), HasSubstr("|cut[.]short"));
  EXPECT_THAT(pods_pattern(world.workload()), Not(HasSubstr(kOld2)));
}

}  // namespace
}  // namespace patchwave::wave
