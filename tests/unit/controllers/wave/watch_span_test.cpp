#include "controllers/wave/watch_span.hpp"

#include <gtest/gtest.h>

namespace patchwave::wave {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kStart{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};
constexpr MonotonicTime kUp{seconds(100)};

TEST(WatchSpan, BeginsWithTheFirstLookAndGoesOn) {
  WatchSpan span;
  EXPECT_EQ(span.look(kStart, kUp), kStart);
  EXPECT_EQ(span.look(kStart + hours(8), kUp + hours(8)), kStart);
}

TEST(WatchSpan, BeginsAnewAfterALookThatFailed) {
  WatchSpan span;
  span.look(kStart, kUp);
  span.interrupt();
  EXPECT_EQ(span.look(kStart + minutes(1), kUp + minutes(1)), kStart + minutes(1));
}

TEST(WatchSpan, TimeThatTheProcessDidNotLiveThroughIsABreak) {
  WatchSpan span;
  span.look(kStart, kUp);
  EXPECT_EQ(span.look(kStart + hours(1), kUp + seconds(1)), kStart + hours(1));
  EXPECT_EQ(span.look(kStart + hours(2), kUp + seconds(1) + hours(1)), kStart + hours(1));
}

TEST(WatchSpan, AClockThatWasPutBackIsABreak) {
  WatchSpan span;
  span.look(kStart, kUp);
  EXPECT_EQ(span.look(kStart - hours(1), kUp + seconds(1)), kStart - hours(1));
}

TEST(WatchSpan, WhatServersDifferByIsNone) {
  WatchSpan span;
  span.look(kStart, kUp);
  EXPECT_EQ(span.look(kStart + seconds(9), kUp), kStart);
  EXPECT_EQ(span.look(kStart, kUp), kStart);
  EXPECT_EQ(span.look(kStart - seconds(9), kUp), kStart);
}

}  // namespace
}  // namespace patchwave::wave
