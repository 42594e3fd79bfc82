#include "operator/base/time.hpp"

#include <gtest/gtest.h>

namespace patchwave {
namespace {

using std::chrono::hours;

TEST(ParseTime, TakesNoYearThatHasNoFormInUtc) {
  EXPECT_TRUE(parse_time("9999-12-31T23:59:59.999999Z"));
  EXPECT_FALSE(parse_time("9999-12-31T23:59:59-00:01"));
  EXPECT_FALSE(parse_time("9999-12-31T23:59:60Z"));
  EXPECT_TRUE(parse_time("0000-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_time("0000-01-01T00:00:00+00:01"));
}

TEST(ParseTime, WantsADigitBehindThePoint) {
  EXPECT_TRUE(parse_time("2026-11-21T02:14:07.0Z"));
  EXPECT_FALSE(parse_time("2026-11-21T02:14:07.Z"));
}

TEST(ParseDuration, TakesNoneThatHasNoFormToBePrintedIn) {
  const auto longest = parse_duration("99999h59m59s999ms");
  ASSERT_TRUE(longest);
  EXPECT_EQ(format_duration(*longest), "99999h59m59s999ms");
  EXPECT_FALSE(parse_duration("99999h60m"));
  EXPECT_FALSE(parse_duration("99999h99999h"));
}

}  // namespace
}  // namespace patchwave
