#include "controllers/icalendar/calendar.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::icalendar {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The lines of one event within a calendar; the event's first line is line 3.
std::string calendar_of(std::string_view lines) {
  return "BEGIN:VCALENDAR\nVERSION:2.0\n" + std::string(lines) + "END:VCALENDAR\n";
}
std::string event_of(std::string_view lines) {
  return calendar_of("BEGIN:VEVENT\n" + std::string(lines) + "END:VEVENT\n");
}

std::string refusal_of(std::string_view text) {
  const auto calendar = parse_calendar(text);
  return calendar ? "it is accepted" : calendar.error().message;
}
std::string refusal_of_event(std::string_view lines) {
  return refusal_of(event_of(lines));
}
std::string refusal_of_rule(std::string_view rule) {
  return refusal_of_event("DTSTART:20240803T020000Z\nDURATION:PT4H\nRRULE:" + std::string(rule) + "\n");
}

TEST(Calendar, HasWhatAnEventSays) {
  const auto calendar = parse_calendar(
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/"
      "Amsterdam:20241220T180000\r\n"
      "DTEND;TZID=\"Europe/Amsterdam\":20250103T060000\r\nSUMMARY:Peak season\\, no\r\n  "
      "changes\r\nEND:VEVENT\r\n"
      "END:VCALENDAR\r\n");
  ASSERT_TRUE(calendar) << calendar.error().message;
  ASSERT_EQ(calendar->size(), 1);
  const Event& event = calendar->front();
  EXPECT_EQ(event.line, 3);
  EXPECT_EQ(event.summary, "Peak season, no changes") << "escapes are read and folded lines joined";
  EXPECT_EQ(event.start.local, cctz::civil_second(2024, 12, 20, 18));
  EXPECT_EQ(event.start.zone->name(), "Europe/Amsterdam");
  EXPECT_EQ(event.end->local, cctz::civil_second(2025, 1, 3, 6));
}

TEST(Calendar, WithoutEventsIsOne) {
  EXPECT_TRUE(parse_calendar(calendar_of("")));
  EXPECT_THAT(refusal_of(""), HasSubstr("BEGIN:VCALENDAR"));
}

TEST(Calendar, PassesOverZonesTasksAlarmsAndWhatDoesNotConcernTimes) {
  const auto calendar = parse_calendar(calendar_of(
      "BEGIN:VTIMEZONE\nTZID:Europe/Amsterdam\nBEGIN:STANDARD\nDTSTART:19701025T030000\n"
      "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VTODO\nEND:VTODO\n"
      "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20240803\nX-NOTE;X-A=b:c\nTRANSP:OPAQUE\nBEGIN:VALARM\n"
      "TRIGGER:-PT5M\nDURATION:PT1M\nEND:VALARM\nEND:VEVENT\n"));
  ASSERT_TRUE(calendar) << calendar.error().message;
  ASSERT_EQ(calendar->size(), 1);
  EXPECT_EQ(calendar->front().duration->days, 1) << "of a day alone, not of its alarm";
}

TEST(Calendar, LeavesOutWhatIsCancelled) {
  const auto calendar = parse_calendar(event_of("DTSTART;VALUE=DATE:20240803\nSTATUS:CANCELLED\n"));
  ASSERT_TRUE(calendar) << calendar.error().message;
  EXPECT_TRUE(calendar->empty());
}

