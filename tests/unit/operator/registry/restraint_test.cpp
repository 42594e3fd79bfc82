#include "operator/registry/restraint.hpp"

#include <gtest/gtest.h>

namespace patchwave::registry {
namespace {

http::Response answer(int status, http::Headers headers) {
  return {status, std::move(headers), ""};
}

TEST(ARateLimit, IsReadAsDockerHubAndTheDraftsWriteIt) {
  const auto hub = rate_limit_of({{"ratelimit-limit", "100;w=21600"}, {"ratelimit-remaining", "76;w=21600"}});
  EXPECT_EQ(hub.limit, 100);
  EXPECT_EQ(hub.remaining, 76);
  EXPECT_FALSE(hub.reset);
  const auto fields =
      rate_limit_of({{"RateLimit-Limit", "10"}, {"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "7"}});
  EXPECT_EQ(fields.remaining, 0);
  EXPECT_EQ(fields.reset, seconds(7));
  const auto field = rate_limit_of({{"RateLimit", "limit=10, remaining=3, reset=60"}});
  EXPECT_EQ(field.limit, 10);
  EXPECT_EQ(field.remaining, 3);
  EXPECT_EQ(field.reset, seconds(60));
}

TEST(ARateLimit, LeavesOutWhatMakesNoSense) {
  const auto limit = rate_limit_of({{"RateLimit-Limit", "many"},
                                    {"RateLimit-Remaining", "-1"},
                                    {"RateLimit-Reset", "99999999999999999999"}});
  EXPECT_FALSE(limit.limit);
  EXPECT_FALSE(limit.remaining);
  EXPECT_FALSE(limit.reset);
}

TEST(Restraint, ClosesAHostThatRefusedForAsLongAsItSaysAndNoOther) {
  const ManualClock clock{Time(seconds(1'700'000'000))};
  Restraint restraint(clock);
  restraint.heed("hub", answer(429, {{"Retry-After", "30"}}));
  EXPECT_EQ(restraint.wait("hub", false), seconds(30));
  EXPECT_FALSE(restraint.wait("other", false));
}

TEST(Restraint, TakesNoHostsWordForMoreThanTenMinutesOrSixHoursForThoseWhoCanWait) {
  const ManualClock clock{Time(seconds(1'700'000'000))};
  Restraint restraint(clock);
  restraint.heed("hub", answer(429, {{"RateLimit-Reset", "9000000000000000000"}}));
  EXPECT_EQ(restraint.wait("hub", false), std::chrono::minutes(10));
  EXPECT_EQ(restraint.wait("hub", true), std::chrono::hours(6));
}

TEST(Restraint, LetsThoseWaitWhoCanWhenLittleIsLeft) {
  ManualClock clock{Time(seconds(1'700'000'000))};
  Restraint restraint(clock);
  restraint.heed("hub", answer(200, {{"RateLimit", "limit=100, remaining=25, reset=60"}}));
  EXPECT_FALSE(restraint.wait("hub", false));
  EXPECT_EQ(restraint.wait("hub", true), seconds(60));
  clock.advance(seconds(60));
  EXPECT_FALSE(restraint.wait("hub", true));
}

}  // namespace
}  // namespace patchwave::registry
