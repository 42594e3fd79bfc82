#include "controllers/plan/windows.hpp"

#include <gtest/gtest.h>

#include "operator/base/time.hpp"

namespace patchwave::plan {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Time at(std::string_view text) {
  const auto time = parse_time(text);
  EXPECT_TRUE(time) << text;
  return time ? *time : Time{};
}

std::string text(const std::optional<Time>& time) {
  return time ? format_time(*time) : "never";
}

api::Windows allow(std::string schedule, milliseconds duration, std::string zone) {
  return {{{std::move(schedule), duration, std::move(zone)}}, {}};
}

const auto kSaturdayNight = allow("0 2 * * SAT", hours(4), "Europe/Amsterdam");

TEST(WindowState, IsAlwaysOpenWithoutWindows) {
  const auto state = window_state({}, at("2026-11-21T12:00:00Z"));
  EXPECT_TRUE(state.open);
  EXPECT_EQ(state.until, std::nullopt);
}

TEST(WindowState, IsNotCutByADenialOfAnHourThatDaylightSavingSkips) {
  api::Windows windows = allow("0 0 * * *", hours(12), "America/New_York");
  windows.deny = {{"2026-03-08T02:15", "2026-03-08T02:45", "America/New_York", ""}};
  const auto state = window_state(windows, at("2026-03-08T06:00:00Z"));
  EXPECT_TRUE(state.open);
  EXPECT_EQ(text(state.until), "2026-03-08T17:00:00Z");
}

TEST(WindowState, OpensAtItsFirstInstantAndIsClosedAtItsLast) {
  EXPECT_FALSE(window_state(kSaturdayNight, at("2026-11-21T00:59:59Z")).open);
  EXPECT_TRUE(window_state(kSaturdayNight, at("2026-11-21T01:00:00Z")).open);
  EXPECT_TRUE(window_state(kSaturdayNight, at("2026-11-21T04:59:59Z")).open);
  EXPECT_FALSE(window_state(kSaturdayNight, at("2026-11-21T05:00:00Z")).open);
}

TEST(WindowState, SaysWhenItClosesAndWhenItOpensNext) {
  EXPECT_EQ(text(window_state(kSaturdayNight, at("2026-11-21T02:00:00Z")).until), "2026-11-21T05:00:00Z");
  const auto closed = window_state(kSaturdayNight, at("2026-11-21T05:00:00Z"));
  EXPECT_EQ(text(closed.until), "2026-11-28T01:00:00Z");
  EXPECT_EQ(closed.reason, "outside the allowed windows");
}

TEST(WindowState, OpensAtTheSameLocalTimeOnBothSidesOfADaylightSavingChange) {
  const auto noon = allow("0 12 * * *", hours(1), "America/New_York");
  EXPECT_EQ(text(window_state(noon, at("2026-10-31T15:00:00Z")).until), "2026-10-31T16:00:00Z");
  EXPECT_EQ(text(window_state(noon, at("2026-11-01T15:00:00Z")).until), "2026-11-01T17:00:00Z");
}

TEST(WindowState, OpensASkippedLocalTimeAtTheInstantOfTheJump) {
  const auto skipped = allow("30 2 * * *", hours(1), "Europe/Amsterdam");
  const auto state = window_state(skipped, at("2026-03-29T00:30:00Z"));
  EXPECT_EQ(text(state.until), "2026-03-29T01:00:00Z");
  EXPECT_EQ(text(window_state(skipped, at("2026-03-29T01:30:00Z")).until), "2026-03-29T02:00:00Z");
}

TEST(WindowState, OpensARepeatedLocalTimeOnceAndTheFirstTime) {
  const auto repeated = allow("30 2 * * *", minutes(30), "Europe/Amsterdam");
  EXPECT_TRUE(window_state(repeated, at("2026-10-25T00:30:00Z")).open);
  EXPECT_FALSE(window_state(repeated, at("2026-10-25T01:30:00Z")).open);
}

TEST(WindowState, LastsForElapsedTimeAcrossAChange) {
  EXPECT_EQ(text(window_state(kSaturdayNight, at("2026-11-21T02:00:00Z")).until), "2026-11-21T05:00:00Z");
  const auto sunday = allow("0 1 * * SUN", hours(4), "Europe/Amsterdam");
  EXPECT_EQ(text(window_state(sunday, at("2026-03-29T01:30:00Z")).until), "2026-03-29T04:00:00Z");
  EXPECT_EQ(text(window_state(sunday, at("2026-10-25T01:30:00Z")).until), "2026-10-25T03:00:00Z");
}

TEST(WindowState, BelongsToTheDayOnWhichItOpened) {
  const auto overnight = allow("0 22 * * FRI", hours(6), "Etc/UTC");
  EXPECT_TRUE(window_state(overnight, at("2026-11-21T01:00:00Z")).open) << "Saturday, one o'clock";
  EXPECT_FALSE(window_state(overnight, at("2026-11-20T02:00:00Z")).open) << "Friday, two o'clock";
}

TEST(WindowState, JoinsWindowsThatTouchOrOverlap) {
  api::Windows windows = allow("0 2 * * *", hours(2), "Etc/UTC");
  windows.allow.push_back({"0 4 * * *", hours(1), "Etc/UTC"});
  windows.allow.push_back({"30 4 * * *", hours(2), "Etc/UTC"});
  EXPECT_EQ(text(window_state(windows, at("2026-11-21T03:00:00Z")).until), "2026-11-21T06:30:00Z");
}

TEST(WindowState, IsOpenForGoodWhenEveryOpeningMeetsTheNext) {
  const auto state =
      window_state(allow("* * * * *", minutes(1), "Asia/Kathmandu"), at("2026-11-21T03:00:30Z"));
  EXPECT_TRUE(state.open);
  EXPECT_EQ(state.until, std::nullopt);
}

TEST(WindowState, IsClosedByADenyWindowInItsWords) {
  auto windows = kSaturdayNight;
  windows.deny = {{"2026-12-20T00:00", "2027-01-03T00:00", "Europe/Amsterdam", "peak season"}};
  const auto state = window_state(windows, at("2026-12-26T02:00:00Z"));
  EXPECT_FALSE(state.open);
  EXPECT_EQ(state.reason, "peak season");
  EXPECT_EQ(text(state.until), "2027-01-09T01:00:00Z");
}

TEST(WindowState, ClosesWhenADenyWindowBegins) {
  auto windows = kSaturdayNight;
  windows.deny = {{"2026-11-21T04:00", "2026-11-21T05:00", "Europe/Amsterdam", "payroll"}};
  EXPECT_EQ(text(window_state(windows, at("2026-11-21T01:00:00Z")).until), "2026-11-21T03:00:00Z");
  EXPECT_EQ(text(window_state(windows, at("2026-11-21T03:00:00Z")).until), "2026-11-21T04:00:00Z");
}

TEST(WindowState, ReopensAfterADenyWindowWithoutAnAllowList) {
  api::Windows windows;
  windows.deny = {{"2026-11-21T00:00", "2026-11-22T00:00:30", "Etc/UTC", ""}};
  const auto state = window_state(windows, at("2026-11-21T12:00:00Z"));
  EXPECT_EQ(state.reason, "inside a deny window");
  EXPECT_EQ(text(state.until), "2026-11-22T00:00:30Z");
}

TEST(WindowState, DeniesBothRoundsOfARepeatedLocalTime) {
  api::Windows windows;
  windows.deny = {{"2026-10-25T02:00", "2026-10-25T02:30", "Europe/Amsterdam", "audit"}};
  EXPECT_FALSE(window_state(windows, at("2026-10-25T00:00:00Z")).open);
  EXPECT_EQ(text(window_state(windows, at("2026-10-25T00:00:00Z")).until), "2026-10-25T01:30:00Z");
}

TEST(WindowState, HasNoNextOpeningBeyondItsHorizon) {
  const auto state = window_state(allow("0 0 29 2 *", hours(1), "Etc/UTC"), at("2026-11-21T00:00:00Z"));
  EXPECT_FALSE(state.open);
  EXPECT_EQ(state.until, std::nullopt);
}

TEST(WindowState, IsClosedWhenTheWindowsAreInvalidAndSaysWhy) {
  const auto state = window_state(allow("0 2 * * SAT", hours(1), "Mars/Base"), at("2026-11-21T02:00:00Z"));
  EXPECT_FALSE(state.open);
  EXPECT_EQ(state.until, std::nullopt);
  EXPECT_EQ(state.reason,
            "spec.windows.allow[0].timeZone 'Mars/Base' is not a time zone of the IANA database, such as "
            "Europe/Amsterdam");
}

TEST(Fits, AsksThatTheWorkEndsByTheEndOfTheWindow) {
  const auto now = at("2026-11-21T04:00:00Z");
  const auto state = window_state(kSaturdayNight, now);
  EXPECT_TRUE(fits(state, hours(1), now));
  EXPECT_FALSE(fits(state, hours(1) + milliseconds(1), now));
}

TEST(Fits, NeverIntoAClosedWindow) {
  const auto now = at("2026-11-21T05:00:00Z");
  EXPECT_FALSE(fits(window_state(kSaturdayNight, now), milliseconds(0), now));
}

TEST(OpenIntervals, AreCutByDenyWindowsAndCounted) {
  auto windows = kSaturdayNight;
  windows.deny = {{"2026-11-21T03:00", "2026-11-21T04:00", "Europe/Amsterdam", "payroll"}};
  const auto intervals = open_intervals(windows, at("2026-11-21T00:00:00Z"), at("2026-12-31T00:00:00Z"), 3);
  ASSERT_EQ(intervals.size(), 3U);
  EXPECT_EQ(intervals[0], (Interval{at("2026-11-21T01:00:00Z"), at("2026-11-21T02:00:00Z")}));
  EXPECT_EQ(intervals[1], (Interval{at("2026-11-21T03:00:00Z"), at("2026-11-21T05:00:00Z")}));
  EXPECT_EQ(intervals[2], (Interval{at("2026-11-28T01:00:00Z"), at("2026-11-28T05:00:00Z")}));
}

TEST(OpenIntervals, AreCutToTheTimesAskedFor) {
  const auto intervals =
      open_intervals(kSaturdayNight, at("2026-11-21T02:00:00Z"), at("2026-11-21T03:00:00Z"), 9);
  ASSERT_EQ(intervals.size(), 1U);
  EXPECT_EQ(intervals[0], (Interval{at("2026-11-21T02:00:00Z"), at("2026-11-21T03:00:00Z")}));
}

std::string refusal(const api::Windows& windows) {
  const auto valid = validate(windows, "spec.windows");
  return valid ? "" : valid.error().message;
}

TEST(ValidateWindows, NamesTheFieldTheValueAndTheCause) {
  EXPECT_EQ(refusal(allow("0 2 * * SAT", hours(4), "Europe/Amsterdam")), "");
  EXPECT_EQ(
      refusal(allow("61 2 * * SAT", hours(4), "Etc/UTC")),
      "spec.windows.allow[0].schedule '61 2 * * SAT' is not a schedule: minute '61' is not a number from 0 "
      "to 59");
  EXPECT_EQ(refusal(allow("0 2 * * SAT", hours(0), "Etc/UTC")),
            "spec.windows.allow[0].duration '0s' is not longer than 0s and at most 8784h");
}

TEST(ValidateWindows, RefusesLocalTimesThatDoNotExistInTheCalendar) {
  api::Windows windows;
  windows.deny = {{"2026-02-30T00:00", "2026-03-01T00:00", "Etc/UTC", ""}};
  EXPECT_EQ(refusal(windows),
            "spec.windows.deny[0].from '2026-02-30T00:00' is not a local time, such as 2026-12-20T00:00");
  windows.deny = {{"2026-02-01T00:00", "2026-03-01 00:00", "Etc/UTC", ""}};
  EXPECT_NE(refusal(windows), "");
}

TEST(ValidateWindows, RefusesADenyWindowThatEndsBeforeItBegins) {
  api::Windows windows;
  windows.deny = {{"2026-12-20T00:00", "2026-12-20T00:00", "Etc/UTC", ""}};
  EXPECT_EQ(refusal(windows),
            "spec.windows.deny[0].to '2026-12-20T00:00' is not after from '2026-12-20T00:00'");
}

TEST(ValidateWindows, TakesNoTimeZoneFromOutsideTheDatabase) {
  for (const auto* zone : {"", "localtime", "/etc/localtime", "../../etc/localtime", "libc:localtime",
                           "right/Europe/Amsterdam", "Europe/../Europe/Amsterdam", "file:Europe/Amsterdam"}) {
    EXPECT_NE(refusal(allow("0 2 * * SAT", hours(1), zone)), "") << zone;
  }
}

}  // namespace
}  // namespace patchwave::plan
