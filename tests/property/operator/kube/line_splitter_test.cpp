#include "operator/kube/line_splitter.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace patchwave::kube {
namespace {

std::vector<std::string> split(const std::vector<std::string>& pieces, std::size_t max_line) {
  LineSplitter splitter(max_line);
  std::vector<std::string> lines;
  const auto collect = [&lines](std::string_view line) {
    lines.emplace_back(line);
    return true;
  };
  for (const std::string& piece : pieces) splitter.feed(piece, collect);
  splitter.finish(collect);
  return lines;
}

RC_GTEST_PROP(LineSplitterProperty, GivesTheSameLinesHoweverTheBytesAreCut, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::container<std::string>(rc::gen::element('a', 'b', '\n', '\r')));
  const auto max_line = *rc::gen::inRange<std::size_t>(1, 12);
  std::string whole;
  for (const std::string& piece : pieces) whole += piece;
  RC_ASSERT(split(pieces, max_line) == split({whole}, max_line));
}

}  // namespace
}  // namespace patchwave::kube
