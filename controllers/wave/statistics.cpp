#include "controllers/wave/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/judge/words.hpp"

namespace patchwave::wave {
namespace {

judge::Finding undecided(judge::Absence absence, std::string message) {
  return {api::Verdict::Undecided, absence, std::move(message), "", std::nullopt};
}

judge::Finding unanswered(const Error& error) {
  if (error.reason == comparison::kNoEdge) return undecided(judge::Absence::NoData, error.message);
  const auto failure = prometheus::failure_of(error);
  if (failure == prometheus::QueryFailure::Rejected) {
    return undecided(judge::Absence::NoData, "Prometheus refuses the query: " + error.message);
  }
  if (failure == prometheus::QueryFailure::TooLarge) {
    return undecided(judge::Absence::NoData, "narrow the gate's selectors: " + error.message);
  }
  return undecided(judge::Absence::TelemetryUnavailable, "Prometheus does not answer: " + error.message);
}

judge::Finding found(judge::RecordedVerdict recorded) {
  judge::Finding finding;
  finding.verdict = recorded.verdict;
  finding.message = std::move(recorded.message);
  const auto& total = recorded.total;
  const bool is_absent = total.canary.exposure <= 0 || total.baseline.exposure <= 0;
  if (recorded.verdict == api::Verdict::Undecided && is_absent) finding.absence = judge::Absence::NoData;
  finding.numbers = {total, recorded.harm, recorded.pass, recorded.expected_time};
  return finding;
}

/// With nothing left to compare with, time alone decides no more.
void say_it_is_over(judge::Finding& finding) {
  const auto& [canary, baseline] = finding.numbers->total;
  finding.message = fmt::format(
      "No pod without the patch is left to compare with, and while there was one neither harm nor its "
      "absence "
      "was shown: {} events of {} on the canary against {} of {} on the baseline",
      judge::print_number(canary.events), judge::print_number(canary.exposure),
      judge::print_number(baseline.events), judge::print_number(baseline.exposure));
  finding.numbers->expected_time.reset();
}

}  // namespace

judge::Finding judge_statistics(const api::GateSpec& gate, const WorkloadPods& workload,
                                const comparison::Ask& ask) {
  const WorkloadArms arms(workload);
  auto recorded = comparison::judge_history(gate, comparison_of(workload, arms), ask);
  if (!recorded) return unanswered(recorded.error());
  auto finding = found(std::move(*recorded));
  const bool can_go_on = !std::ranges::all_of(workload.pods, &target::ObservedPod::patched);
  if (finding.verdict == api::Verdict::Undecided && !can_go_on) say_it_is_over(finding);
  return finding;
}

}  // namespace patchwave::wave
