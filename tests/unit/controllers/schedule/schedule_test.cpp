#include "controllers/schedule/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/plan/time_zone.hpp"
#include "controllers/schedule/change.hpp"
#include "controllers/schedule/local_time.hpp"

namespace patchwave::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Scheduling : public ::testing::Test {
 protected:
  Scheduling() {
    environment_.as_of = 2024y / 7 / 31;
    environment_.zone = zone_;
    add_group("web", "Sat 02:00-06:00");
  }

  void add_group(const std::string& name, const std::string& window) {
    Group group;
    group.name = name;
    group.count = 10;
    group.at_once = 3;
    group.zone = zone_;
    if (!window.empty()) group.windows = {parse_weekly_window(window, "window").value()};
    environment_.groups.push_back(std::move(group));
  }
  Patch patch(const std::string& name, risk::DeadlineClass deadline, double score,
              std::size_t group = 0) const {
    Patch made;
    made.name = name;
    made.group = group;
    made.affected = 5;
    made.place = {deadline, score, 7.5};
    made.due = due_time(zone_, environment_.as_of, deadline);
    made.product = "Something";
    return made;
  }
  std::vector<std::string> names(const std::vector<Patch>& patches,
                                 const std::vector<Remark>& remarks) const {
    std::vector<std::string> result;
    for (const auto& remark : remarks) result.push_back(patches[remark.patch].name);
    return result;
  }
  std::string local(Time time) const { return format_local_time(zone_, time); }

  cctz::time_zone zone_ = plan::read_time_zone("America/New_York", "zone").value();
  Environment environment_;
};

TEST_F(Scheduling, OrdersByDeadlineThenScoreThenName) {
  const std::vector<Patch> patches = {
      patch("C", risk::DeadlineClass::SixtyDays, 9), patch("B", risk::DeadlineClass::FourteenDays, 1),
      patch("A", risk::DeadlineClass::FourteenDays, 1), patch("D", risk::DeadlineClass::FourteenDays, 2)};
  EXPECT_THAT(make_schedule(environment_, patches).order, ElementsAre(3, 2, 1, 0));
}

TEST_F(Scheduling, ProposesAnEmergencyForWhatIsDueBeforeTheFirstWindow) {
  const std::vector<Patch> patches = {patch("P1", risk::DeadlineClass::ThreeDays, 1),
                                      patch("P2", risk::DeadlineClass::FourteenDays, 1)};
  const auto schedule = make_schedule(environment_, patches);
  ASSERT_THAT(schedule.emergencies, SizeIs(1));
  const Emergency& emergency = schedule.emergencies[0];
  EXPECT_EQ(emergency.patch, 0);
  ASSERT_TRUE(emergency.slot);
  EXPECT_EQ(local(emergency.slot->start), "Thu 2024-08-01 02:00") << "the window's hour, a day to approve";
  EXPECT_THAT(emergency.reason, AllOf(HasSubstr("due Sat 2024-08-03 00:00"), HasSubstr("needs an approval")));
  ASSERT_TRUE(schedule.entries[0].placement) << "it keeps its place should nobody approve";
  EXPECT_TRUE(schedule.entries[0].placement->late);
  EXPECT_THAT(schedule.entries[0].reason, HasSubstr("late: it is due Sat 2024-08-03 00:00"));
}

TEST_F(Scheduling, ProposesNothingForWhatTheFirstWindowFinishesInTime) {
  EXPECT_THAT(make_schedule(environment_, {patch("P", risk::DeadlineClass::FourteenDays, 1)}).emergencies,
              IsEmpty());
}

TEST_F(Scheduling, ProposesForOverdueWorkTheDayBeforeTonightsWindow) {
  environment_.groups.clear();
  add_group("workstation", "Mon-Fri 20:00-06:00(+1d)");
  auto overdue = patch("P", risk::DeadlineClass::FourteenDays, 1);
  overdue.due = due_time(zone_, 2024y / 7 / 1, risk::DeadlineClass::FourteenDays);
  const auto schedule = make_schedule(environment_, {overdue});
  ASSERT_THAT(schedule.emergencies, SizeIs(1));
  EXPECT_EQ(local(schedule.emergencies[0].slot->start), "Wed 2024-07-31 12:00");
  EXPECT_THAT(schedule.emergencies[0].reason, HasSubstr("late already"));
}

TEST_F(Scheduling, SaysOfAGroupWithoutWindowsThatItHasNone) {
  add_group("lab", "");
  const auto schedule = make_schedule(environment_, {patch("P", risk::DeadlineClass::ThreeDays, 1, 1)});
  EXPECT_FALSE(schedule.entries[0].placement);
  EXPECT_THAT(schedule.entries[0].reason, HasSubstr("lab has no window in the 30 days from 2024-07-31 on"));
  ASSERT_THAT(schedule.emergencies, SizeIs(1)) << "it can only be done outside of them";
  EXPECT_EQ(local(schedule.emergencies[0].slot->start), "Thu 2024-08-01 02:00");
}

