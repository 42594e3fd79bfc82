#include "controllers/wave/preflight.hpp"

#include <fmt/format.h>

#include <set>

#include "controllers/api/hold.hpp"
#include "controllers/plan/plan.hpp"
#include "controllers/plan/windows.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

api::Hold hold(std::string_view reason, std::string message, std::optional<Time> until = std::nullopt) {
  return {std::string(reason), std::move(message), std::nullopt, until};
}

std::optional<api::Hold> suspended(const Snapshot& snapshot) {
  if (snapshot.wave.spec.suspend) {
    return hold(api::hold::kSuspended, "`spec.suspend` of this PatchWave is true");
  }
  if (snapshot.policy && snapshot.policy->spec.suspend) {
    return hold(api::hold::kSuspended,
                fmt::format("`spec.suspend` of PatchPolicy '{}' is true", snapshot.policy->metadata.name));
  }
  return std::nullopt;
}

std::optional<api::Hold> quarantined(const Snapshot& snapshot) {
  if (!snapshot.patch || !snapshot.patch->status.quarantine) return std::nullopt;
  const auto& quarantine = *snapshot.patch->status.quarantine;
  return hold(api::hold::kQuarantined,
              fmt::format("Patch '{}' is in quarantine since wave '{}': {}. Lift it with: kubectl patchwave "
                          "quarantine lift {} -n {}",
                          snapshot.patch->metadata.name, quarantine.wave, quarantine.reason,
                          snapshot.patch->metadata.name, snapshot.patch->metadata.ns));
}

std::optional<api::Emergency> emergency_of(const api::PatchApproval& approval) {
  if (!approval.spec.emergency) return std::nullopt;
  return api::Emergency{approval.spec.approver, approval.spec.emergency->reason,
                        *api::emergency_end(approval)};
}

void keep_longest(std::optional<api::Emergency>& kept, std::optional<api::Emergency> other) {
  if (other && (!kept || kept->until_time < other->until_time)) kept = std::move(other);
}

bool is_open_for(const std::optional<api::Emergency>& emergency, Time now) {
  return emergency && now < emergency->until_time;
}

std::optional<api::Hold> window_closed(const Snapshot& snapshot, Time now) {
  const auto& windows = snapshot.wave.spec.windows;
  if (const auto valid = plan::validate(windows, "spec.windows"); !valid) {
    return hold(api::hold::kInvalidSpec, valid.error().message);
  }
  const auto state = plan::window_state(windows, now);
  const auto emergency = approval_state(snapshot).emergency;
  if (state.open || is_open_for(emergency, now)) return std::nullopt;
  const auto over = emergency ? fmt::format("; the emergency that {} declared ended {}", emergency->approver,
                                            format_time(emergency->until_time))
                              : "";
  const auto next = state.until ? fmt::format("the next window opens {}", format_time(*state.until))
                                : "no window opens within a year";
  return hold(api::hold::kWindowClosed, fmt::format("{}{}; {}", state.reason, over, next), state.until);
}

std::optional<api::Hold> does_not_fit(const Snapshot& snapshot, Time now) {
  const auto& spec = snapshot.wave.spec;
  const auto state = plan::window_state(spec.windows, now);
  const auto needed = expected_duration(spec);
  if (!state.open || plan::fits(state, needed, now)) return std::nullopt;
  if (is_open_for(approval_state(snapshot).emergency, now)) return std::nullopt;
  const auto later =
      plan::open_intervals(spec.windows, *state.until, *state.until + std::chrono::days(366), 1);
  return hold(api::hold::kDoesNotFitWindow,
              fmt::format("the wave takes at least {} and the window closes {}", format_duration(needed),
                          format_time(*state.until)),
              later.empty() ? std::nullopt : std::optional(later.front().begin));
}

std::optional<api::Hold> nodes_not_usable(const Snapshot& snapshot) {
  if (!snapshot.wave.spec.nodes) return std::nullopt;
  if (!snapshot.nodes || !snapshot.nodes->problem.empty()) {
    return api::Hold{std::string(api::hold::kInvalidSpec),
                     snapshot.nodes ? snapshot.nodes->problem : "what the nodes need has not been read",
                     std::nullopt, std::nullopt};
  }
  return std::nullopt;
}

