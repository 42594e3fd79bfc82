// Exploit signals and vulnrichment: rows are used, later, of another kind, or told of, and none is of a day
// to come.
#include "controllers/intel/signals.hpp"
#include "controllers/intel/vulnrichment.hpp"
#include "tests/fuzz/feeds.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

std::size_t rows_in(std::string_view text) {
  intel::CsvReader csv(text);
  std::size_t rows = 0;
  while (csv.next()) ++rows;
  return rows - 1;
}

void check_signals(std::string_view text) {
  const auto feed = intel::parse_signals(text, fuzz::kToday);
  if (!feed) return;
  fuzz::check_set_aside(feed->set_aside);
  expect(feed->rows.size() + feed->later + feed->other + feed->set_aside.count == rows_in(text),
         "no row is lost without a word");
  const auto merged = intel::merge_signals({*feed, *feed});
  expect(merged.size() <= feed->rows.size(), "a CVE is there once");
  for (const auto& entry : merged.entries()) {
    const auto& signals = entry.signals;
    for (const auto& date :
         {signals.metasploit, signals.nuclei, signals.proof_of_concept, signals.in_the_wild})
      expect(!date || *date <= fuzz::kToday, "no signal is of a day to come");
  }
}

void check_vulnrichment(std::string_view text) {
  const auto feed = intel::parse_vulnrichment(text, fuzz::kToday);
  if (!feed) return;
  fuzz::check_set_aside(feed->set_aside);
  for (const auto& entry : feed->entries.entries())
    expect(entry.published <= fuzz::kToday, "nothing is published on a day to come");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_signals(fuzz::text_of(data, size));
  check_vulnrichment(fuzz::text_of(data, size));
  return 0;
}
