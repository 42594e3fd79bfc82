// Findings: no row is lost without a word, and whatever a row says, its score is the product of its parts.
#include <cmath>
#include <numeric>
#include <string>

#include "controllers/intel/feeds.hpp"
#include "controllers/risk/reason.hpp"
#include "tests/fuzz/feeds.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

constexpr std::size_t kMostAssessed = 50;

void check_row(intel::FindingRow row) {
  const auto& model = risk::built_in_threat_model();
  intel::enrich(row, {}, model, fuzz::kToday);
  const auto assessment = risk::assess(model, {}, row.finding, fuzz::kToday);
  expect(assessment.probability >= 0 && assessment.probability < 1, "a probability is one");
  expect(!risk::reason(row.finding, assessment, fuzz::kToday).empty(), "a place has a reason");
  if (row.finding.not_affected)
    return expect(assessment.score == 0, "what is not affected matters to nobody");
  const auto& parts = assessment.contributions;
  const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
  expect(std::abs(std::exp(sum) / assessment.score - 1) < 1e-9, "contributions sum to the score");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto findings = intel::parse_findings(text, fuzz::kToday);
  if (!findings) return 0;
  fuzz::check_set_aside(findings->set_aside);
  intel::CsvReader csv(text);
  std::size_t rows = 0;
  while (csv.next()) ++rows;
  const std::size_t used = findings->rows.size() + findings->later;
  expect(used <= rows - 1 && rows - 1 <= used + findings->set_aside.count, "no row is lost without a word");
  for (std::size_t i = 0; i < std::min(findings->rows.size(), kMostAssessed); ++i)
    check_row(findings->rows[i]);
  return 0;
}
