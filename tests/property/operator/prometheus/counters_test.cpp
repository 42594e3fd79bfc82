// What the channel does to samples, against a simulated process that knows what really happened.
#include "operator/prometheus/counters.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

namespace patchwave::prometheus {
namespace {

constexpr Time kSince{std::chrono::hours(24 * 365 * 56)};

/// A pod that is born at a chance time, counts events at chance times and may restart; scraped regularly.
struct Process {
  Time born;
  std::vector<Series> series;
  double events = 0;       ///< Since `kSince`, up to the last scrape.
  bool restarted = false;  ///< What it counted after its last scrape before that is lost.
};

Process any_process() {
  Process process;
  const int born = *rc::gen::inRange(-1000, 600);
  const int period = *rc::gen::inRange(5, 60);
  const int restart = *rc::gen::inRange(-1000, 3000);
  process.born = kSince + seconds(born);
  const std::map<std::string, std::string> labels = {{"pod", "web-1"}, {"instance", "10.0.0.1:80"}};
  Series good{labels, {}};
  Series bad{labels, {}};
  good.labels["code"] = "200";
  bad.labels["code"] = "500";
  double good_count = 0;
  double bad_count = 0;
  std::optional<double> bad_at_begin;  // At the sample from which the first increment is counted.
  if (born >= 0) bad_at_begin = 0;
  for (int now = std::max(born, -300); now < 1200; ++now) {
    if (now == restart) {
      good_count = bad_count = 0;
      process.restarted = true;
    }
    good_count += *rc::gen::inRange(0, 3);
    const int more = *rc::gen::weightedElement<int>({{20, 0}, {1, 1}, {1, 3}});
    bad_count += more;
    if ((now - born) % period != 0) continue;
    good.samples.push_back({kSince + seconds(now), good_count});
    // A client library has no series of an error that never happened.
    if (bad_count > 0) bad.samples.push_back({kSince + seconds(now), bad_count});
    if (now <= 0 || !bad_at_begin) bad_at_begin = bad_count;
    process.events = bad_count - *bad_at_begin;
  }
  process.series = {good, bad};
  return process;
}

std::vector<Rise> rises_of(const Process& process, const std::vector<Series>& series, Time since = kSince) {
  return rises(series, Scrapes({&series}), {since, {{"web-1", process.born}}, std::chrono::minutes(5)});
}

double total(const Rise& rise) {
  double sum = 0;
  for (const auto& increment : rise.increments) sum += increment.value;
  return sum;
}

void expect_same(const std::vector<Rise>& a, const std::vector<Rise>& b) {
  RC_ASSERT(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    RC_ASSERT(a[i].increments.size() == b[i].increments.size());
    for (std::size_t k = 0; k < a[i].increments.size(); ++k) {
      RC_ASSERT(a[i].increments[k].time == b[i].increments[k].time);
      RC_ASSERT(a[i].increments[k].value == b[i].increments[k].value);
    }
  }
}

RC_GTEST_PROP(RisesProperty, AreWhatReallyHappenedFromTheFirstErrorOfANewPodOn, ()) {
  const auto process = any_process();
  RC_PRE(!process.restarted);
  RC_ASSERT(total(rises_of(process, process.series)[1]) == process.events);
}

RC_GTEST_PROP(RisesProperty, AreNotChangedByDuplicatesDisorderAndWhatIsNoNumber, ()) {
  const auto process = any_process();
  auto noisy = process.series;
  for (auto& series : noisy) {
    if (series.samples.empty()) continue;
    const auto repeated = *rc::gen::inRange<std::size_t>(0, series.samples.size());
    series.samples.push_back(series.samples[repeated]);
    const auto wrong =
        *rc::gen::element(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                          -std::numeric_limits<double>::infinity());
    series.samples.push_back({kSince + seconds(*rc::gen::inRange(-300, 1200)), wrong});
    const auto from = *rc::gen::inRange<std::size_t>(0, series.samples.size());
    std::rotate(series.samples.begin(), series.samples.begin() + static_cast<std::ptrdiff_t>(from),
                series.samples.end());
    std::swap(series.samples.front(), series.samples[from]);
  }
  expect_same(rises_of(process, process.series), rises_of(process, noisy));
}

RC_GTEST_PROP(RisesProperty, AreNeverMoreForScrapesThatAreMissing, ()) {
  const auto process = any_process();
  auto thinned = process.series;
  const int from = *rc::gen::inRange(-300, 1200);
  const int outage = *rc::gen::inRange(1, 900);
  for (auto& series : thinned) {
    std::erase_if(series.samples, [&](const Sample& sample) {
      return sample.time >= kSince + seconds(from) && sample.time < kSince + seconds(from + outage);
    });
  }
  // The first increment may begin at any sample before `since`.
  const auto whole = rises_of(process, process.series, kSince - std::chrono::hours(1));
  const auto left = rises_of(process, thinned);
  for (std::size_t i = 0; i < whole.size(); ++i) RC_ASSERT(total(left[i]) <= total(whole[i]));
}

}  // namespace
}  // namespace patchwave::prometheus
