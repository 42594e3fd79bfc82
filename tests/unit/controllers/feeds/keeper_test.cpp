#include "controllers/feeds/keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/plan/hash.hpp"
#include "operator/base/time.hpp"

namespace patchwave::feeds {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const Time kNow = *parse_time("2026-11-26T12:00:00Z");
const std::string kKev =
    R"({"catalogVersion": "2026.11.25", "vulnerabilities": [{"cveID": "CVE-2026-0001", "dateAdded": "2026-11-20"}]})";

class AKeeper : public ::testing::Test {
 protected:
  FeedKeeper& given(FeedSettings feed = {}) {
    feed.kind = intel::FeedKind::Kev;
    feed.from.url = "https://feeds.example.com/kev.json";
    std::vector<FeedSettings> feeds = {std::move(feed)};
    keeper_ = std::make_unique<FeedKeeper>(
        std::move(feeds),
        [this](const Location& from, const Validators& known, const Limits&, std::stop_token) {
          asked_.push_back({from, known});
          return answer_(from);
        },
        risk::built_in_threat_model(), clock_, log_, metrics_);
    keeper_->on_change([this] { ++changes_; });
    return *keeper_;
  }
  void answers(const std::string& text) {
    answer_ = [text](const Location&) { return std::optional(Fetched{text, {"\"1\"", ""}}); };
  }
  void when_time_passes(milliseconds time) {
    clock_.advance(time);
    keeper_->read_due({});
  }
  [[nodiscard]] intel::FeedState state() const { return keeper_->snapshot().states.front(); }

  ManualClock clock_{kNow};
  std::vector<std::string> lines_;
  Log log_{clock_, LogLevel::Warning, [this](std::string_view line) { lines_.emplace_back(line); }};
  runtime::Metrics metrics_;
  std::function<Result<std::optional<Fetched>>(const Location&)> answer_;
  std::vector<std::pair<Location, Validators>> asked_;
  int changes_ = 0;
  std::unique_ptr<FeedKeeper> keeper_;
};

TEST_F(AKeeper, ReadsAtOnceAndThenAtEachInterval) {
  answers(kKev);
  auto& keeper = given();
  keeper.read_due({});
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(keeper.snapshot().feeds->kev.size(), 1U);
  when_time_passes(59min);
  EXPECT_EQ(asked_.size(), 1U);
  when_time_passes(1min);
  EXPECT_EQ(asked_.size(), 2U);
  EXPECT_EQ(asked_.back().second.etag, "\"1\"");
}

TEST_F(AKeeper, TellsNobodyOfAFeedThatIsWhatItWas) {
  answers(kKev);
  given().read_due({});
  when_time_passes(1h);
  answer_ = [](const Location&) { return std::optional<Fetched>(); };
  when_time_passes(1h);
  EXPECT_EQ(changes_, 1);
  EXPECT_EQ(state().confirmed_time, kNow + 2h);
}

TEST_F(AKeeper, AsksForTheWholeOnAnotherDay) {
  answers(kKev);
  given().read_due({});
  when_time_passes(12h);
  EXPECT_EQ(asked_.back().second.etag, "");
  EXPECT_EQ(changes_, 2);
}

TEST_F(AKeeper, KeepsTheLastGoodReadingOfAFeedThatBreaksAndTriesSooner) {
  answers(kKev);
  given().read_due({});
  answers("<html>");
  when_time_passes(1h);
  EXPECT_EQ(changes_, 2);
  EXPECT_NE(state().problem, "");
  EXPECT_EQ(keeper_->snapshot().feeds->kev.size(), 1U);
  answers(kKev);
  when_time_passes(30s);
  EXPECT_EQ(state().problem, "");
  EXPECT_EQ(changes_, 3);
}

TEST_F(AKeeper, LogsAProblemOnce) {
  answers("<html>");
  given().read_due({});
  when_time_passes(30s);
  when_time_passes(1min);
  EXPECT_EQ(asked_.size(), 3U);
  EXPECT_EQ(lines_.size(), 1U);
}

TEST_F(AKeeper, RefusesAFileWithAnotherChecksum) {
  answers(kKev);
  FeedSettings settings;
  settings.sha256 = plan::sha256_hex(kKev);
  given(settings).read_due({});
  EXPECT_EQ(state().problem, "");
  answers(kKev + "\n");
  when_time_passes(1h);
  EXPECT_THAT(state().problem, HasSubstr("its SHA-256 is"));
  EXPECT_EQ(keeper_->snapshot().feeds->kev.size(), 1U);
}

TEST_F(AKeeper, ReadsTheChecksumWhereItIsSaidToStand) {
  FeedSettings settings;
  settings.sha256_from = "/etc/feeds/kev.json.sha256";
  answer_ = [](const Location& from) {
    const auto text =
        from.file == "/etc/feeds/kev.json.sha256" ? plan::sha256_hex(kKev) + "  kev.json\n" : kKev;
    return std::optional(Fetched{text, {}});
  };
  given(settings).read_due({});
  EXPECT_EQ(state().problem, "");
}

TEST_F(AKeeper, UnpacksNoMoreThanTheLimit) {
  answers(kKev);
  FeedSettings settings;
  settings.max_size = 16;
  given(settings).read_due({});
  EXPECT_THAT(state().problem, HasSubstr("more than 16 bytes"));
}

TEST_F(AKeeper, ShowsHowFreshAFeedIs) {
  answers(kKev);
  given().read_due({});
  auto text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("patchwave_feed_age_seconds{feed=\"kev\"} 129600"));
  EXPECT_THAT(text, HasSubstr("patchwave_feed_records{feed=\"kev\"} 1"));
  EXPECT_THAT(text, HasSubstr("patchwave_feed_up{feed=\"kev\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("patchwave_feed_info{date=\"2026-11-25\",feed=\"kev\",version=\"2026.11.25\"} 1"));
  answer_ = [](const Location&) -> Result<std::optional<Fetched>> {
    return fail(ErrorKind::Timeout, "no answer");
  };
  when_time_passes(200h);
  text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("patchwave_feed_up{feed=\"kev\"} 0"));
  EXPECT_THAT(text, HasSubstr("patchwave_feed_fresh{feed=\"kev\"} 0"));
  EXPECT_THAT(text, HasSubstr("patchwave_feed_records{feed=\"kev\"} 1"));
}

TEST_F(AKeeper, ShowsNeitherAgeNorRecordsOfAFeedThatWasNeverRead) {
  answers("<html>");
  given().read_due({});
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("patchwave_feed_records{")));
  EXPECT_THAT(metrics_.text(), Not(HasSubstr("patchwave_feed_age_seconds{")));
  EXPECT_THAT(metrics_.text(), HasSubstr("patchwave_feed_up{feed=\"kev\"} 0"));
}

TEST(ThePause, IsTheIntervalOrDoublesFromHalfAMinuteUpToIt) {
  EXPECT_EQ(pause_after(0, 1h), 1h);
  EXPECT_EQ(pause_after(1, 1h), 30s);
  EXPECT_EQ(pause_after(3, 1h), 2min);
  EXPECT_EQ(pause_after(100, 1h), 1h);
  EXPECT_EQ(pause_after(1, 1s), 1s);
}

}  // namespace
}  // namespace patchwave::feeds
