#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/icalendar/calendar.hpp"
#include "controllers/plan/openings.hpp"
#include "controllers/plan/time_zone.hpp"

namespace patchwave::icalendar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Look {
  const char* zone = "Etc/UTC";
  cctz::civil_day from{2024, 1, 1};
  cctz::civil_day to{2025, 1, 1};
  Reading reading = Reading::Widest;
};

Result<std::vector<Occurrence>> found_in(const std::string& event, const Look& look) {
  const auto zone = plan::read_time_zone(look.zone, "zone").value();
  const auto calendar =
      parse_calendar("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + event + "END:VEVENT\nEND:VCALENDAR\n");
  EXPECT_TRUE(calendar) << calendar.error().message;
  if (!calendar) return std::vector<Occurrence>{};
  return occurrences(*calendar, zone,
                     {plan::first_instant(zone, cctz::civil_second(look.from)),
                      plan::first_instant(zone, cctz::civil_second(look.to))},
                     look.reading);
}

std::string text_of(const char* format, const Look& look, Time time) {
  return cctz::format(format, std::chrono::floor<seconds>(time),
                      plan::read_time_zone(look.zone, "zone").value());
}

/// The days that occurrences begin on, as "08-03".
std::vector<std::string> days(const std::string& event, const Look& look = {}) {
  std::vector<std::string> texts;
  const auto found = found_in(event, look);
  for (const auto& each : found.value()) texts.push_back(text_of("%m-%d", look, each.interval.begin));
  return texts;
}

/// "begin/end" with offsets.
std::vector<std::string> times(const std::string& event, const Look& look = {}) {
  constexpr const char* kFormat = "%m-%dT%H:%M%Ez";
  std::vector<std::string> texts;
  const auto found = found_in(event, look);
  for (const auto& each : found.value())
    texts.push_back(text_of(kFormat, look, each.interval.begin) + "/" +
                    text_of(kFormat, look, each.interval.end));
  return texts;
}

std::string saturday(std::string_view rule) {
  return "DTSTART:20240803T020000Z\nDURATION:PT4H\nRRULE:" + std::string(rule) + "\n";
}

TEST(Occurrences, OfAnEventThatDoesNotRecurAreOne) {
  EXPECT_THAT(times("DTSTART:20240803T020000Z\nDTEND:20240803T060000Z\n"),
              ElementsAre("08-03T02:00+00:00/08-03T06:00+00:00"));
}

TEST(Occurrences, OfADayAreTheReadersDay) {
  EXPECT_THAT(times("DTSTART;VALUE=DATE:20240803\n", {.zone = "Asia/Tokyo"}),
              ElementsAre("08-03T00:00+09:00/08-04T00:00+09:00"));
  EXPECT_THAT(
      times("DTSTART;VALUE=DATE:20241220\nDTEND;VALUE=DATE:20250103\n", {.to = cctz::civil_day(2026, 1, 1)}),
      ElementsAre("12-20T00:00+00:00/01-03T00:00+00:00"));
}

TEST(Occurrences, OfALocalTimeAreOnTheReadersClock) {
  EXPECT_THAT(times("DTSTART:20240803T020000\nDTEND:20240803T040000\n", {.zone = "America/New_York"}),
              ElementsAre("08-03T02:00-04:00/08-03T04:00-04:00"));
}

TEST(Occurrences, OfATimeInAZoneAreTheSameInstantForEverybody) {
  const std::string event =
      "DTSTART;TZID=Europe/Amsterdam:20240803T020000\nDTEND;TZID=America/New_York:20240803T000000\n";
  EXPECT_THAT(times(event), ElementsAre("08-03T00:00+00:00/08-03T04:00+00:00"));
  EXPECT_THAT(times(event, {.zone = "Asia/Tokyo"}), ElementsAre("08-03T09:00+09:00/08-03T13:00+09:00"));
}

TEST(Occurrences, RecurEachSoManyDays) {
  EXPECT_THAT(days(saturday("FREQ=DAILY;COUNT=3")), ElementsAre("08-03", "08-04", "08-05"));
  EXPECT_THAT(days(saturday("FREQ=DAILY;INTERVAL=20;COUNT=3")), ElementsAre("08-03", "08-23", "09-12"));
  EXPECT_THAT(days(saturday("FREQ=DAILY;BYDAY=SA,MO;COUNT=3")), ElementsAre("08-03", "08-05", "08-10"));
  EXPECT_THAT(days(saturday("FREQ=DAILY;BYMONTHDAY=3;COUNT=3")), ElementsAre("08-03", "09-03", "10-03"));
}

TEST(Occurrences, RecurOnWeekdaysOfEachSoManyWeeks) {
  EXPECT_THAT(days(saturday("FREQ=WEEKLY;COUNT=3")), ElementsAre("08-03", "08-10", "08-17"));
  EXPECT_THAT(days(saturday("FREQ=WEEKLY;BYDAY=MO,SA;COUNT=4")),
              ElementsAre("08-03", "08-05", "08-10", "08-12"));
  EXPECT_THAT(days(saturday("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,SA;COUNT=4")),
              ElementsAre("08-03", "08-04", "08-17", "08-18"));
  EXPECT_THAT(days(saturday("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,SA;COUNT=4;WKST=SU")),
              ElementsAre("08-03", "08-11", "08-17", "08-25"))
      << "where weeks begin on Sunday, it is of the next week";
}

TEST(Occurrences, RecurOnDaysOfEachSoManyMonths) {
  EXPECT_THAT(days(saturday("FREQ=MONTHLY;COUNT=3")), ElementsAre("08-03", "09-03", "10-03"));
  EXPECT_THAT(days(saturday("FREQ=MONTHLY;BYMONTHDAY=3,-1;COUNT=4")),
              ElementsAre("08-03", "08-31", "09-03", "09-30"));
  EXPECT_THAT(days(saturday("FREQ=MONTHLY;INTERVAL=2;BYDAY=1SA;COUNT=3")),
              ElementsAre("08-03", "10-05", "12-07"));
  EXPECT_THAT(days("DTSTART:20240830T220000Z\nDURATION:PT4H\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3\n"),
              ElementsAre("08-30", "09-27", "10-25"));
  EXPECT_THAT(days(saturday("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=1,2,3,4,5,6,7;COUNT=3")),
              ElementsAre("08-03", "09-07", "10-05"))
      << "both must hold";
}

TEST(Occurrences, LeaveOutMonthsThatLackTheDay) {
  EXPECT_THAT(days("DTSTART:20240131T000000Z\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;COUNT=3\n"),
              ElementsAre("01-31", "03-31", "05-31"));
  EXPECT_THAT(days("DTSTART:20240129T000000Z\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=5MO;COUNT=3\n"),
              ElementsAre("01-29", "04-29", "07-29"));
}

TEST(Occurrences, EndWithUntilWhichIsIncluded) {
  EXPECT_THAT(days(saturday("FREQ=DAILY;UNTIL=20240805T020000Z")), ElementsAre("08-03", "08-04", "08-05"));
  EXPECT_THAT(days(saturday("FREQ=DAILY;UNTIL=20240805T015959Z")), ElementsAre("08-03", "08-04"));
  EXPECT_THAT(days("DTSTART;VALUE=DATE:20240803\nRRULE:FREQ=DAILY;UNTIL=20240805\n"),
              ElementsAre("08-03", "08-04", "08-05"));
}

TEST(Occurrences, LeaveOutExceptionsWhichCountNevertheless) {
  EXPECT_THAT(days(saturday("FREQ=DAILY;COUNT=4") + "EXDATE:20240804T020000Z,20240805T020000Z\n"),
              ElementsAre("08-03", "08-06"));
  EXPECT_THAT(days("DTSTART;TZID=Europe/Amsterdam:20240803T020000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\n"
                   "EXDATE:20240804T000000Z\n",
                   {.zone = "Europe/Amsterdam"}),
              ElementsAre("08-03"))
      << "the same instant in another zone";
}

TEST(Occurrences, AreThoseThatMeetTheDaysAskedFor) {
  const Look week{.from = cctz::civil_day(2024, 8, 12), .to = cctz::civil_day(2024, 8, 19)};
  EXPECT_THAT(days("DTSTART:19700103T220000Z\nDURATION:PT4H\nRRULE:FREQ=WEEKLY\n", week),
              ElementsAre("08-17"));
  EXPECT_THAT(days("DTSTART:20240811T220000Z\nDURATION:PT4H\n", week), ElementsAre("08-11"))
      << "it reaches into them";
  EXPECT_THAT(days("DTSTART:20240811T220000Z\nDURATION:PT2H\n", week), IsEmpty()) << "it ends as they begin";
  EXPECT_THAT(days("DTSTART:20230901T000000Z\nDURATION:P365D\n", week), SizeIs(1));
  EXPECT_THAT(days("DTSTART:20200101T000000Z\nDURATION:P366D\nRRULE:FREQ=MONTHLY\n", week), SizeIs(12));
  EXPECT_THAT(days("DTSTART:20240819T000000Z\nDURATION:PT2H\n", week), IsEmpty());
}

TEST(Occurrences, StayAtTheirLocalTimeWhenClocksChange) {
  EXPECT_THAT(
      times("DTSTART;TZID=Europe/Amsterdam:20240330T220000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\n"),
      ElementsAre("03-30T21:00+00:00/03-30T22:00+00:00", "03-31T20:00+00:00/03-31T21:00+00:00",
                  "04-01T20:00+00:00/04-01T21:00+00:00"));
  EXPECT_THAT(
      times("DTSTART;TZID=America/New_York:20241102T220000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2\n"),
      ElementsAre("11-03T02:00+00:00/11-03T03:00+00:00", "11-04T03:00+00:00/11-04T04:00+00:00"));
}

// The standard has an end say how much time passes; the night's clock says another hour.
TEST(Occurrences, AreTheLongestOfReadingsForAFreezeAndTheShortestForAWindow) {
  const std::string spring =
      "DTSTART;TZID=Europe/Amsterdam:20240329T220000\nDTEND;TZID=Europe/Amsterdam:20240330T060000\n"
      "RRULE:FREQ=DAILY;COUNT=2\n";
  const Look freeze{.zone = "Europe/Amsterdam"};
  const Look window{.zone = "Europe/Amsterdam", .reading = Reading::Narrowest};
  EXPECT_THAT(times(spring, freeze)[1], "03-30T22:00+01:00/03-31T07:00+02:00");
  EXPECT_THAT(times(spring, window)[1], "03-30T22:00+01:00/03-31T06:00+02:00");
  const std::string autumn =
      "DTSTART;TZID=America/New_York:20241101T220000\nDTEND;TZID=America/New_York:20241102T060000\n"
      "RRULE:FREQ=DAILY;COUNT=2\n";
  EXPECT_THAT(times(autumn, {.zone = "America/New_York"})[1], "11-02T22:00-04:00/11-03T06:00-05:00");
  EXPECT_THAT(times(autumn, {.zone = "America/New_York", .reading = Reading::Narrowest})[1],
              "11-02T22:00-04:00/11-03T05:00-05:00");
}

TEST(Occurrences, CoverBothRoundsOfARepeatedTimeForAFreezeAndNeitherAloneForAWindow) {
  const std::string event =
      "DTSTART;TZID=Europe/Amsterdam:20241027T023000\nDTEND;TZID=Europe/Amsterdam:20241027T050000\n";
  EXPECT_THAT(times(event, {.zone = "Europe/Amsterdam"}), ElementsAre("10-27T02:30+02:00/10-27T05:00+01:00"));
  EXPECT_THAT(times(event, {.zone = "Europe/Amsterdam", .reading = Reading::Narrowest}),
              ElementsAre("10-27T02:30+01:00/10-27T05:00+01:00"));
  const std::string within =
      "DTSTART;TZID=America/New_York:20241103T011000\nDTEND;TZID=America/New_York:20241103T012000\n";
  EXPECT_THAT(times(within, {.zone = "America/New_York"}),
              ElementsAre("11-03T01:10-04:00/11-03T01:20-05:00"));
  EXPECT_THAT(times(within, {.zone = "America/New_York", .reading = Reading::Narrowest}),
              ElementsAre("11-03T01:10-04:00/11-03T01:20-04:00"))
      << "the readings have nothing in common: the standard's";
}

TEST(Occurrences, OfASkippedTimeBeginAtTheJumpForAFreezeAndAnHourLaterAtMostForAWindow) {
  const std::string event = "DTSTART;TZID=America/New_York:20240310T023000\nDURATION:PT2H\n";
  EXPECT_THAT(times(event, {.zone = "America/New_York"}), ElementsAre("03-10T03:00-04:00/03-10T05:30-04:00"));
  EXPECT_THAT(times(event, {.zone = "America/New_York", .reading = Reading::Narrowest}),
              ElementsAre("03-10T03:30-04:00/03-10T05:30-04:00"));
}

TEST(Occurrences, OfADayAreAsLongAsTheDay) {
  EXPECT_THAT(times("DTSTART;VALUE=DATE:20241027\n", {.zone = "Europe/Amsterdam"}),
              ElementsAre("10-27T00:00+02:00/10-28T00:00+01:00"));
  EXPECT_THAT(times("DTSTART;VALUE=DATE:20240310\n", {.zone = "America/New_York"}),
              ElementsAre("03-10T00:00-05:00/03-11T00:00-04:00"));
}

TEST(Occurrences, AreAtMostTenThousand) {
  const std::string daily = "DTSTART:20240101T000000Z\nDURATION:P1D\nRRULE:FREQ=DAILY\n";
  std::string text = "BEGIN:VCALENDAR\n";
  for (int i = 0; i < 28; ++i) text += "BEGIN:VEVENT\n" + daily + "END:VEVENT\n";
  const auto calendar = parse_calendar(text + "END:VCALENDAR\n").value();
  const auto utc = cctz::utc_time_zone();
  const auto found = occurrences(
      calendar, utc, {instant(utc, cctz::civil_second(2024)), instant(utc, cctz::civil_second(2025))},
      Reading::Widest);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::TooLarge);
  EXPECT_THAT(found.error().message, HasSubstr("more than 10000"));
}

}  // namespace
}  // namespace patchwave::icalendar
