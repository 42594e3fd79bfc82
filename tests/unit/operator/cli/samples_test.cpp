#include "operator/cli/samples.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace patchwave::cli {
namespace {

TEST(Samples, AMalformedRowIsNamedByItsLineAndLeftOut) {
  std::istringstream in(
      "time,arm,series,events,exposure\n60,canary,a,1,10\n60,canary,a,nan,10\n60,neither,a,1,10\n60,canary,a,"
      "1\n"
      "60,canary,a,1,0\n1970-01-01T00:02:00Z,baseline,b,0,10\n");
  const auto samples = read_count_samples(in);
  ASSERT_TRUE(samples);
  EXPECT_EQ(samples->rows.size(), 2U);
  ASSERT_EQ(samples->malformed.size(), 4U);
  EXPECT_EQ(samples->malformed.front().line, 3U);
  EXPECT_EQ(samples->malformed.back().line, 6U);
  EXPECT_EQ(samples->rows.back().time, Time(seconds(120)));
}

TEST(Samples, AnotherHeaderIsRefused) {
  std::istringstream in("time,arm,series,value\n");
  EXPECT_FALSE(read_count_samples(in));
}

}  // namespace
}  // namespace patchwave::cli