TEST(Calendar, RefusesByNameAndLineWhatItDoesNotUnderstand) {
  EXPECT_THAT(refusal_of_rule("FREQ=YEARLY"),
              AllOf(HasSubstr("line 6"), HasSubstr("FREQ=YEARLY"), HasSubstr("MONTHLY")));
  EXPECT_THAT(refusal_of_rule("FREQ=MONTHLY;BYDAY=SA;BYSETPOS=1"),
              AllOf(HasSubstr("line 6"), HasSubstr("BYSETPOS=1")));
  EXPECT_THAT(refusal_of_rule("FREQ=DAILY;BYMONTH=8"), HasSubstr("BYMONTH=8"));
  EXPECT_THAT(refusal_of_rule("FREQ=DAILY;BYHOUR=8"), HasSubstr("BYHOUR=8"));
  EXPECT_THAT(refusal_of_event("RDATE:20240803T020000Z\n"), AllOf(HasSubstr("line 4"), HasSubstr("RDATE")));
  EXPECT_THAT(refusal_of_event("EXRULE:FREQ=DAILY\n"), HasSubstr("EXRULE"));
  EXPECT_THAT(refusal_of_event("RECURRENCE-ID:20240803T020000Z\n"), HasSubstr("RECURRENCE-ID"));
  EXPECT_THAT(refusal_of_event("DTSTART;VALUE=PERIOD:20240803T020000Z/PT1H\n"), HasSubstr("VALUE=PERIOD"));
  EXPECT_THAT(refusal_of_event("DTSTART;RANGE=ALL:20240803T020000Z\n"), HasSubstr("RANGE=ALL"));
  EXPECT_THAT(refusal_of_event("DTSTART;TZID=W. Europe Standard Time:20240803T020000\n"),
              AllOf(HasSubstr("line 4"), HasSubstr("W. Europe Standard Time"), HasSubstr("IANA")));
  EXPECT_THAT(refusal_of(calendar_of("BEGIN:VFREEBUSY\nEND:VFREEBUSY\n")), HasSubstr("VFREEBUSY"));
  EXPECT_THAT(refusal_of(calendar_of("METHOD:CANCEL\n")), HasSubstr("METHOD:CANCEL"));
  EXPECT_THAT(refusal_of(calendar_of("CALSCALE:CHINESE\n")), HasSubstr("CALSCALE:CHINESE"));
}

TEST(Calendar, RefusesRulesThatContradictThemselvesOrTheirEvent) {
  EXPECT_THAT(refusal_of_rule("FREQ=DAILY;COUNT=2;UNTIL=20240901T000000Z"),
              HasSubstr("both COUNT and UNTIL"));
  EXPECT_THAT(refusal_of_rule("INTERVAL=2"), HasSubstr("lacks FREQ"));
  EXPECT_THAT(refusal_of_rule("FREQ=DAILY;FREQ=DAILY"), HasSubstr("FREQ twice"));
  EXPECT_THAT(refusal_of_rule("FREQ=WEEKLY;BYDAY=1SA"), HasSubstr("ordinal"));
  EXPECT_THAT(refusal_of_rule("FREQ=WEEKLY;BYMONTHDAY=3"), HasSubstr("BYMONTHDAY"));
  EXPECT_THAT(refusal_of_rule("FREQ=WEEKLY;BYDAY=MO"), HasSubstr("does not have the day of its DTSTART"));
  EXPECT_THAT(refusal_of_rule("FREQ=DAILY;UNTIL=20240901"), HasSubstr("in UTC as UNTIL"));
}

TEST(Calendar, RefusesNumbersAndListsThatAreOutOfBounds) {
  for (const auto* rule :
       {"FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=1001", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=10001",
        "FREQ=DAILY;COUNT=two", "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=3,", "FREQ=MONTHLY;BYDAY=6MO", "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;WKST=1", "FREQ"}) {
    EXPECT_THAT(refusal_of_rule(rule), AllOf(HasSubstr("line 6"), HasSubstr("is not understood"))) << rule;
  }
}

TEST(Calendar, RefusesEventsWithoutALengthOrWithTwo) {
  EXPECT_THAT(refusal_of_event("DTEND:20240803T020000Z\n"), AllOf(HasSubstr("line 3"), HasSubstr("DTSTART")));
  EXPECT_THAT(refusal_of_event("DTSTART:20240803T020000Z\n"), HasSubstr("neither DTEND nor DURATION"));
  EXPECT_THAT(refusal_of_event("DTSTART:20240803T020000Z\nDTEND:20240803T040000Z\nDURATION:PT1H\n"),
              HasSubstr("both DTEND and DURATION"));
  EXPECT_THAT(refusal_of_event("DTSTART:20240803T020000Z\nDTEND:20240803T020000Z\n"), HasSubstr("not after"));
  EXPECT_THAT(refusal_of_event("DTSTART:20240803T020000Z\nDTEND:20260803T020000Z\n"), HasSubstr("366 days"));
  EXPECT_THAT(refusal_of_event("DTSTART:20240803T020000Z\nDTEND;VALUE=DATE:20240804\n"),
              HasSubstr("DTEND must be"));
  EXPECT_THAT(refusal_of_event("DTSTART:20240803T020000Z\nDTEND:20240804T020000\n"),
              HasSubstr("DTEND must be"));
  EXPECT_THAT(refusal_of_event("DTSTART;VALUE=DATE:20240803\nDURATION:PT4H\n"), HasSubstr("whole days"));
  EXPECT_THAT(refusal_of_event("DTSTART;VALUE=DATE:20240803\nDTSTART;VALUE=DATE:20240803\n"),
              HasSubstr("DTSTART twice"));
  EXPECT_THAT(refusal_of_event("DTSTART;VALUE=DATE:20240803\nEXDATE:20240803T000000Z\n"),
              HasSubstr("EXDATE must be"));
}