std::optional<api::Hold> patch_unusable(const Snapshot& snapshot) {
  if (!snapshot.patch) {
    return hold(api::hold::kInvalidSpec,
                fmt::format("`spec.patchRef.name` must name a Patch in namespace '{}'; '{}' does not exist",
                            snapshot.wave.metadata.ns, snapshot.wave.spec.patch));
  }
  if (!snapshot.patch->status.digest.empty()) return std::nullopt;
  const auto* ready = api::find_condition(snapshot.patch->status.conditions, "Ready");
  return hold(api::hold::kDigestUnresolved,
              fmt::format("the digest of {} is not known yet{}", api::text_of(snapshot.patch->spec),
                          ready != nullptr && ready->status == "False" ? ": " + ready->message : ""));
}

std::optional<api::Hold> predecessor_open(const Snapshot& snapshot) {
  for (const auto& before : snapshot.predecessors) {
    if (before.exists && before.phase == api::WavePhase::Succeeded) continue;
    return hold(api::hold::kPredecessor, before.exists
                                             ? fmt::format("PatchWave '{}' is {}; it must be Succeeded",
                                                           before.name, api::to_string(before.phase))
                                             : fmt::format("PatchWave '{}' does not exist", before.name));
  }
  return std::nullopt;
}

std::optional<api::Hold> not_approved(const Snapshot& snapshot) {
  const auto& wave = snapshot.wave;
  // What can't be undone is for a person to decide.
  const bool no_way_back = snapshot.nodes && snapshot.nodes->recipe && !snapshot.nodes->recipe->undo;
  if (!wave.spec.approval_required && wave.spec.mode != api::Mode::Approve && !no_way_back)
    return std::nullopt;
  const auto approval = approval_state(snapshot);
  if (approval.denied) {
    return hold(api::hold::kApprovalDenied,
                fmt::format("{} denied this plan{}", approval.approver,
                            approval.reason.empty() ? "" : ": " + approval.reason));
  }
  if (approval.approved) return std::nullopt;
  const auto command =
      fmt::format("kubectl patchwave approve {} -n {}", wave.metadata.name, wave.metadata.ns);
  if (approval.outdated) {
    return hold(api::hold::kApprovalOutdated,
                fmt::format("the approval by {} is for another plan than {}; look at the plan again and: {}",
                            approval.approver, wave.status.plan_hash, command));
  }
  return hold(api::hold::kApprovalRequired,
              fmt::format("{}no approval for plan {}; approve it with: {}",
                          no_way_back ? "the recipe has no undo; " : "", wave.status.plan_hash, command));
}

/// A command line that people read.
std::string named(const std::set<std::string>& nodes) {
  constexpr std::size_t kMostNamed = 5;
  std::vector<std::string> few;
  for (const auto& node : nodes) {
    if (few.size() == kMostNamed) break;
    few.push_back(node);
  }
  return fmt::format("{}", fmt::join(few, " "));
}

/// Another wave's hold on a node ends with that wave, and a node that is gone is none of this one's.
bool keeps_from_starting(const drain::Finding& finding) {
  return finding.weight == drain::Weight::Blocks && finding.reason != drain::Reason::HeldByAnother &&
         finding.reason != drain::Reason::NodeNotReady;
}

std::optional<api::Hold> drain_would_not_end(const Snapshot& snapshot) {
  if (!snapshot.wave.spec.nodes) return std::nullopt;
  if (!snapshot.drain_report) {
    return hold(api::hold::kPreflightFailed, "whether the nodes can be drained has not been read yet");
  }
  std::set<std::string> nodes;
  std::string first;
  int more = -1;
  for (const auto& finding : snapshot.drain_report->findings) {
    if (!keeps_from_starting(finding)) continue;
    if (first.empty()) first = finding.message;
    nodes.insert(finding.node);
    ++more;
  }
  if (nodes.empty()) return std::nullopt;
  return hold(api::hold::kPreflightFailed,
              fmt::format("this wave would deadlock: {}{}. See: kubectl patchwave preflight nodes {}", first,
                          more > 0 ? fmt::format("; and {} more", more) : "", named(nodes)));
}

