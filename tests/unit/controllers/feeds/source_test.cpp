#include "controllers/feeds/source.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/fake_transport.hpp"

namespace patchwave::feeds {
namespace {

using namespace std::chrono_literals;
using patchwave::testing::FakeTransport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ASource : public ::testing::Test {
 protected:
  Result<std::optional<Fetched>> fetch(const std::string& url, const Validators& known = {},
                                       const Limits& limits = {}) {
    return source_.fetch({url, "", "/ca"}, known, limits, {});
  }
  std::string problem_of(const std::string& url) {
    const auto fetched = fetch(url);
    return fetched ? "no error" : fetched.error().message;
  }

  ManualClock clock_{Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 26))};
  std::shared_ptr<FakeTransport> server_ = std::make_shared<FakeTransport>();
  std::vector<std::string> origins_;
  Source source_{[this](const std::string& origin, const std::string& ca_file) {
                   origins_.push_back(origin + " " + ca_file);
                   return server_;
                 },
                 clock_};
};

TEST_F(ASource, ReadsAUrlAndRemembersWhatTheServerSaidOfIt) {
  server_->on("GET", "/kev.json?x=1").reply(200, "text", {{"ETag", "\"1\""}, {"Last-Modified", "today"}});
  const auto fetched = fetch("https://feeds.example.com/kev.json?x=1");
  ASSERT_TRUE(fetched && *fetched);
  EXPECT_EQ((*fetched)->bytes, "text");
  EXPECT_EQ((*fetched)->validators.etag, "\"1\"");
  EXPECT_EQ((*fetched)->validators.last_modified, "today");
  EXPECT_THAT(origins_, ElementsAre("https://feeds.example.com /ca"));
}

TEST_F(ASource, AsksOnlyForWhatIsNewer) {
  server_->on("GET", "/kev.json").reply(304);
  const auto fetched = fetch("https://feeds.example.com/kev.json", {"\"1\"", "today"});
  ASSERT_TRUE(fetched);
  EXPECT_FALSE(*fetched);
  const auto headers = server_->last_request().headers;
  EXPECT_EQ(headers.at("If-None-Match"), "\"1\"");
  EXPECT_EQ(headers.at("If-Modified-Since"), "today");
}

TEST_F(ASource, FollowsRedirectsToOtherHosts) {
  server_->on("GET", "/current").reply(302, "", {{"Location", "/2026-11-26"}});
  server_->on("GET", "/2026-11-26").reply(302, "", {{"Location", "https://mirror.example.com/file"}});
  server_->on("GET", "/file").reply(200, "text");
  const auto fetched = fetch("https://feeds.example.com/current");
  ASSERT_TRUE(fetched && *fetched);
  EXPECT_THAT(origins_, ElementsAre("https://feeds.example.com /ca", "https://mirror.example.com /ca"));
}

TEST_F(ASource, DoesNotLeaveTls) {
  server_->on("GET", "/current").reply(302, "", {{"Location", "http://mirror.example.com/file"}});
  EXPECT_THAT(problem_of("https://feeds.example.com/current"), HasSubstr("from https to http"));
}

TEST_F(ASource, FollowsNoCircle) {
  server_->always("GET", "/current").reply(302, "", {{"Location", "/current"}});
  EXPECT_FALSE(fetch("https://feeds.example.com/current"));
  EXPECT_EQ(server_->requests().size(), 6U);
}

TEST_F(ASource, NamesWhereItWasAndWhatCameBack) {
  server_->on("GET", "/kev.json").reply(404, "not here");
  EXPECT_EQ(problem_of("https://feeds.example.com/kev.json"),
            "GET https://feeds.example.com/kev.json answered 404");
  server_->on("GET", "/kev.json").fail(ErrorKind::Transport, "the certificate is not trusted");
  EXPECT_THAT(problem_of("https://feeds.example.com/kev.json"), HasSubstr("certificate"));
}

TEST_F(ASource, ShowsNoQueryWhichMayHoldAKey) {
  server_->on("GET", "/kev.json?key=s3cret").reply(403);
  EXPECT_EQ(problem_of("https://feeds.example.com/kev.json?key=s3cret"),
            "GET https://feeds.example.com/kev.json answered 403");
}

TEST_F(ASource, ReadsAFileUpToItsLimit) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "patchwave-source-test.txt";
  std::ofstream(path) << "12345678";
  const auto whole = source_.fetch({"", path.string(), ""}, {}, {1min, 8}, {});
  ASSERT_TRUE(whole && *whole);
  EXPECT_EQ((*whole)->bytes, "12345678");
  const auto large = source_.fetch({"", path.string(), ""}, {}, {1min, 7}, {});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::TooLarge);
  std::filesystem::remove(path);
  const auto none = source_.fetch({"", path.string(), ""}, {}, {}, {});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr(path.string()));
}

}  // namespace
}  // namespace patchwave::feeds
