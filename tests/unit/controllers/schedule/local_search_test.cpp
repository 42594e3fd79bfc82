#include "controllers/schedule/local_search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr Time kBegin = std::chrono::sys_days(2024y / 8 / 1);
constexpr std::size_t kSteps = 100'000;

/// One system, so a session of n patches takes 10 + n minutes.
class LocalSearch : public ::testing::Test {
 protected:
  /// A day apart, the first after a day.
  static std::vector<Opening> days(int count, std::chrono::minutes length) {
    std::vector<Opening> open;
    for (int i = 1; i <= count; ++i) open.push_back({{kBegin + i * 24h, kBegin + i * 24h + length}, "daily"});
    return open;
  }
  static Job job(double loss) {
    Job made;
    made.loss = loss;
    return made;
  }
  Search search(const std::vector<Opening>& open, const std::vector<Job>& jobs, std::size_t waves) const {
    const Problem problem = problem_of(group_, open, jobs, 0, {kBegin, kBegin + 30 * 24h});
    return improve(group_, open, jobs, problem, place_group(group_, open, jobs, 0, waves), waves, kSteps);
  }
  static std::vector<std::size_t> waves(const Search& search) {
    std::vector<std::size_t> result;
    for (const auto& place : search.places) result.push_back(place.wave);
    return result;
  }

  Group group_;
};

TEST_F(LocalSearch, LetsWhatLosesMoreByWaitingGoFirst) {
  const auto found = search(days(2, 4h), {job(1), job(2), job(8), job(4)}, 2);
  EXPECT_THAT(waves(found), ElementsAre(2, 2, 1, 1));
  EXPECT_EQ(found.places[2].binding, Binding::Exposure);
  EXPECT_EQ(found.places[0].binding, Binding::Others);
  EXPECT_DOUBLE_EQ(found.list.exposure, 1 * 1 + 2 * 1 + 8 * 2 + 4 * 2);
  EXPECT_DOUBLE_EQ(found.cost.exposure, 8 * 1 + 4 * 1 + 1 * 2 + 2 * 2);
  EXPECT_DOUBLE_EQ(found.bound, found.cost.exposure) << "with waves of these sizes nothing is better";
}

TEST_F(LocalSearch, MovesNothingThatHasNoReasonToMove) {
  const auto found = search(days(3, 4h), {job(1), job(1), job(1), job(1), job(1), job(1)}, 3);
  EXPECT_THAT(waves(found), ElementsAre(1, 1, 2, 2, 3, 3));
}

TEST_F(LocalSearch, KeepsADeadlineWhateverElseLosesByIt) {
  std::vector<Job> jobs = {job(5), job(4), job(3), job(0.1)};
  jobs[3].due = kBegin + 36h;
  const auto found = search(days(2, 4h), jobs, 2);
  EXPECT_EQ(found.cost.late, 0);
  EXPECT_EQ(found.places[3].wave, 1);
}

TEST_F(LocalSearch, DoesNotLeaveOutWhatIsLateToHaveLessThatIsLate) {
  std::vector<Job> jobs = {job(5), job(1)};
  jobs[0].due = kBegin;
  const auto found = search(days(1, 11min), jobs, 1);
  EXPECT_TRUE(found.places[0].opening.has_value());
  EXPECT_FALSE(found.places[1].opening.has_value());
}

TEST_F(LocalSearch, SaysWhatNoPlacementCanAvoid) {
  std::vector<Job> jobs = {job(5), job(1), job(1)};
  jobs[2].due = kBegin + 12h;
  const auto open = days(1, 12min);
  const Cost cost = unavoidable(problem_of(group_, open, jobs, 0, {kBegin, kBegin + 48h}));
  EXPECT_EQ(cost.nowhere, 1) << "there is time for two";
  EXPECT_EQ(cost.late, 1) << "the window opens after 24 hours";
}

}  // namespace
}  // namespace patchwave::schedule
