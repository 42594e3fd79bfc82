#include "operator/prometheus/counters.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace patchwave::prometheus {
namespace {

constexpr Time kSince{std::chrono::hours(24 * 365 * 56)};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Time at(int seconds_after) {
  return kSince + seconds(seconds_after);
}

/// A counter of pod "web-1", sampled every 15 s from `first` on.
Series counter(int first, std::initializer_list<double> values, const std::string& code = "200") {
  Series series{{{"pod", "web-1"}, {"instance", "10.0.0.1:80"}, {"code", code}}, {}};
  for (const double value : values) {
    series.samples.push_back({at(first), value});
    first += 15;
  }
  return series;
}

RiseOptions born(int seconds_after) {
  return {kSince, {{"web-1", at(seconds_after)}}, std::chrono::minutes(5)};
}

/// The sum of what a series rose by; -1 when nothing is known.
double total(const Series& series, const RiseOptions& options = {kSince, {}, std::chrono::minutes(5)},
             const std::vector<Series>& others = {}) {
  const std::vector<Series> asked = {series};
  const auto all = rises(asked, Scrapes({&asked, &others}), options);
  if (all.front().increments.empty()) return -1;
  double sum = 0;
  for (const auto& increment : all.front().increments) sum += increment.value;
  return sum;
}

TEST(Rises, OfAnOldPodAreFromItsFirstSampleOn) {
  EXPECT_EQ(total(counter(1, {1000, 1003, 1010})), 10);
}

TEST(Rises, OfAPodThatWasBornInTheTimeAreFromZero) {
  EXPECT_EQ(total(counter(40, {7, 9}), born(30)), 9);
}

TEST(Rises, OfASeriesThatItsTargetDidNotHaveBeforeAreFromZero) {
  EXPECT_EQ(
      total(counter(16, {3, 4}, "500"), {kSince, {}, std::chrono::minutes(5)}, {counter(1, {90, 95, 99})}),
      4);
}

TEST(Rises, OfASeriesAreNotFromZeroBecauseAnotherTargetOfThePodWasScrapedBefore) {
  auto sidecar = counter(1, {5, 6});
  sidecar.labels["instance"] = "10.0.0.1:9090";
  EXPECT_EQ(total(counter(16, {3000, 3004}, "500"), {kSince, {}, std::chrono::minutes(5)}, {sidecar}), 4);
}

TEST(Rises, TakeAFallForANewBeginningAtZero) {
  EXPECT_EQ(total(counter(1, {100, 104, 2, 5})), 4 + 2 + 3);
}

TEST(Rises, BeginAfterTheTimeThatIsAskedAboutAtTheSampleBeforeIt) {
  EXPECT_EQ(total(counter(-10, {100, 104, 105})), 5);
}

TEST(Rises, OfTwoEqualSamplesAreZeroAndOfOneAreNotKnown) {
  EXPECT_EQ(total(counter(1, {100, 100})), 0);
  EXPECT_EQ(total(counter(1, {100})), -1);
}

TEST(Rises, OverAGapThatIsLongerThanPrometheusLooksBackAreNotKnown) {
  auto series = counter(1, {100, 101});
  series.samples.push_back({at(16 + 301), 500});
  series.samples.push_back({at(16 + 316), 502});
  EXPECT_EQ(total(series), 1 + 2);
}

TEST(Rises, IgnoreWhatIsNoNumberOrNoCount) {
  auto series = counter(1, {100, 101});
  series.samples.push_back({at(5), kNaN});
  series.samples.push_back({at(6), std::numeric_limits<double>::infinity()});
  series.samples.push_back({at(7), -1});
  EXPECT_EQ(total(series), 1);
}

TEST(Scrapes, AreAsFarApartAsTheirMedian) {
  EXPECT_FALSE(Scrapes({}).period());
  std::vector<Series> series = {counter(0, {1, 2, 3, 4})};
  series[0].samples.push_back({at(300), 5});
  EXPECT_EQ(Scrapes({&series}).period(), seconds(15));
}

TEST(SplitAtEdge, CountsWhatIsSlowerWhereBothCountersAreKnown) {
  auto bucket = counter(1, {90, 95, 99});
  bucket.labels["le"] = "0.25";
  bucket.samples.erase(bucket.samples.begin() + 1);
  const auto split = split_at_edge({counter(1, {100, 110, 120}), counter(1, {5}, "404")}, {bucket});
  ASSERT_EQ(split.slower.size(), 1U) << "a count without a bucket says nothing";
  ASSERT_EQ(split.slower[0].samples.size(), 2U);
  EXPECT_EQ(split.slower[0].samples[0].value, 10);
  EXPECT_EQ(split.slower[0].samples[1].value, 21);
  EXPECT_EQ(split.all[0].samples[1].value, 120);
}

}  // namespace
}  // namespace patchwave::prometheus
