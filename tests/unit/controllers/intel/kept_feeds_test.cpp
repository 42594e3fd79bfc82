#include "controllers/intel/kept_feeds.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::intel {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Time kNow = Time(std::chrono::sys_days(2026y / 11 / 26)) + 12h;
constexpr Date kToday = 2026y / 11 / 26;
const risk::CveId kCve = *risk::parse_cve("CVE-2026-0001");

KeptFeeds given_feeds() {
  return KeptFeeds(
      {{"kev", FeedKind::Kev, 168h}, {"poc", FeedKind::Signals, 168h}, {"wild", FeedKind::Signals, 168h}});
}
Result<FeedReading> kev(const std::string& id = "CVE-2026-0001", const std::string& version = "2026.11.25") {
  return read_feed(FeedKind::Kev,
                   R"({"catalogVersion": ")" + version + R"(", "vulnerabilities": [{"cveID": ")" + id +
                       R"(", "dateAdded": "2026-11-20"}]})",
                   risk::built_in_threat_model(), kToday);
}
Result<FeedReading> signals(const std::string& source) {
  return read_feed(FeedKind::Signals, "cve,source,first_seen\nCVE-2026-0001," + source + ",2026-11-02\n",
                   risk::built_in_threat_model(), kToday);
}

TEST(Feeds, AreAllTriedOnceEachHasBeenWhateverCameOfIt) {
  auto feeds = given_feeds();
  feeds.take(0, kev(), kNow);
  feeds.take(1, fail(ErrorKind::Unavailable, "connection refused"), kNow);
  EXPECT_FALSE(feeds.snapshot().all_tried());
  feeds.take(2, fail(ErrorKind::Unavailable, "connection refused"), kNow);
  EXPECT_TRUE(feeds.snapshot().all_tried());
}

TEST(AFeed, ThatBreaksKeepsItsLastGoodReadingAndSaysWhatIsWrong) {
  auto feeds = given_feeds();
  EXPECT_TRUE(feeds.take(0, kev(), kNow));
  EXPECT_TRUE(feeds.take(0, fail(ErrorKind::Invalid, "no JSON"), kNow + 1h));
  const auto snapshot = feeds.snapshot();
  EXPECT_NE(snapshot.feeds->kev.find(kCve), nullptr);
  EXPECT_EQ(snapshot.states[0].problem, "no JSON");
  EXPECT_EQ(snapshot.states[0].confirmed_time, kNow);
  EXPECT_EQ(freshness_of(snapshot.states[0], kNow + 1h), Freshness::Fresh);
}

TEST(AFeed, ThatIsAnEarlierEditionKeepsItsLastGoodReadingAndSaysSo) {
  auto feeds = given_feeds();
  feeds.take(0, kev(), kNow);
  feeds.take(0, kev("CVE-2026-0002", "2026.11.01"), kNow);
  EXPECT_NE(feeds.snapshot().feeds->kev.find(kCve), nullptr);
  EXPECT_THAT(feeds.snapshot().states[0].problem, HasSubstr("2026-11-01"));
}

TEST(AFeed, ThatFailsInTheSameWayAgainIsNoNews) {
  auto feeds = given_feeds();
  EXPECT_TRUE(feeds.take(0, fail(ErrorKind::Invalid, "no JSON"), kNow));
  EXPECT_FALSE(feeds.take(0, fail(ErrorKind::Invalid, "no JSON"), kNow + 1h));
}

TEST(AFeed, ThatIsWhatItWasIsNoNewsUnlessItWasBroken) {
  auto feeds = given_feeds();
  feeds.take(0, kev(), kNow);
  EXPECT_FALSE(feeds.confirm(0, kNow + 1h));
  feeds.take(0, fail(ErrorKind::Timeout, "no answer"), kNow + 2h);
  EXPECT_TRUE(feeds.confirm(0, kNow + 3h));
  EXPECT_EQ(feeds.snapshot().states[0].problem, "");
}

TEST(AFeed, ThatWasNeverReadIsAbsentAndHasNoAge) {
  auto feeds = given_feeds();
  feeds.take(0, fail(ErrorKind::Unavailable, "connection refused"), kNow);
  const auto state = feeds.snapshot().states[0];
  EXPECT_EQ(freshness_of(state, kNow), Freshness::Absent);
  EXPECT_FALSE(age_of(state, kNow));
}

TEST(AFeed, IsAsOldAsItsDataAndStaleWhenThatIsOld) {
  auto feeds = given_feeds();
  feeds.take(0, kev(), kNow);
  const auto state = feeds.snapshot().states[0];
  EXPECT_EQ(age_of(state, kNow), milliseconds(36h));
  EXPECT_EQ(freshness_of(state, kNow + 132h), Freshness::Fresh);
  EXPECT_EQ(freshness_of(state, kNow + 133h), Freshness::Stale);
}

TEST(FeedsOfSignals, CountTogether) {
  auto feeds = given_feeds();
  feeds.take(1, signals("PoC"), kNow);
  feeds.take(2, signals("in the wild"), kNow);
  const auto all = feeds.snapshot().feeds;
  ASSERT_NE(all->signals.find(kCve), nullptr);
  EXPECT_TRUE(all->signals.find(kCve)->signals.proof_of_concept);
  EXPECT_TRUE(all->signals.find(kCve)->signals.in_the_wild);
  EXPECT_TRUE(all->listed.proof_of_concept);
  EXPECT_FALSE(all->listed.metasploit);
}

TEST(AProblem, IsShortenedWithoutBreakingACharacter) {
  auto feeds = given_feeds();
  std::string text(299, 'x');
  text += "→→→";
  feeds.take(0, fail(ErrorKind::Invalid, text), kNow);
  EXPECT_EQ(feeds.snapshot().states[0].problem, std::string(299, 'x') + "…");
}

}  // namespace
}  // namespace patchwave::intel
