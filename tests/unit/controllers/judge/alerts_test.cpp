#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {
namespace {

using Labels = std::map<std::string, std::string>;

constexpr Time kSince{std::chrono::hours(24 * 365 * 56)};
const WaveScope kScope{{"shop"}, {"web", "web-patchwave-canary"}, {"web-1"}};
const Labels kHighErrors = {{"__name__", "ALERTS"},
                            {"alertname", "HighErrors"},
                            {"alertstate", "firing"},
                            {"namespace", "shop"},
                            {"severity", "page"}};

api::GateSpec gate() {
  api::GateSpec spec;
  spec.name = "pages";
  spec.alerts = api::AlertsGate{"severity=\"page\""};
  spec.interval = seconds(15);
  return spec;
}

QueryEvidence quiet() {
  return {QueryEvidence::State::Answered, "", {}};
}
QueryEvidence unreachable() {
  return {QueryEvidence::State::Unreachable, "timeout", {}};
}
QueryEvidence firing(const Labels& labels, seconds at) {
  return {QueryEvidence::State::Answered, "", {{labels, {{kSince + at, 1.0}}}}};
}

Finding judged(const QueryEvidence& before, const QueryEvidence& during, seconds now = seconds(60)) {
  return judge_alerts(gate(), before, during, kScope, kSince, kSince + now);
}

Labels with(std::string key, std::string value) {
  auto labels = kHighErrors;
  labels[std::move(key)] = std::move(value);
  return labels;
}

TEST(JudgeAlerts, PassesWhenNoAlertFiredForAnInterval) {
  const auto early = judged(quiet(), quiet(), seconds(14));
  EXPECT_EQ(early.verdict, Verdict::Undecided);
  EXPECT_EQ(early.decides_time, kSince + seconds(15));
  EXPECT_EQ(judged(quiet(), quiet(), seconds(15)).verdict, Verdict::Pass);
}

TEST(JudgeAlerts, HarmsWhenAnAlertFiresThatDidNotBefore) {
  const auto finding = judged(quiet(), firing(kHighErrors, seconds(5)));
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message,
            "HighErrors{namespace=\"shop\", severity=\"page\"} fired after the change and did not before it")
      << finding.message;
}

TEST(JudgeAlerts, HarmsByAnAlertThatIsOverAgain) {
  EXPECT_EQ(judged(quiet(), firing(kHighErrors, seconds(5)), seconds(3600)).verdict, Verdict::Harm);
}

TEST(JudgeAlerts, DoesNotBlameThePatchForAnAlertThatFiredBefore) {
  const auto finding = judged(firing(kHighErrors, seconds(0)), firing(kHighErrors, seconds(5)));
  EXPECT_EQ(finding.verdict, Verdict::Pass);
  EXPECT_EQ(finding.message, "no new alert for 1m; 1 fired before the change already");
}

TEST(JudgeAlerts, TakesAnAlertOnAnotherPodForANewOne) {
  EXPECT_EQ(
      judged(firing(with("pod", "web-0"), seconds(0)), firing(with("pod", "web-1"), seconds(5))).verdict,
      Verdict::Harm);
}

TEST(JudgeAlerts, LeavesOutAlertsOfOtherNamespacesPodsAndWorkloads) {
  EXPECT_EQ(judged(quiet(), firing(with("namespace", "bank"), seconds(5))).verdict, Verdict::Pass);
  EXPECT_EQ(judged(quiet(), firing(with("pod", "cart-1"), seconds(5))).verdict, Verdict::Pass);
  EXPECT_EQ(judged(quiet(), firing(with("deployment", "cart"), seconds(5))).verdict, Verdict::Pass);
  EXPECT_EQ(judged(quiet(), firing(with("deployment", "web"), seconds(5))).verdict, Verdict::Harm);
}

TEST(JudgeAlerts, CountsAnAlertWithoutANamespace) {
  auto labels = kHighErrors;
  labels.erase("namespace");
  EXPECT_EQ(judged(quiet(), firing(labels, seconds(5))).verdict, Verdict::Harm);
}

TEST(JudgeAlerts, LeavesOutSamplesFromBeforeTheChangeAndFromTheFuture) {
  EXPECT_EQ(judged(quiet(), firing(kHighErrors, seconds(-5))).verdict, Verdict::Pass);
  EXPECT_EQ(judged(quiet(), firing(kHighErrors, seconds(65))).verdict, Verdict::Pass);
}

TEST(JudgeAlerts, NeitherPassesNorHarmsWhilePrometheusDoesNotAnswer) {
  const auto finding = judged(quiet(), unreachable());
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::TelemetryUnavailable);
}

TEST(JudgeAlerts, CannotCallAnAlertNewWithoutKnowingWhatFiredBefore) {
  EXPECT_EQ(judged(unreachable(), firing(kHighErrors, seconds(5))).absence, Absence::TelemetryUnavailable);
  EXPECT_EQ(judged(unreachable(), quiet()).verdict, Verdict::Pass) << "there is nothing that could be old";
}

TEST(JudgeAlerts, NamesAFewOfManyAlerts) {
  QueryEvidence many = quiet();
  for (int i = 0; i < 5; ++i)
    many.series.push_back({with("code", std::to_string(i)), {{kSince + seconds(1), 1}}});
  EXPECT_THAT(judged(quiet(), many).message, testing::HasSubstr(" and 2 more fired after the change"));
}

}  // namespace
}  // namespace patchwave::judge
