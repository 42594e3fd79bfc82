#include "controllers/judge/node.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::judge {
namespace {

Finding found(Verdict verdict, std::string message, std::optional<Time> decides = std::nullopt) {
  Finding finding;
  finding.verdict = verdict;
  finding.message = std::move(message);
  finding.decides_time = decides;
  return finding;
}

Finding judge_work(const NodeEvidence& evidence, const NodeLimits& limits, Time now) {
  if (!evidence.unready_since) return found(Verdict::Undecided, "is being patched");
  const Time deadline = std::max(*evidence.unready_since, evidence.watched_since) + limits.progress_deadline;
  if (now < deadline) return found(Verdict::Undecided, "is not ready while it is patched", deadline);
  return found(Verdict::Harm, fmt::format("has not been ready for {} while it was patched",
                                          format_duration(limits.progress_deadline)));
}

Finding judge_reboot(const NodeEvidence& evidence, const NodeLimits& limits, Time now) {
  const Time deadline = std::max(evidence.since, evidence.watched_since) + limits.progress_deadline;
  const auto limit = format_duration(limits.progress_deadline);
  if (now < deadline) {
    return found(Verdict::Undecided, "not back from its reboot yet", deadline);
  }
  return found(Verdict::Harm, fmt::format("has not come back from its reboot within {}", limit));
}

Finding judge_returned(const NodeEvidence& evidence, const NodeLimits& limits, Time now) {
  if (evidence.ready_since) {
    const Time end = *evidence.ready_since + limits.step_bake;
    const auto span = format_duration(limits.step_bake);
    if (now >= end) return found(Verdict::Pass, fmt::format("ready for {}", span));
    return found(Verdict::Undecided, fmt::format("ready, not yet for {}", span), end);
  }
  const bool was_ready = evidence.unready_since.has_value();
  const Time since = std::max(evidence.unready_since.value_or(evidence.since), evidence.watched_since);
  const auto limit = was_ready ? limits.lost_node : limits.progress_deadline;
  if (now < since + limit) return found(Verdict::Undecided, "not ready", since + limit);
  return found(Verdict::Harm, fmt::format("{} for {} after it was patched",
                                          was_ready ? "was ready and is not," : "has not been ready",
                                          format_duration(limit)));
}

}  // namespace

Finding judge_node(const NodeEvidence& evidence, const NodeLimits& limits, Time now) {
  if (evidence.step_failure) return found(Verdict::Harm, *evidence.step_failure);
  switch (evidence.stage) {
    case NodeEvidence::Stage::Working:
      return judge_work(evidence, limits, now);
    case NodeEvidence::Stage::Rebooting:
      return judge_reboot(evidence, limits, now);
    case NodeEvidence::Stage::Returned:
      return judge_returned(evidence, limits, now);
  }
  return {};
}

}  // namespace patchwave::judge