TEST(Calendar, RefusesTimesThatDoNotExist) {
  for (const auto* start :
       {"20240230T000000Z", "20240803T250000Z", "20240803", "2024-08-03T00:00:00", "19691231T000000Z",
        "22000101T000000Z", "", "20240803T020000Z,20240804T020000Z"}) {
    EXPECT_THAT(refusal_of_event("DTSTART:" + std::string(start) + "\nDURATION:PT1H\n"), HasSubstr("line 4"))
        << start;
  }
  for (const auto* length : {"-PT1H", "PT0S", "P367D", "P", "PT", "P1H", "PT1D", "1H", "P1DT"}) {
    EXPECT_THAT(refusal_of_event("DTSTART:20240803T000000Z\nDURATION:" + std::string(length) + "\n"),
                AllOf(HasSubstr("line 5"), HasSubstr("DURATION")))
        << length;
  }
}

TEST(Calendar, RefusesWhatIsNotNestedAsItShould) {
  EXPECT_THAT(refusal_of("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20240803\n"),
              HasSubstr("line 2: VEVENT does not end"));
  EXPECT_THAT(refusal_of("BEGIN:VCALENDAR\n"), HasSubstr("before END:VCALENDAR"));
  EXPECT_THAT(refusal_of("BEGIN:VEVENT\n"), HasSubstr("line 1"));
  EXPECT_THAT(refusal_of(calendar_of("BEGIN:VEVENT\nEND:VTODO\n")), HasSubstr("END:VEVENT is expected"));
  EXPECT_THAT(refusal_of(calendar_of("BEGIN:VTODO\nEND:VEVENT\n")), HasSubstr("END:VTODO is expected"));
  EXPECT_THAT(refusal_of(calendar_of("no colon\n")), HasSubstr("line 3"));
  EXPECT_THAT(refusal_of(calendar_of("A;B:c\n")), HasSubstr("line 3"));
  EXPECT_THAT(refusal_of(calendar_of("A;B=1;B=2:c\n")), HasSubstr("B twice"));
}

TEST(Calendar, NamesTheFirstOfFoldedLines) {
  EXPECT_THAT(refusal_of_event("SUMMARY:a\n b\nRDA\n TE:\n"), HasSubstr("line 6: RDATE"));
}

TEST(Calendar, HasALargestSizeAndNumberOfEvents) {
  EXPECT_EQ(parse_calendar(std::string((1U << 20U) + 1, '\n')).error().kind, ErrorKind::TooLarge);
  EXPECT_THAT(refusal_of(calendar_of("X:" + std::string(70'000, 'a') + "\n")), HasSubstr("longer than"));
  std::string events;
  for (int i = 0; i < 2'001; ++i) events += "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20240803\nEND:VEVENT\n";
  EXPECT_THAT(refusal_of(calendar_of(events)), HasSubstr("more than 2000 events"));
}

TEST(Calendar, ShortensASummaryBetweenCharacters) {
  const auto calendar = parse_calendar(event_of("DTSTART;VALUE=DATE:20240803\nSUMMARY:a" + [] {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "é";
    return text;
  }() + "\x01\n"));
  ASSERT_TRUE(calendar);
  EXPECT_EQ(calendar->front().summary.size(), 119);
}

}  // namespace
}  // namespace patchwave::icalendar
