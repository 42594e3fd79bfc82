#include "controllers/schedule/weekly_window.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/plan/time_zone.hpp"
#include "controllers/schedule/local_time.hpp"

namespace patchwave::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

cctz::time_zone zone(std::string_view name) {
  return plan::read_time_zone(name, "zone").value();
}

/// "begin/end" of what opens, with offsets.
std::vector<std::string> open(std::string_view window, std::string_view zone_name, Date first, int days,
                              const std::vector<Denial>& denials = {}) {
  const auto parsed = parse_weekly_window(window, "window");
  EXPECT_TRUE(parsed) << parsed.error().message;
  std::vector<std::string> texts;
  const auto in = zone(zone_name);
  for (const auto& opening : openings({*parsed}, denials, in, first, days)) {
    texts.push_back(format_offset_time(in, opening.interval.begin) + "/" +
                    format_offset_time(in, opening.interval.end));
  }
  return texts;
}

TEST(WeeklyWindow, OpensOnItsDayFromLocalToLocalTime) {
  EXPECT_THAT(open("Sat 02:00-06:00", "America/New_York", 2024y / 7 / 31, 14),
              ElementsAre("2024-08-03T02:00:00-04:00/2024-08-03T06:00:00-04:00",
                          "2024-08-10T02:00:00-04:00/2024-08-10T06:00:00-04:00"));
}

TEST(WeeklyWindow, ANightOfAWeekdayBeginsOnItAndEndsOnTheNextDay) {
  const auto nights = open("Mon-Fri 20:00-06:00(+1d)", "America/New_York", 2024y / 7 / 31, 7);
  ASSERT_EQ(nights.size(), 5);
  EXPECT_EQ(nights[2], "2024-08-02T20:00:00-04:00/2024-08-03T06:00:00-04:00") << "Friday's ends on Saturday";
  EXPECT_EQ(nights[3], "2024-08-05T20:00:00-04:00/2024-08-06T06:00:00-04:00") << "Sunday has none";
}

TEST(WeeklyWindow, CrossesTheEndOfAMonthAndOfAYear) {
  EXPECT_THAT(open("Tue 22:00-02:00", "Etc/UTC", 2024y / 12 / 31, 2),
              ElementsAre("2024-12-31T22:00:00+00:00/2025-01-01T02:00:00+00:00"));
  EXPECT_THAT(open("Thu 22:00-02:00", "Etc/UTC", 2024y / 2 / 29, 2),
              ElementsAre("2024-02-29T22:00:00+00:00/2024-03-01T02:00:00+00:00"));
}

TEST(WeeklyWindow, EndsWithTheHorizonAndIsNotUsedWhenItWasOpenBefore) {
  EXPECT_THAT(open("daily 22:00-02:00", "Etc/UTC", 2024y / 5 / 1, 1),
              ElementsAre("2024-05-01T22:00:00+00:00/2024-05-02T00:00:00+00:00"));
}

// Where clocks jump ahead, what is skipped is the instant of the jump; the window is as long as the clock
// says it is, less the hour.
TEST(WeeklyWindow, IsAnHourShorterWhereTheClockJumpsAhead) {
  EXPECT_THAT(open("Sun 01:00-04:00", "America/New_York", 2024y / 3 / 10, 1),
              ElementsAre("2024-03-10T01:00:00-05:00/2024-03-10T04:00:00-04:00"));
  EXPECT_THAT(open("Sun 02:30-04:00", "Europe/Amsterdam", 2024y / 3 / 31, 1),
              ElementsAre("2024-03-31T03:00:00+02:00/2024-03-31T04:00:00+02:00"));
  EXPECT_THAT(open("Sun 01:00-02:30", "Europe/London", 2024y / 3 / 31, 1),
              ElementsAre("2024-03-31T02:00:00+01:00/2024-03-31T02:30:00+01:00"));
  EXPECT_THAT(open("Sun 02:10-02:20", "Australia/Lord_Howe", 2024y / 10 / 6, 1), IsEmpty())
      << "the clock jumps from 02:00 to 02:30";
  EXPECT_THAT(open("Sun 00:15-01:30", "America/Santiago", 2024y / 9 / 8, 1),
              ElementsAre("2024-09-08T01:00:00-03:00/2024-09-08T01:30:00-03:00"));
  EXPECT_THAT(open("Sun 02:00-06:00", "Australia/Sydney", 2024y / 10 / 6, 1),
              ElementsAre("2024-10-06T03:00:00+11:00/2024-10-06T06:00:00+11:00"));
}

