// EPSS in both forms: scores are probabilities of days that have come, and places are finite and in the order
// of scores.
#include <cmath>
#include <string>
#include <vector>

#include "controllers/intel/epss.hpp"
#include "tests/fuzz/feeds.hpp"

using namespace patchwave;
using fuzz::expect;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  auto dates = intel::epss_dates(text);
  if (!dates) return 0;
  const auto days = intel::choose_epss_days(*dates, fuzz::kToday);
  if (!days) return 0;
  expect(days->latest <= fuzz::kToday && (!days->earlier || *days->earlier < days->latest),
         "days have come and ascend");
  auto table = intel::parse_epss(text, *days, fuzz::kToday);
  if (!table) return 0;
  fuzz::check_set_aside(table->set_aside);
  std::vector<intel::EpssTable> tables;
  tables.push_back(std::move(*table));
  const auto feed = intel::merge_epss(std::move(tables), risk::built_in_threat_model());
  for (const auto& entry : feed.entries()) {
    const auto& epss = entry.epss;
    expect(epss.score > 0 && epss.score < 1, "a score is a probability");
    expect(epss.date <= fuzz::kToday, "no score is of a day to come");
    expect(std::isfinite(epss.place) && epss.place >= 0, "a place is a number");
    expect(!epss.trend || std::isfinite(*epss.trend), "a trend is a number");
    expect(feed.find(entry.cve) == &entry, "an entry is found by its CVE");
  }
  return 0;
}