// A gate that is bad before anything was changed would blame the patch for what it did not do, and a
// Prometheus that is away now would leave a canary out with nobody to judge it.
std::optional<api::Hold> gates_not_usable(const Snapshot& snapshot) {
  for (const auto& [gate, target, finding] : snapshot.findings) {
    if (finding.absence == judge::Absence::TelemetryUnavailable) {
      return hold(api::hold::kTelemetryUnavailable, fmt::format("gate '{}': {}", gate, finding.message));
    }
    if (finding.verdict == judge::Verdict::Harm) {
      return hold(api::hold::kTargetNotReady,
                  fmt::format("gate '{}' is bad before anything was changed: {}", gate, finding.message));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<api::Hold> hold_against_widening(const Snapshot& snapshot, Time now) {
  if (auto held = suspended(snapshot)) return held;
  if (auto held = quarantined(snapshot)) return held;
  return window_closed(snapshot, now);
}

std::optional<api::Hold> hold_before_start(const Snapshot& snapshot, Time now) {
  if (auto held = suspended(snapshot)) return held;
  if (auto held = patch_unusable(snapshot)) return held;
  if (auto held = nodes_not_usable(snapshot)) return held;
  if (auto held = quarantined(snapshot)) return held;
  if (snapshot.wave.spec.mode == api::Mode::Observe) {
    return hold(api::hold::kObserveOnly,
                "mode is Observe: this is what would be done, and nothing is written");
  }
  if (auto held = predecessor_open(snapshot)) return held;
  if (auto held = not_approved(snapshot)) return held;
  if (auto held = window_closed(snapshot, now)) return held;
  if (auto held = does_not_fit(snapshot, now)) return held;
  if (auto held = drain_would_not_end(snapshot)) return held;
  return gates_not_usable(snapshot);
}

bool only_drain_is_unknown(const Snapshot& snapshot, Time now) {
  if (!snapshot.wave.spec.nodes || snapshot.drain_report) return false;
  Snapshot known = snapshot;
  known.drain_report.emplace();
  return !hold_before_start(known, now);
}

ApprovalState approval_state(const Snapshot& snapshot) {
  ApprovalState state;
  for (const auto& approval : snapshot.approvals) {
    const bool current = approval.spec.plan_hash == snapshot.wave.status.plan_hash;
    if (!current && state.approved) continue;
    state.approver = approval.spec.approver;
    state.reason = approval.spec.reason;
    if (!current) {
      state.outdated = true;
    } else if (approval.spec.approve) {
      state.approved = true;
      keep_longest(state.emergency, emergency_of(approval));
    } else {
      // One no outweighs any yes for the same plan.
      return {false, true, false, approval.spec.approver, approval.spec.reason, std::nullopt};
    }
  }
  return state;
}

std::optional<api::Emergency> emergency_at_work(const Snapshot& snapshot, Time now) {
  auto emergency = approval_state(snapshot).emergency;
  const auto state = plan::window_state(snapshot.wave.spec.windows, now);
  const bool starts = !snapshot.wave.status.start_time;
  const bool fits = !starts || plan::fits(state, expected_duration(snapshot.wave.spec), now);
  const bool is_needed = !state.open || !fits;
  return is_needed && is_open_for(emergency, now) ? emergency : std::nullopt;
}

milliseconds expected_duration(const api::PatchWaveSpec& spec) {
  const int total = static_cast<int>(spec.targets.size());
  const int at_once = std::max(1, spec.max_unavailable.of(total));
  const int batches = (total + at_once - 1) / at_once;
  return spec.step_bake * static_cast<int>(spec.steps.size()) * batches;
}

std::string image_of(const Snapshot& snapshot) {
  if (!snapshot.wave.status.image.empty()) return snapshot.wave.status.image;
  if (!snapshot.patch || snapshot.patch->status.digest.empty()) return "";
  if (const auto& nodes = snapshot.wave.spec.nodes) {
    return plan::print_recipe(nodes->recipe, snapshot.patch->status.digest);
  }
  return plan::print_image(
      {snapshot.patch->spec.image, snapshot.patch->spec.tag, snapshot.patch->status.digest});
}

}  // namespace patchwave::wave
