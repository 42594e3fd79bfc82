// Known issues: what is kept names a patch, and says something of it.
#include "controllers/intel/known_issues.hpp"
#include "tests/fuzz/feeds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace patchwave;
  const auto issues = intel::parse_known_issues(fuzz::text_of(data, size));
  if (!issues) return 0;
  fuzz::check_set_aside(issues->set_aside);
  for (const auto& issue : issues->entries) {
    fuzz::expect(!issue.issue.empty(), "an issue says something");
    fuzz::expect(!(issue.patch + issue.cve + issue.product).empty(), "an issue names a patch");
    intel::PatchRow row;
    row.name = issue.patch;
    row.finding.id = issue.cve;
    row.vendor = issue.vendor;
    row.product = issue.product;
    fuzz::expect(!intel::issues_of(*issues, row).empty(), "an issue belongs to what it names");
  }
  return 0;
}
