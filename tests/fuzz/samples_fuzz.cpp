// Recorded samples: every row is read or told of, written out it reads as the same, and a verdict on the rows
// does not depend on their order.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "operator/base/time.hpp"
#include "operator/cli/samples.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

constexpr std::size_t kMostJudged = 60;

std::size_t rows_in(const std::string& text) {
  std::size_t rows = 0;
  std::istringstream in(text);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) ++rows;
  }
  return rows;
}

template <class Row>
void check_samples(const cli::Samples<Row>& samples, const std::string& text) {
  expect(samples.rows.size() + samples.malformed_count == rows_in(text), "no row is lost without a word");
  expect(samples.malformed.size() == std::min(samples.malformed_count, cli::kMostToldRows),
         "malformed rows are told of");
  for (const Row& row : samples.rows) {
    expect(!row.series.empty(), "a row has a series");
    const auto time = parse_time(format_micro_time(row.time));
    expect(time && *time == row.time, "a row's time is one that can be written");
  }
  for (const auto& row : samples.malformed) {
    expect(row.line >= 2 && !row.problem.empty(), "a malformed row has a line and a problem");
  }
}

std::string head_of(const auto& row) {
  return fmt::format("{},{},{}", format_micro_time(row.time),
                     row.arm == judge::Arm::Canary ? "canary" : "baseline", row.series);
}

bool same(const judge::RecordedVerdict& a, const judge::RecordedVerdict& b) {
  return a.verdict == b.verdict && a.decided_time == b.decided_time && a.looks == b.looks;
}

void check_counts(const std::string& text) {
  std::istringstream in(text);
  const auto samples = cli::read_count_samples(in);
  if (!samples) return;
  check_samples(*samples, text);
  std::string written = "time,arm,series,events,exposure\n";
  for (const auto& row : samples->rows) {
    written += fmt::format("{},{},{}\n", head_of(row), row.count.events, row.count.exposure);
  }
  std::istringstream again_in(written);
  const auto again = cli::read_count_samples(again_in);
  expect(again && again->rows.size() == samples->rows.size(), "rows that are written out are read again");
  for (std::size_t i = 0; i < again->rows.size(); ++i) {
    const auto& a = samples->rows[i];
    const auto& b = again->rows[i];
    expect(a.time == b.time && a.arm == b.arm && a.series == b.series && a.count.events == b.count.events &&
               a.count.exposure == b.count.exposure,
           "a row reads as it was written");
  }
  if (samples->rows.size() > kMostJudged) return;
  const auto verdict = judge::judge_counts(samples->rows, {});
  auto turned = samples->rows;
  std::ranges::reverse(turned);
  expect(same(judge::judge_counts(turned, {}), verdict), "the order of counts is nothing to the verdict");
  expect(!std::isnan(verdict.harm.log_e) && !std::isnan(verdict.pass.log_e), "evidence is a number");
}

void check_gauges(const std::string& text) {
  std::istringstream in(text);
  const auto samples = cli::read_gauge_samples(in);
  if (!samples) return;
  check_samples(*samples, text);
  if (samples->rows.size() > kMostJudged || samples->rows.empty()) return;
  const Time change = samples->rows[samples->rows.size() / 2].time;
  const auto verdict = judge::judge_gauge(samples->rows, change, {});
  auto turned = samples->rows;
  std::ranges::reverse(turned);
  expect(same(judge::judge_gauge(turned, change, {}), verdict),
         "the order of levels is nothing to the verdict");
  expect(!std::isnan(verdict.harm.log_e) && !std::isnan(verdict.pass.log_e), "evidence is a number");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of(data, size));
  check_counts(text);
  check_gauges(text);
  return 0;
}
