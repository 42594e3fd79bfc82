// The tables as they are published, row by row: CISA BOD 26-04 and SSVC's deployer table, each of
// version 1.0.0.
#include "controllers/risk/deadline.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace patchwave::risk {
namespace {

// in KEV, publicly exposed, automatable, technical impact, timeline
constexpr const char* kBod2604 = R"(no,no,no,partial,fix on system upgrade
yes,no,no,partial,14 days
no,yes,no,partial,60 days
no,no,yes,partial,60 days
no,no,no,total,fix on system upgrade
yes,yes,no,partial,14 days
yes,no,yes,partial,14 days
no,yes,yes,partial,14 days
yes,no,no,total,14 days
no,yes,no,total,14 days
no,no,yes,total,60 days
yes,yes,yes,partial,3 days
yes,yes,no,total,3 days & forensic investigation
yes,no,yes,total,3 days & forensic investigation
no,yes,yes,total,3 days
yes,yes,yes,total,3 days & forensic investigation
)";

// exploitation, exposure, automatable: the priority by human impact low, medium, high, very high
constexpr const char* kDeployer = R"(none,small,no,defer,defer,scheduled,scheduled
none,small,yes,defer,scheduled,scheduled,scheduled
none,controlled,no,defer,scheduled,scheduled,scheduled
none,controlled,yes,scheduled,scheduled,scheduled,scheduled
none,open,no,defer,scheduled,scheduled,scheduled
none,open,yes,scheduled,scheduled,scheduled,out-of-cycle
public poc,small,no,defer,scheduled,scheduled,scheduled
public poc,small,yes,scheduled,scheduled,scheduled,scheduled
public poc,controlled,no,defer,scheduled,scheduled,scheduled
public poc,controlled,yes,scheduled,scheduled,scheduled,out-of-cycle
public poc,open,no,scheduled,scheduled,scheduled,out-of-cycle
public poc,open,yes,scheduled,scheduled,out-of-cycle,out-of-cycle
active,small,no,scheduled,scheduled,out-of-cycle,out-of-cycle
active,small,yes,scheduled,out-of-cycle,out-of-cycle,out-of-cycle
active,controlled,no,scheduled,scheduled,out-of-cycle,out-of-cycle
active,controlled,yes,out-of-cycle,out-of-cycle,out-of-cycle,out-of-cycle
active,open,no,scheduled,out-of-cycle,out-of-cycle,immediate
active,open,yes,out-of-cycle,out-of-cycle,immediate,immediate
)";

std::vector<std::vector<std::string>> rows(const std::string& table) {
  std::vector<std::vector<std::string>> all;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    all.emplace_back();
    for (std::string field; std::getline(fields, field, ',');) all.back().push_back(field);
  }
  return all;
}

DecisionPoints points_of_bod(const std::vector<std::string>& row) {
  DecisionPoints points;
  points.in_kev = row[0] == "yes";
  points.exposure = row[1] == "yes" ? SystemExposure::Open : SystemExposure::Controlled;
  points.automatable = *parse_automatable(row[2]);
  points.technical_impact = *parse_technical_impact(row[3]);
  return points;
}

TEST(Deadline, IsTheRowOfBod2604) {
  const auto table = rows(kBod2604);
  ASSERT_EQ(table.size(), 16);
  for (const auto& row : table)
    EXPECT_EQ(to_string(decide_deadline(DeadlinePolicy::Bod2604, points_of_bod(row))), row[4]);
}

TEST(Deadline, IsTheRowOfTheDeployerTable) {
  const auto table = rows(kDeployer);
  ASSERT_EQ(table.size() * 4, 72);
  for (const auto& row : table) {
    DecisionPoints points;
    points.exploitation = *parse_exploitation(row[0]);
    points.exposure = *parse_system_exposure(row[1]);
    points.automatable = *parse_automatable(row[2]);
    for (std::size_t impact = 0; impact < 4; ++impact) {
      points.human_impact = static_cast<HumanImpact>(impact);
      EXPECT_EQ(to_string(decide_deadline(DeadlinePolicy::Ssvc, points)), row[3 + impact])
          << row[0] << ", " << row[1] << ", " << row[2] << ", " << impact;
    }
  }
}

TEST(Deadline, OfTheTiersIsASoonerOneThanTheDirectives) {
  for (const auto& row : rows(kBod2604)) {
    const std::string_view tier = to_string(decide_deadline(DeadlinePolicy::Tiers, points_of_bod(row)));
    const bool soon = row[4].starts_with("3 days");
    EXPECT_EQ(tier, soon ? "same day" : row[4] == "14 days" ? "72 hours" : "next window") << row[4];
  }
}

TEST(Deadline, AllowsTheDaysThatItNames) {
  using std::chrono::hours;
  EXPECT_EQ(time_allowed(DeadlineClass::ThreeDaysForensics), hours(72));
  EXPECT_EQ(time_allowed(DeadlineClass::SixtyDays), hours(60 * 24));
  EXPECT_EQ(time_allowed(DeadlineClass::SameDay), hours(24));
  EXPECT_EQ(time_allowed(DeadlineClass::NextUpgrade), std::nullopt);
}

TEST(DecisionPoints, AreReadInAnySpelling) {
  EXPECT_EQ(parse_human_impact("Very-High"), HumanImpact::VeryHigh);
  EXPECT_EQ(parse_exploitation("PUBLIC_POC"), Exploitation::PublicPoc);
  EXPECT_EQ(parse_system_exposure("internet"), std::nullopt);
}

}  // namespace
}  // namespace patchwave::risk
