#include "operator/runtime/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::runtime {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, WritesZerosForEveryKnownValueOfAFamilyWithoutOpenLabels) {
  Metrics metrics;
  metrics.counter("outcomes_total", "Outcomes.", {{"outcome", {"good", "bad"}}});
  EXPECT_THAT(metrics.text(), HasSubstr("outcomes_total{outcome=\"good\"} 0"));
  EXPECT_THAT(metrics.text(), HasSubstr("outcomes_total{outcome=\"bad\"} 0"));
}

TEST(Metrics, WritesZerosForEveryKnownValueOnceTheOpenOnesAreSeen) {
  Metrics metrics;
  auto& waves = metrics.gauge("waves", "Waves.", {{"namespace"}, {"phase", {"Running", "Baking"}}});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("waves{")));
  waves.set({"shop", "Running"}, 2);
  EXPECT_THAT(metrics.text(), HasSubstr("waves{namespace=\"shop\",phase=\"Running\"} 2"));
  EXPECT_THAT(metrics.text(), HasSubstr("waves{namespace=\"shop\",phase=\"Baking\"} 0"));
}

TEST(Metrics, CountsAValueThatAClosedLabelDoesNotListAsOther) {
  Metrics metrics;
  metrics.counter("requests_total", "Requests.", {{"method", {"GET"}}}).increment({"BREW"});
  EXPECT_THAT(metrics.text(), HasSubstr("requests_total{method=\"other\"} 1"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("BREW")));
}

TEST(Metrics, CountsWhatIsOverTheCapInOneSeries) {
  Metrics metrics(2);
  auto& counter = metrics.counter("things_total", "Things.", {{"name"}});
  for (const char* name : {"a", "b", "c", "d", "a"}) counter.increment({name});
  EXPECT_THAT(metrics.text(), HasSubstr("things_total{name=\"a\"} 2"));
  EXPECT_THAT(metrics.text(), HasSubstr("things_total{name=\"_overflow\"} 2"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("\"c\"")));
}

TEST(Metrics, MakesRoomWhenANameIsForgotten) {
  Metrics metrics(1);
  auto& counter = metrics.counter("things_total", "Things.", {{"name"}});
  counter.increment({"old"});
  counter.forget({"old"});
  counter.increment({"new"});
  EXPECT_THAT(metrics.text(), Not(HasSubstr("old")));
  EXPECT_THAT(metrics.text(), HasSubstr("things_total{name=\"new\"} 1"));
}

TEST(Metrics, DropsWhatASnapshotNoLongerNamesAndZeroesTheRest) {
  Metrics metrics;
  auto& waves = metrics.gauge("waves", "Waves.", {{"namespace"}, {"phase", {"Running", "Baking"}}});
  waves.replace_all({{{"shop", "Running"}, 3}, {{"bank", "Baking"}, 1}});
  waves.replace_all({{{"shop", "Baking"}, 1}});
  EXPECT_THAT(metrics.text(), HasSubstr("waves{namespace=\"shop\",phase=\"Running\"} 0"));
  EXPECT_THAT(metrics.text(), HasSubstr("waves{namespace=\"shop\",phase=\"Baking\"} 1"));
  EXPECT_THAT(metrics.text(), Not(HasSubstr("bank")));
}

TEST(Metrics, SumsSamplesOfOneSeriesInASnapshot) {
  Metrics metrics(1);
  auto& open = metrics.gauge("open", "Open.", {{"namespace"}});
  open.replace_all({{{"a"}, 1}, {{"b"}, 2}, {{"c"}, 3}});
  open.replace_all({{{"a"}, 1}, {{"b"}, 2}, {{"c"}, 3}});
  EXPECT_THAT(metrics.text(), HasSubstr("open{namespace=\"_overflow\"} 5"));
}

TEST(Metrics, EscapesLabelValues) {
  Metrics metrics;
  metrics.gauge("named", "Named.", {{"name"}}).set({"a\"b\\c\nd"}, 1);
  EXPECT_THAT(metrics.text(), HasSubstr(R"(named{name="a\"b\\c\nd"} 1)"));
}

TEST(Metrics, IgnoresACallWithTheWrongNumberOfValues) {
  Metrics metrics;
  metrics.counter("things_total", "Things.", {{"name"}}).increment({"a", "b"});
  EXPECT_EQ(metrics.text(), "");
}

TEST(Metrics, GivesTheSameFamilyForTheSameName) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("a_total", "A."), &metrics.counter("a_total", "A."));
}

TEST(Metrics, RefreshesBeforeAScrapeForAsLongAsTheCallerKeepsIt) {
  Metrics metrics;
  int calls = 0;
  auto kept = metrics.before_scrape([&] { ++calls; });
  static_cast<void>(metrics.text());
  kept.reset();
  static_cast<void>(metrics.text());
  EXPECT_EQ(calls, 1);
}

TEST(Metrics, PutsObservationsIntoTheirBuckets) {
  Metrics metrics;
  auto& took = metrics.histogram("took_seconds", "Took.", {1, 10});
  took.observe({}, 0.5);
  took.observe({}, 5);
  took.observe({}, 50);
  EXPECT_THAT(metrics.text(), HasSubstr("took_seconds_bucket{le=\"1\"} 1"));
  EXPECT_THAT(metrics.text(), HasSubstr("took_seconds_bucket{le=\"10\"} 2"));
  EXPECT_THAT(metrics.text(), HasSubstr("took_seconds_bucket{le=\"+Inf\"} 3"));
}

}  // namespace
}  // namespace patchwave::runtime
