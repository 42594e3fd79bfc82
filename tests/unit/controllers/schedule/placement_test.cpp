#include "controllers/schedule/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr Time kFirst = std::chrono::sys_days(2024y / 8 / 3) + 2h;

/// One system, so a session of n patches takes 10 + n minutes.
class Placing : public ::testing::Test {
 protected:
  static std::vector<Opening> weeks(int count, std::chrono::minutes length = 4h) {
    std::vector<Opening> open;
    for (int i = 0; i < count; ++i) open.push_back({{kFirst + i * 168h, kFirst + i * 168h + length}, "Sat"});
    return open;
  }
  static std::vector<Job> jobs(std::size_t count) { return std::vector<Job>(count); }

  std::vector<std::size_t> waves(const std::vector<JobPlace>& places) const {
    std::vector<std::size_t> result;
    for (const auto& place : places) result.push_back(place.wave);
    return result;
  }
  std::vector<int> windows(const std::vector<JobPlace>& places) const {
    std::vector<int> result;
    for (const auto& place : places) result.push_back(place.opening ? static_cast<int>(*place.opening) : -1);
    return result;
  }

  Group group_;
};

TEST_F(Placing, GivesTheTopTheFirstWindowAndEachWaveTheNextOne) {
  const auto places = place_group(group_, weeks(4), jobs(8), 2, 3);
  EXPECT_THAT(waves(places), ElementsAre(0, 0, 1, 1, 2, 2, 3, 3));
  EXPECT_THAT(windows(places), ElementsAre(0, 0, 1, 1, 2, 2, 3, 3));
  EXPECT_EQ(places[0].binding, Binding::FirstWindow);
  EXPECT_EQ(places[2].binding, Binding::Bake);
}

TEST_F(Placing, TakesForwardWhatWouldBeLateInTheNextWave) {
  auto all = jobs(6);
  for (std::size_t i = 0; i < 4; ++i) all[i].due = kFirst + 24h;
  const auto places = place_group(group_, weeks(4), all, 0, 3);
  EXPECT_THAT(waves(places), ElementsAre(1, 1, 1, 1, 2, 3));
  EXPECT_EQ(places[3].binding, Binding::Deadline);
}

TEST_F(Placing, GivesAWaveMoreWindowsWhenThereAreSomeAndItNeedsThem) {
  const auto places = place_group(group_, weeks(6, 12min), jobs(8), 0, 3);
  EXPECT_THAT(waves(places), ElementsAre(1, 1, 1, 2, 2, 2, 3, 3));
  EXPECT_THAT(windows(places), ElementsAre(0, 0, 1, 2, 2, 3, 4, 4));
  EXPECT_EQ(places[2].binding, Binding::Capacity);
}

TEST_F(Placing, PutsMoreIntoAnEarlyWaveThanAnEvenShareWhenLaterWindowsAreShort) {
  auto open = weeks(3);
  open[2].interval.end = open[2].interval.begin + 11min;
  const auto places = place_group(group_, open, jobs(9), 0, 3);
  EXPECT_THAT(waves(places), ElementsAre(1, 1, 1, 2, 2, 2, 2, 2, 3));
}

TEST_F(Placing, LeavesOutTheLastInOrderWhenAllIsFull) {
  const auto places = place_group(group_, weeks(3, 12min), jobs(8), 0, 3);
  EXPECT_THAT(windows(places), ElementsAre(0, 0, 1, 1, 2, 2, -1, -1));
  EXPECT_THAT(waves(places), ElementsAre(1, 1, 2, 2, 3, 3, 3, 3)) << "they still belong to a wave";
  EXPECT_EQ(places[7].binding, Binding::NoRoom);
}

TEST_F(Placing, DividesWavesEvenlyWhenThereIsNoWindow) {
  const auto places = place_group(group_, {}, jobs(7), 1, 3);
  EXPECT_THAT(waves(places), ElementsAre(0, 1, 1, 2, 2, 3, 3));
  EXPECT_THAT(windows(places), ElementsAre(-1, -1, -1, -1, -1, -1, -1));
  EXPECT_EQ(places[3].binding, Binding::NoWindow);
}

TEST_F(Placing, LeavesOutOnlyThePatchThatIsTooLongForAnyWindow) {
  group_.count = 100;
  auto all = jobs(4);
  all[1].affected = 100;  // 100 rounds of 11 minutes.
  const auto places = place_group(group_, weeks(4), all, 0, 3);
  EXPECT_EQ(places[1].binding, Binding::TooLong);
  EXPECT_FALSE(places[1].opening);
  EXPECT_THAT(windows(places), ElementsAre(0, -1, 1, 2));
}

TEST_F(Placing, UsesOnlyTheWavesThatWindowsAreThereFor) {
  const auto places = place_group(group_, weeks(2), jobs(4), 1, 3);
  EXPECT_THAT(waves(places), ElementsAre(0, 1, 1, 1));
}

}  // namespace
}  // namespace patchwave::schedule
