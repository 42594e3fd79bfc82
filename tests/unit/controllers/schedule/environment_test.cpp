#include "controllers/schedule/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::schedule {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string wrong(std::string_view text) {
  const auto environment = parse_environment(text);
  EXPECT_FALSE(environment);
  return environment ? "" : environment.error().message;
}

TEST(PlanEnvironment, ReadsGroupsWindowsAndNumbers) {
  const auto read =
      parse_environment(R"({"asOf": "2024-07-31", "horizonDays": 14, "timezone": "America/New_York",
    "topN": 5, "waves": 2, "assetGroups": [
      {"name": "web", "count": 10, "criticality": "high", "exposure": "open", "window": "Sat 02:00-06:00"},
      {"name": "db", "count": 9, "timezone": "Asia/Tokyo", "window": ["Tue 01:00-02:00", "Thu 01:00-02:00"],
       "capacity": 4, "minAvailable": "80%", "durations": {"patch": {"p90": "5m"}},
       "deny": [{"from": "2024-08-01", "to": "2024-08-02T12:00", "reason": "closing"}]}]})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->as_of, Date(2024y / 7 / 31));
  EXPECT_EQ(read->top, 5);
  EXPECT_EQ(read->waves, 2);
  ASSERT_THAT(read->groups, SizeIs(2));
  EXPECT_EQ(read->groups[0].at_once, 3) << "a third of 10";
  EXPECT_EQ(read->groups[0].criticality, risk::HumanImpact::High);
  const Group& database = read->groups[1];
  EXPECT_EQ(database.at_once, 1) << "80 % of 9 are 8 that stay";
  EXPECT_EQ(database.zone.name(), "Asia/Tokyo");
  EXPECT_THAT(database.windows, SizeIs(2));
  EXPECT_EQ(database.durations.patch.p90, 5min);
  EXPECT_EQ(database.durations.system.p90, 10min) << "as it is when not given";
  EXPECT_EQ(database.denials[0].to, cctz::civil_second(2024, 8, 2, 12));
  EXPECT_THAT(read->assumptions, Contains(HasSubstr("group db: no criticality is given: medium")));
}

TEST(PlanEnvironment, NamesFieldValueAndWhatIsAllowed) {
  EXPECT_THAT(wrong(R"({"assetGroups": [{"name": "a", "count": 1}]})"), HasSubstr("asOf must be set"));
  EXPECT_THAT(wrong(R"({"asOf": "soon", "assetGroups": [{"name": "a", "count": 1}]})"),
              AllOf(HasSubstr("asOf"), HasSubstr("'soon'"), HasSubstr("YYYY-MM-DD")));
  EXPECT_THAT(
      wrong(R"({"asOf": "2024-07-31", "timezone": "Mars/Base", "assetGroups": [{"name": "a", "count": 1}]})"),
      HasSubstr("timezone 'Mars/Base' is not a time zone"));
  EXPECT_THAT(wrong(R"({"asOf": "2024-07-31", "assetGroups": [{"name": "a", "count": 0}]})"),
              HasSubstr("assetGroups[0].count is 0; it must be from 1"));
  EXPECT_THAT(
      wrong(R"({"asOf": "2024-07-31", "assetGroups": [{"name": "a", "count": 1, "window": "whenever"}]})"),
      HasSubstr("assetGroups[0].window 'whenever' is not days and times"));
  EXPECT_THAT(
      wrong(R"({"asOf": "2024-07-31", "assetGroups": [{"name": "a", "count": 1, "criticality": "huge"}]})"),
      HasSubstr("assetGroups[0].criticality 'huge' must be low, medium, high or very high"));
  EXPECT_THAT(
      wrong(R"({"asOf": "2024-07-31", "assetGroups": [{"name": "a", "count": 2, "minAvailable": 2}]})"),
      HasSubstr("assetGroups[0].minAvailable must leave at least one of 2 systems"));
  EXPECT_THAT(
      wrong(
          R"({"asOf": "2024-07-31", "assetGroups": [{"name": "a", "count": 1}, {"name": "a", "count": 1}]})"),
      HasSubstr("'a' twice"));
  EXPECT_THAT(wrong("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(wrong("{"), HasSubstr("the environment"));
}

}  // namespace
}  // namespace patchwave::schedule
