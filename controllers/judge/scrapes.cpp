#include "controllers/judge/scrapes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "operator/base/time.hpp"

namespace patchwave::judge {
namespace {

std::map<std::string, double> by_pod(const QueryEvidence& scrapes) {
  std::map<std::string, double> counts;
  for (const auto& series : scrapes.series) {
    const auto pod = series.labels.find("pod");
    if (pod == series.labels.end() || series.samples.empty()) continue;
    double& count = counts[pod->second];
    count = std::max(count, series.samples.back().value);
  }
  return counts;
}

Finding undecided(Absence absence, std::string message) {
  return {Verdict::Undecided, absence, std::move(message), "", std::nullopt};
}

}  // namespace

Finding after_scrapes(Finding passed, const ScrapeEvidence& evidence, milliseconds delay) {
  if (evidence.scrapes.state != QueryEvidence::State::Answered) {
    return undecided(Absence::TelemetryUnavailable,
                     "whether the new copies are scraped is not known: " + evidence.scrapes.error);
  }
  const auto counts = by_pod(evidence.scrapes);
  const auto is_known = [&](const std::string& pod) { return counts.contains(pod); };
  const bool is_scraped = evidence.scraped_lately || std::ranges::any_of(evidence.patched, is_known) ||
                          std::ranges::any_of(evidence.others, is_known);
  const bool is_late = evidence.span.end - evidence.span.begin >= delay;
  if (!is_scraped) {
    if (is_late) return passed;
    return undecided(Absence::None,
                     fmt::format("well so far, but the new copies may not be measured yet: Prometheus "
                                 "scrapes none of the workload's pods itself, and they are given {}",
                                 format_duration(delay)));
  }
  const auto unseen = std::ranges::find_if(evidence.patched, [&](const std::string& pod) {
    const auto count = counts.find(pod);
    return count == counts.end() || count->second < kScrapesNeeded;
  });
  if (unseen == evidence.patched.end()) return passed;
  return undecided(is_late ? Absence::NoData : Absence::None,
                   fmt::format("well so far, but Prometheus had not scraped pod {} {} times when it was "
                               "measured",
                               *unseen, kScrapesNeeded));
}

}  // namespace patchwave::judge
