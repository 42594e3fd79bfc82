#include "controllers/plan/version.hpp"

#include <gtest/gtest.h>

namespace patchwave::plan {
namespace {

TEST(CompareVersions, ComparesNumbersAndNotText) {
  EXPECT_GT(compare_versions("1.10.0", "1.9.9"), 0);
  EXPECT_LT(compare_versions("1.4.2", "1.4.3"), 0);
  EXPECT_EQ(compare_versions("v1.4", "1.4.0"), 0);
}

TEST(CompareVersions, OrdersPrereleasesAsSemanticVersioningDoes) {
  EXPECT_LT(compare_versions("1.0.0-alpha", "1.0.0-alpha.1"), 0);
  EXPECT_LT(compare_versions("1.0.0-alpha.1", "1.0.0-beta"), 0);
  EXPECT_LT(compare_versions("1.0.0-beta.2", "1.0.0-beta.11"), 0);
  EXPECT_LT(compare_versions("1.0.0-rc.1", "1.0.0"), 0);
}

TEST(CompareVersions, LeavesBuildMetadataOut) {
  EXPECT_EQ(compare_versions("1.0.0+build.1", "1.0.0+build.2"), 0);
}

TEST(CompareVersions, HasNoOrderForWhatIsNoVersion) {
  for (const auto* text : {"", "latest", "v", "7", "1.", "1.x", "1.2.3.4.5", "99999999999999999999.1"}) {
    EXPECT_EQ(compare_versions(text, "1.4.3"), std::nullopt) << text;
    EXPECT_EQ(compare_versions("1.4.3", text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace patchwave::plan
