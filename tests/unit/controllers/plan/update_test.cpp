#include "controllers/plan/update.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::plan {
namespace {

using api::UpdateScope;

bool counts(UpdateScope scope, const char* from, const char* to, const char* tags = "") {
  const auto rule = UpdateRule::make({scope, {}, tags, {}});
  EXPECT_TRUE(rule);
  return rule->counts(from, to);
}

TEST(AnUpdate, OfScopePatchKeepsMajorAndMinor) {
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.4.2", "1.4.3"));
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.4.9", "1.4.10"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "1.5.0"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "2.4.3"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4", "1.5"));
}

TEST(AnUpdate, OfScopeMinorKeepsTheMajor) {
  EXPECT_TRUE(counts(UpdateScope::Minor, "1.4.2", "1.5.0"));
  EXPECT_TRUE(counts(UpdateScope::Minor, "1.4", "1.5"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4.2", "2.0.0"));
}

TEST(AnUpdate, OfScopeDigestOrNoneIsOfNoOtherTag) {
  EXPECT_FALSE(counts(UpdateScope::Digest, "1.4.2", "1.4.3"));
  EXPECT_FALSE(counts(UpdateScope::None, "1.4.2", "1.4.3"));
  EXPECT_TRUE(UpdateRule::make({UpdateScope::Digest, {}, "", {}})->counts_rebuilds());
  EXPECT_FALSE(UpdateRule::make({UpdateScope::None, {}, "", {}})->counts_rebuilds());
}

TEST(AnUpdate, IsNeverOlderOrTheSame) {
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4.2", "1.4.2"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4.2", "1.4.1"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4.2", "v1.4.2"));
}

TEST(AnUpdate, IsWrittenAsTheRunningTagIs) {
  EXPECT_TRUE(counts(UpdateScope::Patch, "v1.4.2", "v1.4.3"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "v1.4.3"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4.2", "1.5"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4", "1.4.3"));
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.4.2-alpine3.20", "1.4.3-alpine3.20"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2-alpine", "1.4.3"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2-alpine", "1.4.3-slim"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "1.4.3-alpine"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "1.4.3-3f2a9c1"));
}

TEST(AnUpdate, IsAPrereleaseOnlyOfAPrerelease) {
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4.2", "1.5.0-rc.1"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4.2", "1.5.0-RC1"));
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.5.0-rc.1", "1.5.0-rc.2"));
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.5.0-rc.1", "1.5.0"));
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.5.0-rcutils", "1.5.1-rcutils"));
}

TEST(AnUpdate, CountsRevisionsWhereOneRuns) {
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.4.2-1", "1.4.2-10"));
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.4.2-3", "1.4.3-1"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2-1", "1.4.2"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "1.4.3-1"));
}

TEST(AnUpdate, OfACalendarVersionMayBeOfALaterYearUnderMinor) {
  EXPECT_TRUE(counts(UpdateScope::Minor, "2026.12.1", "2027.01.1"));
  EXPECT_TRUE(counts(UpdateScope::Patch, "2026.12.1", "2026.12.2"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "2026.11.1", "2026.12.1"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "1.4", "2026.11"));
  EXPECT_FALSE(counts(UpdateScope::Minor, "20261101", "20261120"));
}

TEST(AnUpdate, MatchesThePatternOfTagsAsAWhole) {
  EXPECT_TRUE(counts(UpdateScope::Patch, "1.4.2", "1.4.4", R"(1\.4\.\d*[02468])"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "1.4.3", R"(1\.4\.\d*[02468])"));
  EXPECT_FALSE(counts(UpdateScope::Patch, "1.4.2", "1.4.43", R"(1\.4\.4)"));
}

TEST(AnUpdateRule, NamesThePatternThatIsNone) {
  const auto rule = UpdateRule::make({UpdateScope::Patch, {}, "1.(4", {}});
  ASSERT_FALSE(rule);
  EXPECT_THAT(rule.error().message, ::testing::HasSubstr("spec.updates.tags is '1.(4'"));
}

TEST(ADiscoverer, IsThePolicysNameWhereALabelCanHoldIt) {
  EXPECT_EQ(discoverer("shop"), "shop");
  const auto longest = std::string(253, 'a');
  EXPECT_EQ(discoverer(longest).size(), 63U);
  EXPECT_NE(discoverer(longest), discoverer(longest.substr(1)));
}

}  // namespace
}  // namespace patchwave::plan
