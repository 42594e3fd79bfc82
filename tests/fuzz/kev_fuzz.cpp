// The KEV catalogue: every entry is listed, later than the day that counts, or told of.
#include "controllers/intel/kev.hpp"
#include "operator/base/json.hpp"
#include "tests/fuzz/feeds.hpp"

using namespace patchwave;
using fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto feed = intel::parse_kev(text, fuzz::kToday);
  if (!feed) return 0;
  fuzz::check_set_aside(feed->set_aside);
  const auto json = parse_json(text, "input");
  const auto all = array_at(*json, {"vulnerabilities"}).size();
  const auto seen = feed->entries.size() + feed->later + feed->set_aside.count;
  // An entry that is there twice is listed once.
  expect(seen <= all, "nothing is listed that is not there");
  expect(all == 0 || seen > 0, "no catalogue is emptied without a word");
  for (const auto& entry : feed->entries.entries())
    expect(entry.kev.added <= fuzz::kToday, "what is listed has been added");
  return 0;
}
