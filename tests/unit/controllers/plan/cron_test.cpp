#include "controllers/plan/cron.hpp"

#include <gtest/gtest.h>

namespace patchwave::plan {
namespace {

const cctz::civil_day kSaturday(2026, 11, 21);

CronSchedule cron(std::string_view text) {
  auto schedule = parse_cron(text);
  EXPECT_TRUE(schedule) << text << ": " << schedule.error().message;
  return schedule ? *schedule : CronSchedule{};
}

std::string refusal(std::string_view text) {
  const auto schedule = parse_cron(text);
  EXPECT_FALSE(schedule) << text;
  return schedule ? "" : schedule.error().message;
}

TEST(Cron, ReadsAWeeklySchedule) {
  const auto schedule = cron("30 2 * * SAT");
  EXPECT_EQ(schedule.minutes_of_day, std::vector<int>{150});
  EXPECT_TRUE(schedule.matches(kSaturday));
  EXPECT_FALSE(schedule.matches(kSaturday + 1));
}

TEST(Cron, ReadsListsRangesAndSteps) {
  EXPECT_EQ(cron("0,20-40/10 1 * * *").minutes_of_day, (std::vector<int>{60, 80, 90, 100}));
  EXPECT_EQ(cron("*/30 22-23 * * *").minutes_of_day, (std::vector<int>{1320, 1350, 1380, 1410}));
}

TEST(Cron, RunsAStepAfterASingleValueToTheEndOfTheField) {
  EXPECT_EQ(cron("15/20 0 * * *").minutes_of_day, (std::vector<int>{15, 35, 55}));
}

TEST(Cron, NamesMonthsAndDaysInAnyCase) {
  EXPECT_TRUE(cron("0 0 * nov Sat").matches(kSaturday));
  EXPECT_FALSE(cron("0 0 * DEC sat").matches(kSaturday));
}

TEST(Cron, TakesZeroAndSevenForSunday) {
  EXPECT_TRUE(cron("0 0 * * 0").matches(kSaturday + 1));
  EXPECT_TRUE(cron("0 0 * * 7").matches(kSaturday + 1));
}

TEST(Cron, LetsARangeOfDaysEndOnSunday) {
  const auto schedule = cron("0 0 * * FRI-SUN");
  EXPECT_TRUE(schedule.matches(kSaturday - 1));
  EXPECT_TRUE(schedule.matches(kSaturday + 1));
  EXPECT_FALSE(schedule.matches(kSaturday + 2));
}

TEST(Cron, MatchesEitherDayWhenBothDayFieldsAreRestricted) {
  const auto schedule = cron("0 0 1 * SAT");
  EXPECT_TRUE(schedule.matches(kSaturday));
  EXPECT_TRUE(schedule.matches(cctz::civil_day(2026, 12, 1)));
  EXPECT_FALSE(schedule.matches(kSaturday + 1));
}

TEST(Cron, MatchesBothDaysWhenOneDayFieldBeginsWithAStar) {
  const auto schedule = cron("0 0 */2 * SAT");
  EXPECT_TRUE(schedule.matches(kSaturday));
  EXPECT_FALSE(schedule.matches(kSaturday + 7)) << "the 28th is even";
  EXPECT_FALSE(schedule.matches(kSaturday + 2)) << "the 23rd is no Saturday";
}

TEST(Cron, RefusesNicknamesAndSaysWhatToWrite) {
  EXPECT_EQ(refusal("@weekly"),
            "names such as @daily are not taken; write the five fields, as in '0 2 * * SAT'");
}

TEST(Cron, RefusesATimeZoneInTheSchedule) {
  EXPECT_EQ(refusal("TZ=Europe/Amsterdam 0 2 * * SAT"),
            "it sets a variable; the time zone belongs into the field timeZone");
}

TEST(Cron, NamesTheFieldAndTheValueThatAreWrong) {
  EXPECT_EQ(refusal("60 2 * * SAT"), "minute '60' is not a number from 0 to 59");
  EXPECT_EQ(refusal("0 2 * * SATURDAY"),
            "day of week 'SATURDAY' is not a number from 0 to 7 or a name from SUN to SAT");
  EXPECT_EQ(refusal("0 2 * *"),
            "it has 4 fields and not five: minute, hour, day of month, month, day of week");
  EXPECT_EQ(refusal("*/0 2 * * *"), "minute step '0' is not a number from 1 to 59");
  EXPECT_EQ(refusal("0 22-2 * * *"), "hour range '22-2' begins after its end; write two ranges");
}

TEST(Cron, RefusesEmptyItemsSignsAndTrailingBytes) {
  for (const auto* text :
       {"", "1, 2 * * *", ",1 2 * * *", "-1 2 * * *", "+1 2 * * *", "1x 2 * * *", "1- 2 * * *", "1/ 2 * * *",
        "0 0 L * *", "0 0 ? * *", "0 0 * * 5#1", "0 0 0 * *", "0 0 * 13 *", "99999999999999999999 0 * * *"}) {
    EXPECT_FALSE(parse_cron(text)) << text;
  }
}

TEST(Cron, RefusesAScheduleWhoseDayNeverComes) {
  EXPECT_EQ(refusal("0 0 30 2 *"), "no month it names has a day 30");
  EXPECT_TRUE(parse_cron("0 0 29 2 *"));
  EXPECT_TRUE(parse_cron("0 0 30 2 MON")) << "every Monday of February";
}

}  // namespace
}  // namespace patchwave::plan
