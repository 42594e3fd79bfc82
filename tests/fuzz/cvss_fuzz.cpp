// CVSS vectors: a score is on its scale and in tenths, and no order of the metrics gives another one.
#include <cmath>
#include <string>
#include <vector>

#include "controllers/risk/cvss.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

/// With the metrics from the last to the first.
std::string turned(std::string_view vector) {
  const auto prefix = vector.find('/');
  std::string text(vector.substr(0, prefix));
  std::string_view rest = vector.substr(prefix);
  while (!rest.empty()) {
    const auto last = rest.rfind('/');
    text += rest.substr(last);
    rest = rest.substr(0, last);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto cvss = risk::score_cvss(text);
  if (!cvss) {
    expect(!cvss.error().message.empty(), "what is refused has a reason");
    return 0;
  }
  expect(cvss->score >= 0 && cvss->score <= 10, "a score is from 0 to 10");
  expect(std::abs(cvss->score * 10 - std::round(cvss->score * 10)) < 1e-9, "a score has one decimal");
  // A '/' at the end is passed over, and would stand at the beginning.
  if (text.ends_with('/')) return 0;
  const auto again = risk::score_cvss(turned(text));
  expect(again && again->score == cvss->score, "the order of metrics is nothing to the score");
  return 0;
}
