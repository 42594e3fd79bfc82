// A feed as the operator reads it, whichever of its kinds: what is taken has rows, and most of them were
// readable; and what is kept is never less than half of what was there.
#include "controllers/intel/kept_feeds.hpp"
#include "tests/fuzz/feeds.hpp"

using namespace patchwave;
using fuzz::expect;

namespace {

constexpr std::size_t kKinds = 4;

void check(const intel::FeedReading& reading) {
  const auto& summary = reading.summary;
  expect(summary.records > 0, "what is taken has rows");
  expect(summary.set_aside * 9 <= summary.records + 1, "at most one row in ten is unreadable");
  expect(!summary.edition().empty(), "an edition is never empty");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  const auto kind = static_cast<intel::FeedKind>(fuzz::take_choice(text, kKinds));
  auto whole = intel::read_feed(kind, text, risk::built_in_threat_model(), fuzz::kToday);
  if (!whole) {
    expect(!whole.error().message.empty(), "a refusal says why");
    return 0;
  }
  check(*whole);
  const auto records = whole->summary.records;
  intel::KeptFeeds kept({{"feed", kind, milliseconds(1)}});
  const Time now{fuzz::kToday};
  kept.take(0, std::move(*whole), now);
  expect(kept.snapshot().states[0].good.has_value(), "a first good reading is kept");
  // As much of it as a connection that broke off would have brought.
  const std::string_view cut = text.substr(0, text.size() / 3);
  kept.take(0, intel::read_feed(kind, cut, risk::built_in_threat_model(), fuzz::kToday), now);
  const auto state = kept.snapshot().states[0];
  expect(state.good && state.good->records * 2 >= records, "a reading that broke off replaces nothing");
  expect(state.problem.size() <= 310, "a problem is bounded");
  return 0;
}
