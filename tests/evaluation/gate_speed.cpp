// How many counter gates one core judges in a second: answers of Prometheus as they come, read and judged as
// the operator does, of 20 pods with a scrape each 15 s.
//
//   evaluate_gate_speed [minutes of history]...
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "controllers/comparison/rows.hpp"
#include "controllers/wave/statistics.hpp"

namespace patchwave::wave {
namespace {

constexpr int kPods = 20;
constexpr Time kEnd{std::chrono::hours(24 * 365 * 56)};
constexpr int kRuns = 20;

WorkloadPods workload_of(std::chrono::minutes history) {
  WorkloadPods workload{{api::TargetKind::StatefulSet, "shop", "web", {"web"}}, {}, kEnd - history, kEnd};
  for (int i = 0; i < kPods; ++i) {
    target::ObservedPod observed;
    observed.pod.name = fmt::format("web-{}", i);
    observed.patched = i == 0;
    observed.pod.creation_time = i == 0 ? workload.since : workload.since - std::chrono::hours(9);
    workload.pods.push_back(observed);
  }
  return workload;
}

/// What Prometheus answers of a counter that rises by `rise` between scrapes.
std::string body_of(const WorkloadPods& workload, double rise) {
  std::string series;
  for (int i = 0; i < kPods; ++i) {
    std::string values;
    const Time begin = i == 0 ? workload.since : workload.since - comparison::kCounterPast;
    double count = 0;
    for (Time at = begin + seconds(1 + i % 15); at <= kEnd; at += seconds(15)) {
      count += rise;
      values += fmt::format(R"({}[{},"{:.0f}"])", values.empty() ? "" : ",",
                            std::chrono::floor<seconds>(at.time_since_epoch()).count(), count);
    }
    series += fmt::format(
        R"({}{{"metric":{{"__name__":"a","instance":"{}","job":"web","pod":"web-{}"}},"values":[{}]}})",
        series.empty() ? "" : ",", i, i, values);
  }
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + series + "]}}";
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

void measure(std::chrono::minutes history) {
  const auto workload = workload_of(history);
  const auto errors = body_of(workload, 0.6);
  const auto requests = body_of(workload, 300);
  api::GateSpec gate;
  gate.name = "errors";
  gate.counter = api::CounterGate{"failed", "requests"};
  double reading = 0;
  const auto answer = [&](const std::string& promql, Time) {
    const double begin = cpu_seconds();
    auto read = prometheus::parse_answer(promql.starts_with("failed") ? errors : requests, 1'000'000);
    reading += cpu_seconds() - begin;
    return read;
  };
  const double begin = cpu_seconds();
  judge::Finding finding;
  for (int run = 0; run < kRuns; ++run) finding = judge_statistics(gate, workload, answer);
  const double all = cpu_seconds() - begin;
  fmt::print(
      R"({{"historyMinutes": {}, "verdict": "{}", "millisecondsAGate": {:.3f}, "ofThatReading": {:.3f}}})"
      "\n",
      history.count(), api::to_string(finding.verdict), 1000 * all / kRuns, 1000 * reading / kRuns);
}

}  // namespace
}  // namespace patchwave::wave

int main(int argc, char** argv) {
  std::vector<int> histories = {10, 60, 24 * 60};
  if (argc > 1) histories.clear();
  for (int i = 1; i < argc; ++i) histories.push_back(std::atoi(argv[i]));
  for (const int minutes : histories) patchwave::wave::measure(std::chrono::minutes(minutes));
}
