#include "operator/cli/hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controllers/api/hold.hpp"
#include "operator/cli/style.hpp"

namespace patchwave::cli {
namespace {

namespace hold = api::hold;

struct WayOn {
  std::string_view reason;
  bool somebody;  ///< Nothing else moves it.
  std::string_view words;
};

constexpr std::array kWays = {
    WayOn{hold::kObserveOnly, true,
          "a policy with mode Approve or Automatic: in mode Observe nothing is changed"},
    WayOn{hold::kSuspended, true, "suspend set back to false"},
    WayOn{hold::kPredecessor, false, "the success of the waves before it"},
    WayOn{hold::kWindowClosed, false, "the next maintenance window"},
    WayOn{hold::kDoesNotFitWindow, false, "a window that is long enough, or fewer targets"},
    WayOn{hold::kApprovalRequired, true, "an approval of this plan"},
    WayOn{hold::kApprovalDenied, true, "a new plan: this one was denied"},
    WayOn{hold::kApprovalOutdated, true,
          "an approval of the plan as it is now: the given one is for another plan"},
    WayOn{hold::kQuarantined, true, "a newer patch, or lifting the quarantine"},
    WayOn{hold::kDigestUnresolved, false, "an answer of the registry"},
    WayOn{hold::kBudgetSpent, false, "other targets becoming whole again"},
    WayOn{hold::kClaimedElsewhere, false, "the end of the other wave"},
    WayOn{hold::kFieldConflict, true, "the other writer letting go of the image field"},
    WayOn{hold::kTargetNotReady, false, "the target becoming healthy"},
    WayOn{hold::kTelemetryUnavailable, false, "an answer of Prometheus"},
    WayOn{hold::kNoData, false, "data for the gate's query"},
    WayOn{hold::kGatheringEvidence, false, "more evidence"},
    WayOn{hold::kPreflightFailed, true, "a change of what would keep the nodes from being drained"},
    WayOn{hold::kEvictionBlocked, false, "the PodDisruptionBudget allowing a disruption"},
    WayOn{hold::kNodeInWork, false, "the end of the step that the node is at"},
    WayOn{hold::kFrozen, true, "somebody's decision: harm was shown, and the policy says Freeze"},
    WayOn{hold::kWriteRefused, true, "the API server accepting the write: see the message"},
    WayOn{hold::kInvalidSpec, true, "a correct spec: see the message"},
};

const WayOn* find_way(const api::PatchWave& wave) {
  if (!wave.status.hold || api::is_terminal(wave.status.phase)) return nullptr;
  const auto way = std::ranges::find(kWays, wave.status.hold->reason, &WayOn::reason);
  return way == kWays.end() ? nullptr : way;
}

}  // namespace

bool needs_somebody(const api::PatchWave& wave) {
  if (wave.status.phase == api::WavePhase::RollbackFailed) return true;
  const WayOn* way = find_way(wave);
  return way != nullptr && way->somebody && wave.status.hold->reason != hold::kObserveOnly;
}

std::string way_on(const api::PatchWave& wave, Time now) {
  if (wave.status.phase == api::WavePhase::RollbackFailed) {
    return "somebody who makes the targets whole: putting back what was there did not succeed";
  }
  const WayOn* way = find_way(wave);
  if (way == nullptr) return "";
  std::string words(way->words);
  const auto& until = wave.status.hold->until_time;
  if (until) words += ", " + format_when(*until, now);
  return words;
}

std::string next_command(const api::PatchWave& wave, const std::string& program) {
  const WayOn* way = find_way(wave);
  if (way == nullptr) return "";
  if (way->reason == hold::kApprovalRequired || way->reason == hold::kApprovalOutdated) {
    return fmt::format("{} approve {} -n {}", program, wave.metadata.name, wave.metadata.ns);
  }
  if (way->reason == hold::kQuarantined) {
    return fmt::format("{} quarantine lift {} -n {}", program, wave.spec.patch, wave.metadata.ns);
  }
  if (way->reason == hold::kFrozen) {
    return fmt::format("{} cancel {} -n {}", program, wave.metadata.name, wave.metadata.ns);
  }
  return "";
}

}  // namespace patchwave::cli