TEST_F(Scheduling, CountsDaysOfADeadlineOnTheLocalCalendarThroughAChangeOfClocks) {
  EXPECT_EQ(local(*due_time(zone_, 2024y / 11 / 1, risk::DeadlineClass::FourteenDays)),
            "Fri 2024-11-15 00:00");
  EXPECT_EQ(due_time(zone_, 2024y / 11 / 1, risk::DeadlineClass::NextUpgrade), std::nullopt);
}

TEST_F(Scheduling, TestsKnownIssuesLongerAndNeverWhatMustNotWait) {
  std::vector<Patch> patches;
  for (int i = 0; i < 40; ++i)
    patches.push_back(patch("P" + std::to_string(100 + i), risk::DeadlineClass::SixtyDays, 0.0001));
  patches[7].known_issue = "printers stop";
  patches[8].place.score = 4;
  patches[9].place.score = 4;
  patches[9].known_issue = "does not start";
  const auto schedule = make_schedule(environment_, patches);
  EXPECT_THAT(schedule.extended_testing, SizeIs(5));
  EXPECT_THAT(names(patches, schedule.extended_testing), ::testing::IsSupersetOf({"P107", "P109"}));
  EXPECT_THAT(names(patches, schedule.fast_track), ElementsAre("P108"));
}

TEST_F(Scheduling, TestsTheCostliestChangesLonger) {
  add_group("finance", "Sat 02:00-06:00");
  environment_.groups[1].criticality = risk::HumanImpact::VeryHigh;
  std::vector<Patch> patches;
  for (int i = 0; i < 30; ++i)
    patches.push_back(patch("P" + std::to_string(100 + i), risk::DeadlineClass::SixtyDays, 0.0001));
  for (const auto i : {3U, 5U, 8U, 13U, 21U}) {
    patches[i].group = 1;
    patches[i].product = "PowerEdge BIOS";
  }
  EXPECT_THAT(names(patches, make_schedule(environment_, patches).extended_testing),
              ElementsAre("P103", "P105", "P108", "P113", "P121"));
}

TEST_F(Scheduling, PutsWhatAnotherComesAfterBeforeItInItsSession) {
  std::vector<Patch> patches = {patch("A", risk::DeadlineClass::FourteenDays, 2),
                                patch("B", risk::DeadlineClass::SixtyDays, 0.001),
                                patch("C", risk::DeadlineClass::FourteenDays, 1)};
  patches[0].after = {1};
  const auto schedule = make_schedule(environment_, patches);
  EXPECT_THAT(schedule.order, ElementsAre(1, 0, 2)) << "B is as urgent as A";
  EXPECT_LT(schedule.entries[1].placement->slot.start, schedule.entries[0].placement->slot.start);
}

TEST_F(Scheduling, BeginsWhatComesAfterAnotherGroupsPatchWhenThatIsOver) {
  add_group("store", "Wed 02:00-06:00");
  std::vector<Patch> patches = {patch("A", risk::DeadlineClass::SixtyDays, 1),
                                patch("B", risk::DeadlineClass::SixtyDays, 1, 1)};
  EXPECT_EQ(local(make_schedule(environment_, patches).entries[0].placement->slot.start),
            "Sat 2024-08-03 02:00");
  patches[0].after = {1};
  const auto schedule = make_schedule(environment_, patches);
  EXPECT_EQ(local(schedule.entries[1].placement->slot.start), "Wed 2024-07-31 02:00");
  EXPECT_EQ(local(schedule.entries[0].placement->slot.start), "Sat 2024-08-03 02:00");
  environment_.groups[1].windows = {parse_weekly_window("Sun 02:00-06:00", "window").value()};
  const auto later = make_schedule(environment_, patches);
  EXPECT_EQ(local(later.entries[0].placement->slot.start), "Sat 2024-08-10 02:00");
  EXPECT_THAT(later.entries[0].reason, HasSubstr("what it comes after is over by then"));
}

TEST_F(Scheduling, LeavesOutWhatComesAfterAPatchWithoutAPlace) {
  add_group("lab", "");
  std::vector<Patch> patches = {patch("A", risk::DeadlineClass::SixtyDays, 1),
                                patch("B", risk::DeadlineClass::SixtyDays, 1, 1)};
  patches[0].after = {1};
  const auto schedule = make_schedule(environment_, patches);
  EXPECT_FALSE(schedule.entries[0].placement);
  EXPECT_THAT(schedule.entries[0].reason, HasSubstr("what it comes after has no place"));
}

TEST(ChangeKinds, AreToldByTheNameOfTheProduct) {
  EXPECT_EQ(change_kind("Microsoft", "Windows Server 2022"), ChangeKind::OperatingSystem);
  EXPECT_EQ(change_kind("Microsoft", "Microsoft Windows 11"), ChangeKind::OperatingSystem);
  EXPECT_EQ(change_kind("Zoom", "Zoom Workplace App for Windows"), ChangeKind::Application);
  EXPECT_EQ(change_kind("Oracle Corporation", "MySQL Server"), ChangeKind::Database);
  EXPECT_EQ(change_kind("Cisco", "RV Series Router Firmware"), ChangeKind::Firmware);
  EXPECT_EQ(change_kind("", ""), ChangeKind::Application);
}

}  // namespace
}  // namespace patchwave::schedule
