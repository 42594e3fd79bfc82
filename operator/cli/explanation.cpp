#include "operator/cli/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/api/hold.hpp"
#include "operator/cli/hints.hpp"
#include "operator/cli/output.hpp"
#include "operator/cli/risk_view.hpp"
#include "operator/cli/wave_view.hpp"

namespace patchwave::cli {
namespace {

std::string headline(const api::PatchWave& wave) {
  const auto phase = api::to_string(wave.status.phase);
  if (wave.status.hold && !api::is_terminal(wave.status.phase)) {
    return fmt::format("{} is {} and waits: {}.", wave.metadata.name, phase, wave.status.hold->reason);
  }
  return fmt::format("{} is {}.", wave.metadata.name, phase);
}

Reason explain_mode(const api::PatchWave& wave) {
  if (wave.spec.suspend) return {"mode", "spec.suspend is true", false};
  if (wave.spec.mode == api::Mode::Observe)
    return {"mode", "Observe: says what it would do and changes nothing", false};
  return {"mode", std::string(api::to_string(wave.spec.mode)), true};
}

Reason explain_patch_state(const api::PatchWave& wave, const std::optional<api::Patch>& patch) {
  if (!patch) return {"patch", fmt::format("{} could not be read", wave.spec.patch), false};
  if (patch->status.quarantine) {
    return {"patch",
            fmt::format("{} is in quarantine: {}", wave.spec.patch, patch->status.quarantine->reason), false};
  }
  if (patch->status.digest.empty())
    return {"patch", fmt::format("the digest of {} is not known yet", wave.spec.patch), false};
  return {"patch", fmt::format("{} is {}", wave.spec.patch, short_digest(patch->status.digest)), true};
}

Reason explain_predecessor(const std::string& name, const std::vector<api::PatchWave>& waves, Time now) {
  const auto before =
      std::ranges::find(waves, name, [](const api::PatchWave& other) { return other.metadata.name; });
  if (before == waves.end()) return {"predecessor", name + " does not exist", false};
  const bool succeeded = before->status.phase == api::WavePhase::Succeeded;
  std::string text = fmt::format("{} is {}", name, api::to_string(before->status.phase));
  if (succeeded && before->status.completion_time)
    text += " since " + format_when(*before->status.completion_time, now);
  if (!succeeded && before->status.hold) text += ": " + before->status.hold->reason;
  return {"predecessor", text, succeeded};
}

Reason explain_approval(const api::PatchWave& wave, const std::vector<api::PatchApproval>& approvals) {
  const std::string plan = short_digest(wave.status.plan_hash);
  if (!wave.spec.approval_required && wave.spec.mode != api::Mode::Approve)
    return {"approval", "not required", true};
  const api::PatchApproval* given = nullptr;
  bool for_another_plan = false;
  for (const auto& approval : approvals) {
    if (approval.spec.wave != wave.metadata.name) continue;
    if (approval.spec.plan_hash != wave.status.plan_hash) {
      for_another_plan = true;
    } else if (given == nullptr || !approval.spec.approve) {
      given = &approval;  // A denial outweighs any approval.
    }
  }
  if (given != nullptr) {
    const std::string_view decision = given->spec.approve ? "approved" : "denied";
    return {"approval", fmt::format("{} by {} for plan {}", decision, given->spec.approver, plan),
            given->spec.approve};
  }
  if (!wave.status.approved_by.empty()) return {"approval", "approved by " + wave.status.approved_by, true};
  return {
      "approval",
      fmt::format("required; none for plan {}{}", plan, for_another_plan ? ", one for an earlier plan" : ""),
      false};
}

Reason explain_window(const api::PatchWave& wave, Time now) {
  const std::string text = describe_window(wave.spec.windows, now);
  const auto& emergency = wave.status.emergency;
  // It stays on record when its approval is taken back.
  const bool is_held = wave.status.hold && wave.status.hold->reason == api::hold::kWindowClosed;
  if (emergency && now < emergency->until_time && !is_held) {
    return {"window", fmt::format("{}; {}", text, describe_emergency(*emergency)), true};
  }
  return {"window", text, !text.starts_with("closed")};
}

/// The hold in the operator's own words, when no rule above says the same.
void add_hold(const api::PatchWave& wave, std::vector<Reason>& reasons, Time now) {
  if (!wave.status.hold || api::is_terminal(wave.status.phase)) return;
  const api::Hold& hold = *wave.status.hold;
  std::string text = hold.reason + (hold.message.empty() ? "" : ": " + hold.message);
  if (hold.since_time) text += fmt::format(" (for {})", format_since(hold.since_time, now));
  reasons.push_back({"hold", text, false});
}

std::string describe_evidence(const api::GateEvidence& evidence, Time now) {
  std::string text = fmt::format("evidence: harm {} of {}, pass {} of {}", evidence.harm,
                                 evidence.harm_threshold, evidence.pass, evidence.pass_threshold);
  if (evidence.expected_time) text += "; Pass is expected about " + format_when(*evidence.expected_time, now);
  return text;
}

void add_evidence(const api::PatchWave& wave, std::vector<Reason>& reasons, Time now) {
  for (const auto& gate : wave.status.gates) {
    std::string text = fmt::format("{} {}", gate.name, api::to_string(gate.verdict));
    if (!gate.message.empty()) text += ": " + gate.message;
    if (gate.evidence) text += " (" + describe_evidence(*gate.evidence, now) + ")";
    reasons.push_back({"gate", text, gate.verdict == api::Verdict::Pass});
  }
  if (!wave.status.harm) return;
  const auto& harm = *wave.status.harm;
  reasons.push_back({"harm", fmt::format("{} on {}: {}", harm.gate, harm.target, harm.message), false});
}

void add_conditions(const std::vector<api::Condition>& conditions, std::vector<Reason>& reasons) {
  for (const auto& condition : conditions) {
    std::string text = fmt::format("{}={} {}", condition.type, condition.status, condition.reason);
    if (!condition.message.empty()) text += ": " + condition.message;
    const bool good_when_true = condition.type == "Ready" || condition.type == api::kRiskAssessed;
    reasons.push_back({"condition", text, condition.status == (good_when_true ? "True" : "False")});
  }
}

}  // namespace

Explanation explain_wave(const api::PatchWave& wave, const WaveSurroundings& around,
                         const std::string& program, Time now) {
  Explanation explanation{headline(wave), {}, way_on(wave, now), next_command(wave, program)};
  auto& reasons = explanation.reasons;
  if (!api::is_terminal(wave.status.phase)) {
    reasons.push_back(explain_mode(wave));
    reasons.push_back(explain_patch_state(wave, around.patch));
    for (const auto& name : wave.spec.after) reasons.push_back(explain_predecessor(name, around.waves, now));
    reasons.push_back(explain_approval(wave, around.approvals));
    reasons.push_back(explain_window(wave, now));
  }
  add_hold(wave, reasons, now);
  add_evidence(wave, reasons, now);
  return explanation;
}

Explanation explain_patch(const api::Patch& patch, const std::vector<api::PatchWave>& waves,
                          const std::string& program, Time now) {
  Explanation explanation;
  const std::string phase = patch.status.phase.empty() ? "not looked at yet" : patch.status.phase;
  explanation.headline = fmt::format("{} is {}: {}/{} targets.", patch.metadata.name, phase,
                                     patch.status.targets_patched, patch.status.targets_total);
  auto& reasons = explanation.reasons;
  const bool known = !patch.status.digest.empty();
  const std::string unknown = patch.spec.node_pool.empty() ? "the registry has not answered yet"
                                                           : "the recipe of the pool is not known yet";
  reasons.push_back({"digest", known ? patch.status.digest : unknown, known});
  if (patch.status.quarantine) {
    const auto& quarantine = *patch.status.quarantine;
    reasons.push_back({"quarantine",
                       fmt::format("{}, seen by {} ({} ago)", quarantine.reason, quarantine.wave,
                                   format_since(quarantine.since_time, now)),
                       false});
    explanation.moved_by = "a newer patch, or lifting the quarantine";
    explanation.command =
        fmt::format("{} quarantine lift {} -n {}", program, patch.metadata.name, patch.metadata.ns);
  }
  add_risk(patch, reasons, now);
  for (const auto& wave : waves) {
    if (wave.spec.patch != patch.metadata.name) continue;
    std::string text = fmt::format("{} is {}", wave.metadata.name, api::to_string(wave.status.phase));
    if (wave.status.hold) text += ": " + wave.status.hold->reason;
    reasons.push_back({"wave", text, wave.status.phase == api::WavePhase::Succeeded});
  }
  add_conditions(patch.status.conditions, reasons);
  return explanation;
}

Explanation explain_policy(const api::PatchPolicy& policy, Time now) {
  Explanation explanation;
  const auto ready = api::find_condition(policy.status.conditions, "Ready");
  const bool in_force = ready != nullptr && ready->status == "True";
  explanation.headline =
      fmt::format("{} is {}.", policy.metadata.name, in_force ? "in force" : "not in force");
  auto& reasons = explanation.reasons;
  if (policy.spec.suspend) {
    reasons.push_back({"mode", "spec.suspend is true", false});
  } else {
    reasons.push_back(
        {"mode", std::string(api::to_string(policy.spec.mode)), policy.spec.mode != api::Mode::Observe});
  }
  reasons.push_back(
      {"targets", fmt::format("selects {} workloads", policy.status.targets), policy.status.targets > 0});
  reasons.push_back({"patches",
                     fmt::format("{} open, {} in quarantine", policy.status.open_patches,
                                 policy.status.quarantined_patches),
                     policy.status.quarantined_patches == 0});
  const std::string window = describe_window(policy.spec.windows, now);
  reasons.push_back({"window", window, !window.starts_with("closed")});
  add_conditions(policy.status.conditions, reasons);
  return explanation;
}

std::string render_explanation(const Explanation& explanation, const Style& style) {
  std::size_t width = 0;
  for (const auto& reason : explanation.reasons) width = std::max(width, reason.rule.size());
  std::string text = explanation.headline + "\n";
  for (const auto& reason : explanation.reasons) {
    const Sign sign = reason.met ? Sign::Good : Sign::Bad;
    text +=
        fmt::format("  {} {}   {}\n", style.paint(style.sign(sign), reason.met ? Colour::Green : Colour::Red),
                    pad(reason.rule, width), reason.observed);
  }
  if (!explanation.moved_by.empty()) text += fmt::format("What moves it: {}.\n", explanation.moved_by);
  if (!explanation.command.empty()) text += fmt::format("  {}\n", explanation.command);
  return text;
}

Json print_explanation(const Explanation& explanation) {
  Json reasons = Json::array();
  for (const auto& reason : explanation.reasons) {
    reasons.push_back({{"rule", reason.rule}, {"observed", reason.observed}, {"met", reason.met}});
  }
  return computed("Explanation", {{"summary", explanation.headline},
                                  {"reasons", reasons},
                                  {"movedBy", explanation.moved_by},
                                  {"command", explanation.command}});
}

}  // namespace patchwave::cli
