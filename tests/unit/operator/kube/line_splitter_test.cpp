#include "operator/kube/line_splitter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace patchwave::kube {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Collected {
  std::vector<std::string> lines;
  bool operator()(std::string_view line) {
    lines.emplace_back(line);
    return true;
  }
};

TEST(LineSplitter, JoinsALineThatCameInPieces) {
  LineSplitter splitter;
  Collected collected;
  for (const std::string_view piece : {"on", "", "e\r", "\ntwo\nth"}) splitter.feed(piece, collected);
  EXPECT_THAT(collected.lines, ElementsAre("one", "two"));
}

TEST(LineSplitter, HandsOverManyLinesOfOnePiece) {
  LineSplitter splitter;
  Collected collected;
  splitter.feed("a\n\nb\r\nc\n", collected);
  EXPECT_THAT(collected.lines, ElementsAre("a", "b", "c"));
}

TEST(LineSplitter, HandsOverALineBeyondSixtyFourKibibytes) {
  LineSplitter splitter;
  Collected collected;
  const std::string longer(200'000, 'x');
  splitter.feed(longer, collected);
  splitter.feed("\n", collected);
  EXPECT_THAT(collected.lines, ElementsAre(longer));
}

TEST(LineSplitter, KeepsAnUnterminatedLineUntilTheStreamEndsAsDeclared) {
  LineSplitter splitter;
  Collected collected;
  splitter.feed("a\nrest", collected);
  EXPECT_THAT(collected.lines, ElementsAre("a"));
  splitter.finish(collected);
  EXPECT_THAT(collected.lines, ElementsAre("a", "rest"));
}

TEST(LineSplitter, DropsALineOverTheLimitAndGoesOnWithTheNext) {
  LineSplitter splitter(4);
  Collected collected;
  for (const std::string_view piece : {"12", "345", "678\nab", "\n123456\nok\n"})
    splitter.feed(piece, collected);
  EXPECT_THAT(collected.lines, ElementsAre("ab", "ok"));
  EXPECT_EQ(splitter.dropped(), 2U);
}

TEST(LineSplitter, StopsWhereItsReaderHangsUp) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  const auto hang_up = [&lines](std::string_view line) {
    lines.emplace_back(line);
    return false;
  };
  EXPECT_FALSE(splitter.feed("a\nb\n", hang_up));
  EXPECT_THAT(lines, ElementsAre("a"));
}

}  // namespace
}  // namespace patchwave::kube
