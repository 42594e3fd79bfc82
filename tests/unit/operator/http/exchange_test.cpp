#include "operator/http/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::http {
namespace {

using ::testing::HasSubstr;

class ExchangeTest : public ::testing::Test {
 protected:
  Exchange sending(const SendLimits& limits) { return {"GET https://a/b", limits, clock_}; }
  Exchange streaming(const StreamLimits& limits) { return {"GET https://a/b", limits, reader_, clock_}; }

  ManualClock clock_{Time(seconds(1'700'000'000))};
  std::string read_;
  OnData reader_ = [this](std::string_view bytes) {
    read_ += bytes;
    return true;
  };
};

TEST_F(ExchangeTest, GivesASendUpAfterItsTotalTimeThoughBytesKeepComing) {
  Exchange exchange = sending({.total = seconds(3)});
  exchange.on_headers(200, {}, std::nullopt);
  for (int i = 0; i < 3; ++i) {
    clock_.advance(seconds(1));
    exchange.on_body("x");
  }
  const auto result = exchange.wait({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::Timeout);
  EXPECT_THAT(result.error().message, HasSubstr("3000 ms"));
  EXPECT_FALSE(exchange.peer_is_done());
}

TEST_F(ExchangeTest, LetsAStreamLiveLongerThanItsLimitsWhileBytesCome) {
  Exchange exchange = streaming({.connect = seconds(2), .idle = seconds(2)});
  exchange.on_headers(200, {}, std::nullopt);
  for (int i = 0; i < 10; ++i) {
    clock_.advance(seconds(1));
    exchange.on_body("x");
    EXPECT_EQ(exchange.gives_up_at(), clock_.monotonic() + seconds(2));
  }
  exchange.on_end();
  const auto result = exchange.wait({});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(read_, "xxxxxxxxxx");
}

TEST_F(ExchangeTest, CountsAStreamsSilenceFromItsLastBytes) {
  Exchange exchange = streaming({.connect = seconds(2), .idle = seconds(2)});
  exchange.on_headers(200, {}, std::nullopt);
  clock_.advance(seconds(1));
  exchange.on_body("x");
  clock_.advance(seconds(2));
  const auto result = exchange.wait({});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::Timeout);
  EXPECT_THAT(result.error().message, HasSubstr("silent for 2000 ms"));
}

TEST_F(ExchangeTest, GivesAStreamUpWithoutHeadersInTime) {
  Exchange exchange = streaming({.connect = seconds(2), .idle = seconds(60)});
  clock_.advance(seconds(2));
  const auto result = exchange.wait({});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("no answer within 2000 ms"));
}

TEST_F(ExchangeTest, TakesABodyOfExactlyTheLimitAndNoMore) {
  Exchange exact = sending({.max_body = 4});
  exact.on_headers(200, {}, std::nullopt);
  exact.on_body("four");
  exact.on_end();
  EXPECT_EQ(exact.wait({}).value_or(Response{}).body, "four");

  Exchange over = sending({.max_body = 4});
  over.on_headers(200, {}, std::nullopt);
  over.on_body("four");
  over.on_body("!");
  EXPECT_EQ(over.wait({}).error().kind, ErrorKind::TooLarge);
}

TEST_F(ExchangeTest, IgnoresWhatArrivesAfterTheCallerLeft) {
  Exchange exchange = streaming({});
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(exchange.wait(stop.get_token()).error().kind, ErrorKind::Cancelled);
  exchange.on_headers(200, {}, std::nullopt);
  exchange.on_body("late");
  EXPECT_EQ(read_, "");
}

TEST_F(ExchangeTest, TakesNoInformationalStatusForAnAnswer) {
  Exchange exchange = sending({});
  exchange.on_headers(101, {}, std::nullopt);
  EXPECT_EQ(exchange.wait({}).error().kind, ErrorKind::Protocol);
}

}  // namespace
}  // namespace patchwave::http
