#include "controllers/risk/cvss.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace patchwave::risk {
namespace {

using ::testing::HasSubstr;

struct Example {
  const char* vector;
  double score;
};

std::string problem_of(std::string_view vector) {
  const auto cvss = score_cvss(vector);
  return cvss ? "" : cvss.error().message;
}

// FIRST, "Common Vulnerability Scoring System v3.1: Examples", and NVD for the CVEs named.
constexpr Example kThree[] = {
    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8},
    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0},  // CVE-2021-44228
    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", 7.5},   // CVE-2014-0160
    {"CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4},   // CVE-2013-1937
    {"CVSS:3.1/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1},   // CVE-2014-3566
    {"CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:L/I:L/A:L", 4.7},   // CVE-2016-1645's kin
    {"CVSS:3.1/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 6.8},   // CVE-2009-0783's kin
    {"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1},
    {"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C", 7.8},
    {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0},
};

// Scores that FIRST publishes for the worst vectors of MacroVectors, and of examples of the 4.0 user guide.
constexpr Example kFour[] = {
    {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:A/CR:H/IR:H/AR:H/MSI:S/MSA:S", 10.0},
    {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:P/CR:H/IR:H/AR:H/MSI:S/MSA:S", 9.8},
    {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H/E:U/CR:H/IR:H/AR:H/MSI:S/MSA:S", 9.5},
    {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3},
    {"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.3},
    {"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 7.7},
    {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0},
};

TEST(Cvss, OfVersionThreeIsTheScoreThatIsPublishedForTheVector) {
  for (const auto& [vector, score] : kThree) {
    const auto cvss = score_cvss(vector);
    ASSERT_TRUE(cvss) << problem_of(vector);
    EXPECT_DOUBLE_EQ(cvss->score, score) << vector;
  }
}

TEST(Cvss, OfVersionFourIsTheScoreThatIsPublishedForTheVector) {
  for (const auto& [vector, score] : kFour) {
    const auto cvss = score_cvss(vector);
    ASSERT_TRUE(cvss) << problem_of(vector);
    EXPECT_DOUBLE_EQ(cvss->score, score) << vector;
  }
}

TEST(Cvss, DoesNotDependOnTheOrderOfMetrics) {
  const auto usual = score_cvss("CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:C/C:H/I:L/A:N");
  const auto turned = score_cvss("CVSS:3.1/A:N/I:L/C:H/S:C/UI:R/PR:L/AC:H/AV:N");
  ASSERT_TRUE(usual && turned);
  EXPECT_EQ(usual->score, turned->score);
}

TEST(Cvss, TellsWhatDecisionsAreMadeFromInTheWordsOfOneVersion) {
  const auto cvss = score_cvss("CVSS:4.0/AV:A/AC:H/AT:N/PR:L/UI:P/VC:H/VI:L/VA:N/SC:H/SI:H/SA:H");
  ASSERT_TRUE(cvss);
  EXPECT_EQ(cvss->attack_vector, 'A');
  EXPECT_EQ(cvss->attack_complexity, 'H');
  EXPECT_EQ(cvss->privileges_required, 'L');
  EXPECT_TRUE(cvss->user_interaction);
  EXPECT_EQ(cvss->confidentiality, 'H');
  EXPECT_EQ(cvss->integrity, 'L');
  EXPECT_EQ(cvss->availability, 'N');
}

TEST(Cvss, NamesTheMetricThatIsWrong) {
  EXPECT_THAT(problem_of("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), HasSubstr("AV is 'X'"));
  EXPECT_THAT(problem_of("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H"), HasSubstr("A is missing"));
  EXPECT_THAT(problem_of("CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
              HasSubstr("AV is given twice"));
  EXPECT_THAT(problem_of("CVSS:3.1/AV:N/AC:L/Q:N"), HasSubstr("'Q:N' is not a metric"));
  EXPECT_THAT(problem_of("AV:N/AC:L/Au:N/C:P/I:P/A:P"), HasSubstr("must begin with CVSS:3.0/"));
}

/// The first line that ends with the wrong score, "" when all are right. `read` gives a line's vector and
/// score.
template <class Read>
void expect_all(const std::string& path, std::size_t least, Read read) {
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) {
    const auto [vector, score] = read(line);
    if (vector.empty()) continue;
    const auto cvss = score_cvss(vector);
    ASSERT_TRUE(cvss) << problem_of(vector);
    EXPECT_NEAR(cvss->score, score, 1e-9) << vector;
    ++count;
  }
  EXPECT_GE(count, least);
}

TEST(Cvss, OfEveryPublishedVectorOfVersionThreeIsItsScore) {
  const char* data = std::getenv("PATCHWAVE_DATA");
  if (data == nullptr) GTEST_SKIP() << "PATCHWAVE_DATA is not set: it names the folder with samples/cvss";
  expect_all(std::string(data) + "/samples/cvss/cvss31_vectors.csv", 1500, [](const std::string& line) {
    const auto comma = line.find(',');
    if (!line.starts_with("CVSS:")) return std::pair(std::string(), 0.0);
    return std::pair(line.substr(0, comma), std::stod(line.substr(comma + 1)));
  });
}

}  // namespace
}  // namespace patchwave::risk
