#include <gtest/gtest.h>

#include <initializer_list>

#include "controllers/judge/judge.hpp"

namespace patchwave::judge {
namespace {

constexpr Time kNow{std::chrono::hours(24 * 365 * 56)};
const Finding kPass{Verdict::Pass, Absence::None, "well", "", std::nullopt};
const Finding kHarm{Verdict::Harm, Absence::None, "bad", "Deployment shop/web", std::nullopt};
const Finding kWaiting{Verdict::Undecided, Absence::None, "waiting", "", kNow + seconds(30)};
const Finding kNothing{Verdict::Undecided, Absence::NoData, "no data", "", kNow + seconds(10)};

Finding combined(std::initializer_list<Finding> findings) {
  return combine(std::span(findings.begin(), findings.size()));
}

TEST(Combine, HarmsWhenAnyHarmsAndSaysWhichAndWhere) {
  const auto finding = combined({kPass, kNothing, kHarm});
  EXPECT_EQ(finding.verdict, Verdict::Harm);
  EXPECT_EQ(finding.message, "bad");
  EXPECT_EQ(finding.target, "Deployment shop/web");
}

TEST(Combine, PassesOnlyWhenAllPass) {
  EXPECT_EQ(combined({kPass, kPass}).verdict, Verdict::Pass);
  EXPECT_EQ(combined({kPass, kWaiting}).verdict, Verdict::Undecided);
}

TEST(Combine, IsUndecidedWithTheFirstAbsenceAndTheLatestTime) {
  const auto finding = combined({kPass, kWaiting, kNothing});
  EXPECT_EQ(finding.absence, Absence::NoData);
  EXPECT_EQ(finding.message, "no data");
  EXPECT_EQ(finding.decides_time, kNow + seconds(30));
}

TEST(Combine, SaysWhatTheFirstUndecidedWaitsForWhenNothingIsAbsent) {
  EXPECT_EQ(combined({kPass, kWaiting}).message, "waiting");
}

TEST(Combine, DoesNotPassOnNothing) {
  EXPECT_EQ(combine({}).verdict, Verdict::Undecided);
}

}  // namespace
}  // namespace patchwave::judge
