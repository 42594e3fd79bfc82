#include "controllers/intel/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "controllers/intel/gzip.hpp"
#include "controllers/risk/cvss.hpp"

namespace patchwave::intel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// printf 'cve\nCVE-2024-3094\n' | gzip -n
const std::string kArchive(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x2e\x4b\xe5\x72\x0e\x73\xd5\x35\x32\x30\x32\xd1\x35\x36\xb0"
    "\x34"
    "\xe1\x02\x00\x4a\x19\x90\xf8\x12\x00\x00\x00",
    38);

TEST(Csv, ReadsQuotedFieldsWithCommasQuotesAndLines) {
  CsvReader csv(
      "\xef\xbb\xbf"
      "a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\r\n\r\n last , one\n");
  ASSERT_TRUE(csv.next());
  EXPECT_THAT(csv.fields(), ElementsAre("a", "b"));
  ASSERT_TRUE(csv.next());
  EXPECT_THAT(csv.fields(), ElementsAre("x, \"y\"", "two\nlines"));
  EXPECT_EQ(csv.line(), 2);
  ASSERT_TRUE(csv.next());
  EXPECT_THAT(csv.fields(), ElementsAre("last", "one"));
  EXPECT_EQ(csv.line(), 5);
  EXPECT_FALSE(csv.next());
}

TEST(Csv, ReadsAQuoteThatNobodyCloses) {
  CsvReader csv("a,\"b\nc");
  ASSERT_TRUE(csv.next());
  EXPECT_THAT(csv.fields(), ElementsAre("a", "b\nc"));
  EXPECT_FALSE(csv.next());
}

TEST(Csv, HasNothingWhereARowIsShort) {
  CsvReader csv("a\n");
  ASSERT_TRUE(csv.next());
  EXPECT_EQ(csv.field(3), "");
  EXPECT_EQ(csv.field(std::nullopt), "");
}

TEST(Gzip, IsTakenOffWhereItIs) {
  EXPECT_EQ(decompress(kArchive, 100).value(), "cve\nCVE-2024-3094\n");
  EXPECT_EQ(decompress("cve\n", 100).value(), "cve\n");
  EXPECT_EQ(decompress(kArchive + kArchive, 100).value(), "cve\nCVE-2024-3094\ncve\nCVE-2024-3094\n");
}

TEST(Gzip, IsRefusedWhenItIsCutOffBrokenOrTooLarge) {
  const auto cut = decompress(kArchive.substr(0, 25), 100);
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, HasSubstr("cut off"));
  auto broken = kArchive;
  broken[31] ^= 1;
  EXPECT_FALSE(decompress(broken, 100));
  const auto large = decompress(kArchive, 10);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::TooLarge);
  EXPECT_EQ(decompress("0123456789a", 10).error().kind, ErrorKind::TooLarge);
}

std::string unpacked(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return decompress(bytes.str(), std::size_t{1} << 26U).value_or("");
}

TEST(Cvss, OfEveryReferenceVectorOfVersionFourIsItsScore) {
  const char* data = std::getenv("PATCHWAVE_DATA");
  if (data == nullptr) GTEST_SKIP() << "PATCHWAVE_DATA is not set: it names the folder with samples/cvss";
  std::istringstream lines(unpacked(std::string(data) + "/samples/cvss/cvss4_macro-scores.gz"));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto vector = line.find("CVSS:4.0");
    const auto score = line.find("'score': ");
    if (vector == std::string::npos || score == std::string::npos) continue;
    const auto cvss =
        risk::score_cvss(std::string_view(line).substr(vector, line.find('\'', vector) - vector));
    ASSERT_TRUE(cvss) << cvss.error().message;
    EXPECT_NEAR(cvss->score, std::stod(line.substr(score + 9)), 1e-9) << line;
    ++count;
  }
  EXPECT_EQ(count, 270);
}

}  // namespace
}  // namespace patchwave::intel
