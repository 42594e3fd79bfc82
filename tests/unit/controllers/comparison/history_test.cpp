#include "controllers/comparison/history.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/comparison/named_arms.hpp"
#include "controllers/comparison/rows.hpp"
#include "operator/base/time.hpp"

namespace patchwave::comparison {
namespace {

using api::Verdict;
using prometheus::Series;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const Time kChange = *parse_time("2026-11-21T02:00:00Z");
const Time kEnd = kChange + hours(1);

/// A counter that rises by `rise` each 15 s, as scraped from `begin` on; it began at zero there.
Series counter(std::string_view label, const std::string& pod, Time begin, double rise, double first = 0) {
  Series series{{{std::string(label), pod}, {"instance", pod}, {"job", "web"}}, {}};
  double value = first;
  for (Time at = begin; at <= kEnd; at += seconds(15)) series.samples.push_back({at, value += rise});
  return series;
}

NamedArms arms(const std::string& canary = "new-.*", const std::string& baseline = "old-.*") {
  auto made = NamedArms::make(canary, baseline, kChange);
  EXPECT_TRUE(made) << made.error().message;
  return *made;
}

api::GateSpec counter_gate() {
  api::GateSpec gate;
  gate.name = "errors";
  gate.counter = api::CounterGate{"failed", "requests"};
  return gate;
}

/// Two old pods that fail one request in fifty, and a new one that fails as many as said of thirty.
struct History {
  double canary_errors = 0.6;
  std::string label = "pod";
  std::vector<std::string> asked;

  Result<judge::RecordedVerdict> judged(const api::GateSpec& gate) {
    const auto named = arms();
    const Comparison comparison{named.matcher(label), label, &named, kChange, kEnd};
    return judge_history(gate, comparison, [this](const std::string& promql, Time) {
      asked.push_back(promql);
      const double old_rise = promql.starts_with("failed") ? 0.6 : 30;
      const double new_rise = promql.starts_with("failed") ? canary_errors : 30;
      prometheus::QueryAnswer answer{prometheus::ValueKind::Matrix, {}, {}};
      if (promql.starts_with("seconds_bucket")) return Result<prometheus::QueryAnswer>(answer);
      answer.series = {counter(label, "old-1", kChange - minutes(5), old_rise),
                       counter(label, "old-2", kChange - minutes(5), old_rise),
                       counter(label, "new-1", kChange + seconds(20), new_rise)};
      return Result<prometheus::QueryAnswer>(std::move(answer));
    });
  }
};

TEST(AHistory, IsJudgedByOneQueryAMetricForBothArms) {
  History history;
  history.canary_errors = 3;
  const auto verdict = history.judged(counter_gate());
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->verdict, Verdict::Harm) << verdict->message;
  EXPECT_THAT(history.asked, ElementsAre(R"re(failed{pod=~"(?:new-.*)|(?:old-.*)"}[3900000ms])re",
                                         R"re(requests{pod=~"(?:new-.*)|(?:old-.*)"}[3900000ms])re"));
}

TEST(AHistory, IsTheSameWhateverLabelNamesThePods) {
  History by_pod;
  History by_label;
  by_label.label = "kubernetes_pod_name";
  const auto one = by_pod.judged(counter_gate());
  const auto other = by_label.judged(counter_gate());
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->verdict, Verdict::Pass) << one->message;
  EXPECT_EQ(one->message, other->message);
  EXPECT_EQ(one->decided_time, other->decided_time);
}

TEST(AHistory, OfAHistogramWithoutTheGatesEdgeIsNoVerdict) {
  History history;
  api::GateSpec gate;
  gate.name = "slow";
  gate.histogram = api::HistogramGate{"seconds", milliseconds(250)};
  const auto verdict = history.judged(gate);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().reason, kNoEdge);
  EXPECT_THAT(verdict.error().message, HasSubstr("no bucket that ends at 250ms"));
}

