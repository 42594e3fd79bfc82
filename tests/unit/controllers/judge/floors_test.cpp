#include "controllers/judge/floors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::judge {
namespace {

using ::testing::HasSubstr;

TEST(Floors, AreCrossedExactlyByTooFewReadyTooManyLostOrTooManyCrashing) {
  for (int wanted = 1; wanted <= 4; ++wanted) {
    for (int ready = 0; ready <= wanted; ++ready) {
      for (int lost = 0; lost <= 2; ++lost) {
        for (int crashing = 0; crashing <= 2; ++crashing) {
          const bool harm = 2 * ready < wanted || lost > 1 || crashing > 1;
          const auto finding = judge_floors({wanted, ready, lost, crashing}, {0.5, 1, 1});
          EXPECT_EQ(finding.verdict, harm ? Verdict::Harm : Verdict::Pass)
              << ready << " of " << wanted << " ready, " << lost << " lost, " << crashing << " crash";
        }
      }
    }
  }
}

TEST(Floors, SayWhatWasCrossedAndByHowMuch) {
  EXPECT_THAT(judge_floors({4, 1, 0, 0}, {}).message,
              HasSubstr("1 of 4 canary copies are ready; 50 % must be"));
  EXPECT_THAT(judge_floors({4, 4, 2, 0}, {}).message, HasSubstr("2 patched nodes are lost; 0 may be"));
  EXPECT_THAT(judge_floors({4, 4, 0, 3}, {}).message, HasSubstr("3 canary copies crash in a loop; 0 may"));
}

TEST(Floors, OfNoCanaryAreUndecided) {
  const auto finding = judge_floors({0, 0, 1, 1}, {});
  EXPECT_EQ(finding.verdict, Verdict::Undecided);
  EXPECT_EQ(finding.absence, Absence::NoData);
}

}  // namespace
}  // namespace patchwave::judge
