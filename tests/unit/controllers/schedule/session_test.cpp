#include "controllers/schedule/session.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace patchwave::schedule {
namespace {

using namespace std::chrono_literals;

constexpr Time kBegin = std::chrono::sys_days(2024y / 8 / 3) + 2h;

Group ten_systems_three_at_once() {
  Group group;
  group.count = 10;
  group.at_once = 3;
  return group;
}

TEST(Session, TakesOneRoundForWhatIsOutAtOnce) {
  const auto slots = session_slots(ten_systems_three_at_once(), std::vector{3}, kBegin);
  EXPECT_EQ(slots[0].start, kBegin);
  EXPECT_EQ(slots[0].end50, kBegin + 6min + 30s);
  EXPECT_EQ(slots[0].end90, kBegin + 11min);
}

// Rounds of 3, 3, 3 and 1 systems: the first has both patches, the others only the one that reaches them.
TEST(Session, PutsIntoARoundOnlyThePatchesThatReachIt) {
  const auto slots = session_slots(ten_systems_three_at_once(), std::vector{10, 2}, kBegin);
  EXPECT_EQ(slots[0].end90, kBegin + 12min + 11min + 11min + 11min);
  EXPECT_EQ(slots[1].start, kBegin + 1min) << "the second one to be installed";
  EXPECT_EQ(slots[1].end90, kBegin + 12min) << "over with the first round";
}

TEST(Session, TakesPatchesAsLongAsItEndsInTime) {
  const Group group = ten_systems_three_at_once();
  SessionBudget budget(group, 45min);
  EXPECT_TRUE(budget.take(10));
  EXPECT_TRUE(budget.take(2));
  EXPECT_FALSE(budget.take(2)) << "46 minutes";
}

TEST(Session, ACrowdOfPatchesFillsFourHoursWithFiftyOfThem) {
  const Group group = ten_systems_three_at_once();
  SessionBudget budget(group, 4h);
  int count = 0;
  while (budget.take(10)) ++count;
  EXPECT_EQ(count, 50) << "4 rounds of 10 minutes and one more for each patch";
}

}  // namespace
}  // namespace patchwave::schedule
