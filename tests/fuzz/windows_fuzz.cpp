// Maintenance windows, as a policy's JSON has them: what is open now, and until when, is what the list of
// open intervals says, and these neither overlap nor touch.
#include <string>
#include <vector>

#include "controllers/api/shared_codec.hpp"
#include "controllers/plan/windows.hpp"
#include "operator/base/time.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
using plan::Interval;
using std::chrono::hours;

constexpr auto kHorizon = hours(366 * 24);
constexpr std::size_t kMostIntervals = 6;

void check_invalid(const api::Windows& windows, const Error& error, Time now) {
  const auto state = plan::window_state(windows, now);
  expect(!state.open && !state.until, "windows that are invalid are closed for good");
  expect(state.reason == error.message, "windows that are invalid are closed for just that reason");
  expect(plan::open_intervals(windows, now, now + kHorizon, 1).empty(), "and have no open interval");
}

void check_intervals(const std::vector<Interval>& intervals, Time from, Time until) {
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    expect(intervals[i].begin < intervals[i].end, "an open interval is not empty");
    expect(intervals[i].begin >= from && intervals[i].end <= until,
           "intervals are within what was asked for");
    expect(i == 0 || intervals[i - 1].end < intervals[i].begin, "intervals are apart");
  }
}

void check_state(const api::Windows& windows, const std::vector<Interval>& intervals, Time now) {
  const auto state = plan::window_state(windows, now);
  const bool open = !intervals.empty() && intervals.front().begin <= now;
  expect(state.open == open, "it is open within an open interval and else closed");
  expect(state.open == state.reason.empty(), "what is closed says why");
  if (open) {
    const Time end = intervals.front().end;
    expect(state.until == (end < now + kHorizon ? std::optional(end) : std::nullopt),
           "it closes when the interval ends");
    if (state.until) expect(!plan::window_state(windows, *state.until).open, "then it is closed");
  } else {
    expect(state.until == (intervals.empty() ? std::nullopt : std::optional(intervals.front().begin)),
           "it opens when the next interval begins");
    if (state.until) expect(plan::window_state(windows, *state.until).open, "then it is open");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = parse_json(fuzz::text_of(data, size), "the windows");
  if (!json) return 0;
  api::Finding finding;
  const api::Windows windows = api::read_windows(api::ObjectReader(*json, "spec", finding));
  const Time now = time_at(*json, {"now"}).value_or(Time(hours(24 * 365 * 50)));
  if (const auto valid = plan::validate(windows, "spec.windows"); !valid) {
    check_invalid(windows, valid.error(), now);
    return 0;
  }
  const auto intervals = plan::open_intervals(windows, now, now + kHorizon, kMostIntervals);
  check_intervals(intervals, now, now + kHorizon);
  check_state(windows, intervals, now);
  return 0;
}