TEST(AHistory, ThatIsNotAnsweredIsNoVerdict) {
  const auto named = arms();
  const Comparison comparison{named.matcher("pod"), "pod", &named, kChange, kEnd};
  const auto verdict = judge_history(counter_gate(), comparison,
                                     [](const std::string&, Time) -> Result<prometheus::QueryAnswer> {
                                       return fail(ErrorKind::Timeout, "as the test says");
                                     });
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().kind, ErrorKind::Timeout);
}

TEST(Rows, OfAPodCoverOnlyTheTimeItLived) {
  const auto named = arms();
  const Comparison comparison{"", "pod", &named, kChange, kEnd};
  const auto late = counter("pod", "old-2", kChange + minutes(50), 30);
  const auto rows = count_rows({}, {counter("pod", "old-1", kChange - minutes(5), 30), late}, comparison);
  for (const auto& row : rows) {
    if (row.series == "old-2") {
      EXPECT_GE(row.time, kChange + minutes(50));
    }
    EXPECT_GT(row.count.exposure, 0);
  }
  // Of events before their exposure, too: a series of errors may be older than that of its requests.
  const auto early = count_rows({counter("pod", "old-2", kChange + minutes(20), 1)}, {late}, comparison);
  ASSERT_FALSE(early.empty());
  EXPECT_GE(early.front().time, kChange + minutes(50));
}

TEST(ArmsByName, TakeAPodThatIsBothForACanary) {
  const auto both = arms("web-canary-.*", "web-.*");
  EXPECT_EQ(both.of("web-canary-1", kChange, true), judge::Arm::Canary);
  EXPECT_EQ(both.of("web-1", kChange, true), judge::Arm::Baseline);
  EXPECT_EQ(both.of("api-1", kChange, true), std::nullopt);
}

TEST(ArmsByName, AskForTheWholeName) {
  EXPECT_EQ(arms("new", "old").of("new-1", kChange, true), std::nullopt);
}

TEST(ArmsByName, AreEscapedWhereTheyAreAskedFor) {
  EXPECT_EQ(arms(R"(web\.1)", R"(a"b)").matcher("pod"), R"re(pod=~"(?:web\\.1)|(?:a\"b)")re");
}

TEST(ArmsByName, CountFromZeroWhatIsNewSinceTheChange) {
  const auto births = arms().births(
      {counter("pod", "old-1", kChange - minutes(5), 1), counter("pod", "new-1", kChange + seconds(20), 1)});
  ASSERT_EQ(births.size(), 1U);
  EXPECT_EQ(births.begin()->first, "new-1");
  EXPECT_GE(births.begin()->second, kChange);
}

TEST(ArmsByName, TakeNoPodForNewWhenNobodyScrapedBefore) {
  EXPECT_THAT(arms().births({counter("pod", "old-1", kChange + minutes(1), 1, 1e6),
                             counter("pod", "new-1", kChange + minutes(1), 1, 1e6)}),
              IsEmpty());
}

TEST(ArmsByName, SayWhichExpressionIsWrong) {
  const auto of = [](const std::string& canary, const std::string& baseline) {
    const auto made = NamedArms::make(canary, baseline, kChange);
    return made ? std::string() : made.error().message;
  };
  EXPECT_THAT(of("a(", "b"),
              StartsWith("the canary's pods are named by 'a(', which is no regular expression"));
  EXPECT_THAT(of("a", "[b"), StartsWith("the baseline's pods are named by '[b'"));
  EXPECT_THAT(of("a", ""), StartsWith("the baseline's pods must be named"));
  EXPECT_THAT(of("a\nb", "b"), StartsWith("the canary's pods must be named"));
}

TEST(ASelector, IsNarrowedBesideWhatItHas) {
  EXPECT_EQ(narrowed("up", "", "a=\"b\""), "up{a=\"b\"}");
  EXPECT_EQ(narrowed("up{}", "", "a=\"b\""), "up{a=\"b\"}");
  EXPECT_EQ(narrowed("up{c=\"{d}\", }", "_count", "a=\"b\""), "up_count{c=\"{d}\",a=\"b\"}");
}

}  // namespace
}  // namespace patchwave::comparison
