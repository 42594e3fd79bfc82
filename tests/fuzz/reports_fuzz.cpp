// Findings and VEX statements as JSON: what is read has names, and nothing is of a day to come.
#include "controllers/intel/findings.hpp"
#include "controllers/intel/purl.hpp"
#include "controllers/intel/vex.hpp"
#include "tests/fuzz/feeds.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

void check_findings(std::string_view text) {
  const auto findings = intel::parse_findings_json(text, fuzz::kToday);
  if (!findings) return;
  fuzz::check_set_aside(findings->set_aside);
  for (const auto& row : findings->rows) {
    expect(!row.id.empty(), "a finding has a name");
    expect(intel::normal_purl(row.product).size() <= row.product.size(), "a name is not longer than it was");
    const auto& published = row.finding.vulnerability.published;
    expect(!published || *published <= fuzz::kToday, "nothing is published on a day to come");
  }
}

void check_vex(std::string_view text) {
  auto feed = intel::parse_openvex(text, fuzz::kToday);
  if (!feed) return;
  fuzz::check_set_aside(feed->set_aside);
  std::vector<intel::FindingRow> rows;
  for (const auto& statement : feed->statements) {
    expect(!statement.vulnerabilities.empty() && !statement.products.empty(),
           "a statement is about something");
    expect(statement.date <= fuzz::kToday, "no statement is of a day to come");
    intel::FindingRow row;
    row.id = statement.vulnerabilities.front();
    row.product = statement.products.front().name;
    if (!statement.products.front().components.empty())
      row.component = statement.products.front().components.front();
    rows.push_back(row);
  }
  std::vector<intel::VexFeed> feeds;
  feeds.push_back(std::move(*feed));
  const intel::Vex vex(std::move(feeds));
  for (auto& row : rows) {
    // A component that is named and has no name is nobody's.
    const auto* statement = vex.find(row);
    intel::apply_vex(vex, row);
    expect(statement != nullptr || !row.finding.not_affected, "nothing is taken off without a statement");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_findings(fuzz::text_of(data, size));
  check_vex(fuzz::text_of(data, size));
  return 0;
}