// Where an hour comes twice, a window that begins in it begins the second time, one that ends in it ends the
// first: all of it is inside, whoever reads the clock.
TEST(WeeklyWindow, IsReadStrictlyWhereAnHourComesTwice) {
  EXPECT_THAT(open("Sun 00:00-04:00", "America/New_York", 2024y / 11 / 3, 1),
              ElementsAre("2024-11-03T00:00:00-04:00/2024-11-03T04:00:00-05:00"));
  EXPECT_THAT(open("Sun 01:30-04:00", "America/New_York", 2024y / 11 / 3, 1),
              ElementsAre("2024-11-03T01:30:00-05:00/2024-11-03T04:00:00-05:00"));
  EXPECT_THAT(open("Sun 00:00-02:30", "Europe/Amsterdam", 2024y / 10 / 27, 1),
              ElementsAre("2024-10-27T00:00:00+02:00/2024-10-27T02:30:00+02:00"));
  EXPECT_THAT(open("Sun 01:10-01:50", "Europe/London", 2024y / 10 / 27, 1),
              ElementsAre("2024-10-27T01:10:00+01:00/2024-10-27T01:50:00+01:00"))
      << "both in the hour: nothing were left but the first time round";
  EXPECT_THAT(open("Sun 01:45-03:00", "Australia/Lord_Howe", 2024y / 4 / 7, 1),
              ElementsAre("2024-04-07T01:45:00+10:30/2024-04-07T03:00:00+10:30"));
  EXPECT_THAT(open("Sat 20:00-06:00(+1d)", "Australia/Sydney", 2024y / 4 / 6, 2),
              ElementsAre("2024-04-06T20:00:00+11:00/2024-04-07T06:00:00+10:00"));
}

TEST(WeeklyWindow, ReadsListsRangesRoundTheWeekAndDaily) {
  const auto days = [](std::string_view text) {
    return parse_weekly_window(text, "window")->days.to_string();
  };
  EXPECT_EQ(days("Tue, Thursday 22:00-24:00"), "0001010");
  EXPECT_EQ(days("Fri-Mon 01:00-02:00"), "1110001");
  EXPECT_EQ(days("saturdays 02:00 - 06:00"), "0100000");
  EXPECT_EQ(days("daily 01:00-03:00"), "1111111");
}

TEST(WeeklyWindow, SaysWhatIsAllowedInsteadOfWhatItCantRead) {
  for (const char* text :
       {"", "Sat", "02:00-06:00", "Sat 02:00", "Sat 25:00-06:00", "Sat 02:60-06:00", "Foo 02:00-06:00",
        "Sat 24:00-06:00", "Sat 02:00-06:00(+2d)", "Sat- 02:00-06:00"}) {
    const auto window = parse_weekly_window(text, "assetGroups[0].window");
    ASSERT_FALSE(window) << text;
    EXPECT_THAT(window.error().message,
                AllOf(HasSubstr("assetGroups[0].window"), HasSubstr(text), HasSubstr("'Sat 02:00-06:00'")));
  }
}

TEST(WeeklyWindow, IsCutByWhatIsDenied) {
  using Local = cctz::civil_second;
  const std::vector<Denial> denials = {{Local(2024, 8, 3, 3), Local(2024, 8, 3, 4), "month end"},
                                       {Local(2024, 8, 10), Local(2024, 8, 11), "launch"}};
  EXPECT_THAT(open("Sat 02:00-06:00", "Etc/UTC", 2024y / 7 / 31, 14, denials),
              ElementsAre("2024-08-03T02:00:00+00:00/2024-08-03T03:00:00+00:00",
                          "2024-08-03T04:00:00+00:00/2024-08-03T06:00:00+00:00"));
}

TEST(WeeklyWindow, IsOneWithWhatOverlapsIt) {
  const std::vector<WeeklyWindow> windows = {parse_weekly_window("Sat 02:00-06:00", "window").value(),
                                             parse_weekly_window("Sat 05:00-08:00", "window").value()};
  const auto open = openings(windows, {}, zone("Etc/UTC"), 2024y / 8 / 3, 1);
  ASSERT_EQ(open.size(), 1);
  EXPECT_EQ(open[0].interval.end - open[0].interval.begin, 6h);
  EXPECT_EQ(open[0].window, "Sat 02:00-06:00, Sat 05:00-08:00");
}

}  // namespace
}  // namespace patchwave::schedule
