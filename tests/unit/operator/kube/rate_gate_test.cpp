#include "operator/kube/rate_gate.hpp"

#include <gtest/gtest.h>

#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

struct Gated {
  ManualClock clock{kStart};
  microseconds waited{};
  RateGate gate{{10, 2}, {10, 2}, clock, [this](microseconds time, std::stop_token stop) {
                  waited += time;
                  clock.advance(time);
                  return !stop.stop_requested();
                }};
};

TEST(RateGate, LetsABurstPassAndThenOneEachTurn) {
  Gated t;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(t.gate.admit("GET", {}));
  EXPECT_EQ(t.waited, microseconds(0));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(t.gate.admit("GET", {}));
  EXPECT_EQ(t.waited, milliseconds(500));
}

TEST(RateGate, RefillsToTheBurstAndNoFurther) {
  Gated t;
  t.clock.advance(std::chrono::hours(24));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(t.gate.admit("GET", {}));
  EXPECT_EQ(t.waited, milliseconds(100));
}

TEST(RateGate, DoesNotLetReadsDelayAWrite) {
  Gated t;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(t.gate.admit("GET", {}));
  const auto before = t.waited;
  ASSERT_TRUE(t.gate.admit("PATCH", {}));
  EXPECT_EQ(t.waited, before);
}

TEST(RateGate, LetsNobodyPassWhileTheServerAsksForQuiet) {
  Gated t;
  t.gate.pause_for(seconds(5));
  t.gate.pause_for(seconds(1));
  ASSERT_TRUE(t.gate.admit("PATCH", {}));
  EXPECT_EQ(t.waited, seconds(5));
}

TEST(RateGate, HeedsAQuietThatIsAskedForDuringTheWait) {
  ManualClock clock(kStart);
  RateGate* self = nullptr;
  microseconds waited{};
  RateGate gate({10, 1}, {10, 1}, clock, [&](microseconds time, std::stop_token) {
    if (waited == microseconds(0)) self->pause_for(seconds(3));
    waited += time;
    clock.advance(time);
    return true;
  });
  self = &gate;
  ASSERT_TRUE(gate.admit("GET", {}));
  ASSERT_TRUE(gate.admit("GET", {}));
  EXPECT_EQ(waited, seconds(3));
}

TEST(RateGate, EndsAWaitWithTheStopToken) {
  Gated t;
  std::stop_source stop;
  stop.request_stop();
  t.gate.pause_for(std::chrono::hours(1));
  EXPECT_FALSE(t.gate.admit("GET", stop.get_token()));
}

}  // namespace
}  // namespace patchwave::kube
