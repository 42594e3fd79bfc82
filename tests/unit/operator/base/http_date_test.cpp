#include "operator/base/http_date.hpp"

#include <gtest/gtest.h>

#include "operator/base/time.hpp"

namespace patchwave {
namespace {

TEST(HttpDate, ReadsWhatServersSend) {
  const auto time = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_time(*time), "1994-11-06T08:49:37Z");
  EXPECT_EQ(format_http_date(*time), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, PassesOverWhatIsNone) {
  for (const auto* text :
       {"", "now", "2026-11-21T02:14:07Z", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Sun, 31 Feb 2026 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Now 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:4 :37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace patchwave
