// What the record of a wave may say, and when.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controllers/api/codec.hpp"
#include "controllers/plan/windows.hpp"
#include "controllers/target/target.hpp"
#include "operator/base/time.hpp"
#include "tests/simulation/api_request.hpp"
#include "tests/simulation/invariants.hpp"

namespace patchwave::simulation {
namespace {

/// A decision takes effect within a call's time-out and its retries; a cache may lag this long behind an
/// edit.
constexpr std::chrono::seconds kDecisionAllowance{75};

const std::set<std::string>& terminal_phases() {
  static const std::set<std::string> phases{"Succeeded", "RolledBack", "RollbackFailed", "Cancelled"};
  return phases;
}

/// A stamp is the time of the decision that it goes with: before the write by what the decision's own reads
/// and their repeats take, and not after it by more than a Date is exact to and a request takes.
constexpr std::chrono::minutes kStampAge{6};
constexpr std::chrono::seconds kStampLead{2};

std::optional<Time> time_at(const Json& object, const char* field) {
  const std::string text = string_at(object, {field});
  const auto time = parse_time(text);
  return text.empty() || !time ? std::nullopt : std::optional(*time);
}

microseconds span_at(const Json& spec, const char* field) {
  return parse_duration(string_at(spec, {field})).value_or(milliseconds(0));
}

bool in_transition(const std::string& state) {
  return state == "Claimed" || state == "Canary" || state == "Promoting" || state == "RollingBack";
}

std::string named(const Json& target) {
  return fmt::format("{} {}/{}", string_at(target, {"kind"}), string_at(target, {"namespace"}),
                     string_at(target, {"name"}));
}

int transitions_in(const Json& wave) {
  int count = 0;
  for (const auto& target : array_at(wave, {"status", "targets"}))
    count += in_transition(string_at(target, {"state"}));
  return count;
}

const kube::Resource& resource_of(const std::string& kind) {
  if (kind == "StatefulSet") return resources::kStatefulSets;
  return kind == "DaemonSet" ? resources::kDaemonSets : resources::kDeployments;
}

bool is_quarantined(const ClusterState& state, const Json& wave) {
  const Snapshot patch =
      state.find(resources::kPatches, name_of(wave).ns, string_at(wave, {"spec", "patchRef", "name"}));
  const std::string digest = patch ? string_at(patch->json, {"status", "quarantine", "digest"}) : "";
  return !digest.empty() && digest == string_at(wave, {"status", "digest"});
}

bool approved(const ClusterState& state, const Json& wave) {
  for (const auto& [name, approval] : state.all(resources::kPatchApprovals)) {
    const Json& spec = approval->json["spec"];
    if (name.ns == name_of(wave).ns && string_at(spec, {"waveRef", "name"}) == name_of(wave).name &&
        string_at(spec, {"planHash"}) == string_at(wave, {"status", "planHash"}) &&
        string_at(spec, {"decision"}) == "Approve") {
      return true;
    }
  }
  return false;
}

}  // namespace

void Invariants::wave_written(const Change& change) {
  if (!change.before) return;
  const Json& before = change.before->json;
  const Json& wave = change.after->json;
  const std::string name = change.name.text();
  const std::string old_phase = string_at(before, {"status", "phase"});
  const std::string phase = string_at(wave, {"status", "phase"});
  // A patch that turns out harmful later is taken back also where it had succeeded.
  const bool taken_back =
      old_phase == "Succeeded" && phase == "RollingBack" && is_quarantined(cluster_.state, wave);
  if (terminal_phases().contains(old_phase) && phase != old_phase && !taken_back) {
    violated(fmt::format("wave {} left {} for {}: {}", name, old_phase, phase,
                         Json::diff(before["status"], wave["status"]).dump()));
  }
  const std::string digest = string_at(before, {"status", "digest"});
  if (!digest.empty() && old_phase != "Pending" && old_phase != "Waiting" &&
      string_at(wave, {"status", "digest"}) != digest) {
    violated(fmt::format("wave {} changed its digest under way", name));
  }
  if (phase == "Waiting" && find(wave, {"status", "hold"}) == nullptr) {
    violated(fmt::format("wave {} waits without a reason", name));
  }
  const Json* hold = find(wave, {"status", "hold"});
  if (hold != nullptr && string_at(*hold, {"reason"}).empty()) {
    violated(fmt::format("wave {} holds without a reason", name));
  }
  const Json* harm = find(wave, {"status", "harm"});
  if (harmless_ && harm != nullptr && find(before, {"status", "harm"}) == nullptr) {
    violated(fmt::format("wave {} found harm in a good patch: {}", name, harm->dump()));
  }
  if (!change.writer.late) check_times(change, before, wave);
  for (const auto& target : array_at(wave, {"status", "targets"})) {
    const Json* old = record_of(before, string_at(target, {"kind"}),
                                {string_at(target, {"namespace"}), string_at(target, {"name"})});
    target_moved(change, wave, old, target);
  }
  if (transitions_in(wave) > transitions_in(before)) check_budgets(change, wave);
  if (phase == "Succeeded" && old_phase != phase) {
    succeeded_.insert(change.name);
    check_success(change, wave);
  }
}

void Invariants::target_moved(const Change& change, const Json& wave, const Json* before, const Json& after) {
  const std::string old_state = before == nullptr ? "Pending" : string_at(*before, {"state"});
  const std::string state = string_at(after, {"state"});
  if (before != nullptr) {
    const Json& baseline = object_at(*before, {"before", "images"});
    const bool kept = string_at(*before, {"uid"}) == string_at(after, {"uid"}) && old_state != "Pending";
    if (kept && !baseline.empty() && object_at(after, {"before", "images"}) != baseline) {
      violated(fmt::format("the baseline of {} was overwritten: {} by {}", named(after), baseline.dump(),
                           object_at(after, {"before", "images"}).dump()));
    }
  }
  if (old_state == "Pending" && in_transition(state)) target_started(change, wave, after);
  const bool passed = (old_state == "Canary" && state == "Promoting") ||
                      (old_state == "Promoting" && state == "Promoted") ||
                      (old_state == "Canary" && state == "Canary" && (*before)["step"] != after["step"]);
  if (!passed) return;
  if (harmful_)
    violated(fmt::format("{} passed a step of wave {} on a patch that does harm", named(after),
                         change.name.text()));
  const auto ready = time_at(*before, "readySinceTime");
  if (!change.writer.late && ready &&
      cluster_.clock.now() + kStampLead < *ready + span_at(wave["spec"], "stepBake")) {
    violated(fmt::format("{} passed a step of wave {} that was ready only since {}", named(after),
                         change.name.text(), format_time(*ready)));
  }
}

/// By the cluster's own time, whatever the clock of the operator's machine says.
void Invariants::check_times(const Change& change, const Json& before, const Json& wave) {
  const Time now = cluster_.clock.now();
  const auto check_stamp = [&](const Json* was, const Json& is, const char* field) {
    const auto stamp = time_at(is, field);
    const bool anew = stamp && (was == nullptr || time_at(*was, field) != stamp);
    if (anew && (*stamp < now - kStampAge || *stamp > now + kStampLead)) {
      violated(fmt::format("wave {} was given {} {}", change.name.text(), field, format_time(*stamp)));
    }
  };
  for (const auto* field : {"startTime", "bakeStartTime", "completionTime"})
    check_stamp(&object_at(before, {"status"}), object_at(wave, {"status"}), field);
  for (const auto& target : array_at(wave, {"status", "targets"})) {
    const Json* old = record_of(before, string_at(target, {"kind"}),
                                {string_at(target, {"namespace"}), string_at(target, {"name"})});
    for (const auto* field : {"stateSinceTime", "readySinceTime", "unreadySinceTime"})
      check_stamp(old, target, field);
  }
  const auto baking = time_at(object_at(before, {"status"}), "bakeStartTime");
  const bool baked = string_at(before, {"status", "phase"}) == "Baking" &&
                     string_at(wave, {"status", "phase"}) == "Succeeded";
  const auto& targets = array_at(wave, {"status", "targets"});
  const bool promoted = std::any_of(targets.begin(), targets.end(), [](const Json& target) {
    return string_at(target, {"state"}) == "Promoted";
  });
  if (baked && promoted && baking && now + kStampLead < *baking + span_at(wave["spec"], "bake")) {
    violated(
        fmt::format("wave {} ended its bake early: it began {}", change.name.text(), format_time(*baking)));
  }
}

Snapshot Invariants::wave_behind(const http::Request& request) const {
  const auto target = parse_target(request.target);
  if (!target) return nullptr;
  std::string kind = target->resource->kind;
  std::string name = target->name;
  if (*target->resource == resources::kPods) {
    const Snapshot pod = cluster_.state.find(resources::kPods, target->ns, target->name);
    if (!pod) return nullptr;
    for (const auto& owner : array_at(pod->json, {"metadata", "ownerReferences"})) {
      kind = string_at(owner, {"kind"});
      name = string_at(owner, {"name"});
    }
  }
  for (const auto& [wave_name, wave] : cluster_.state.all(resources::kPatchWaves)) {
    for (const auto& record : array_at(wave->json, {"status", "targets"})) {
      const std::string own = string_at(record, {"name"});
      if (record["kind"] == kind && record["namespace"] == target->ns &&
          (own == name || target::canary_name(own) == name) && in_transition(string_at(record, {"state"}))) {
        return wave;
      }
    }
  }
  return nullptr;
}

void Invariants::sent(const http::Request& request) {
  if (refused_since_.empty()) return;
  const auto target = parse_target(request.target);
  if (!target || *target->resource != resources::kPatchWaves || target->subresource != "status") return;
  const Json body = Json::parse(request.body, nullptr, false);
  if (!string_at(body, {"status", "hold", "reason"}).empty())
    refused_since_.erase({target->ns, target->name});
}

/// The record says why the wave does not move, at the latest after a few tries.
void Invariants::refused(const http::Request& request) {
  const Snapshot wave = wave_behind(request);
  if (!wave) return;
  const auto name = name_of(wave->json);
  if (!string_at(wave->json, {"status", "hold", "reason"}).empty()) {
    refused_since_.erase(name);
    return;
  }
  const Time now = cluster_.clock.now();
  const Time since = refused_since_.try_emplace(name, now).first->second;
  if (now - since > kDecisionAllowance) {
    violated(fmt::format("writes of wave {} are refused since {}, and no hold says so", name.text(),
                         format_time(since)));
  }
}

void Invariants::target_started(const Change& change, const Json& wave, const Json& target) {
  const std::string what = fmt::format("wave {} started {}", change.name.text(), named(target));
  const Json& spec = wave["spec"];
  if (object_at(target, {"before", "images"}).empty()) violated(what + " without a baseline on record");
  for (const auto& predecessor : array_at(spec, {"after"})) {
    const Snapshot other =
        cluster_.state.find(resources::kPatchWaves, change.name.ns, predecessor.get<std::string>());
    // One that had succeeded and was then deleted by somebody has done what it is for; a cache shows its
    // successor of the same name a while later.
    const bool made_anew = other && time_at(object_at(other->json, {"metadata"}), "creationTimestamp") >
                                        cluster_.clock.now() - kDecisionAllowance;
    const bool gone_after =
        (!other || made_anew) && succeeded_.contains({change.name.ns, predecessor.get<std::string>()});
    if (!gone_after && (!other || string_at(other->json, {"status", "phase"}) != "Succeeded")) {
      violated(fmt::format("{} before {} had succeeded ({})", what, predecessor.get<std::string>(),
                           other ? string_at(other->json, {"status", "phase"}) : "it does not exist"));
    }
  }
  if (string_at(spec, {"approval"}) == "Required" && !approved(cluster_.state, wave))
    violated(what + " without approval");
  if (string_at(spec, {"mode"}) == "Observe") violated(what + " in mode Observe");
  if (change.writer.late) return;
  const auto parsed = api::parse_wave(wave);
  if (!parsed) {
    violated(what + " with a spec that does not parse: " + parsed.error().message);
    return;
  }
  const Time now = cluster_.clock.now();
  const auto& windows = parsed->spec.windows;
  const auto open_at = [&](Time time) { return plan::window_state(windows, time).open; };
  if (!open_at(now) && !open_at(now + kStampLead) && !open_at(now - kDecisionAllowance)) {
    violated(what + " outside its windows");
  }
  if (is_quarantined(cluster_.state, wave)) violated(what + " with a quarantined digest");
}

void Invariants::check_budgets(const Change& change, const Json& wave) {
  const auto parsed = api::parse_wave(wave);
  if (!parsed) return;
  const int own = transitions_in(wave);
  if (own > parsed->spec.max_unavailable.of(static_cast<int>(parsed->spec.targets.size()))) {
    violated(
        fmt::format("wave {} has {} targets in transition, over its own budget", change.name.text(), own));
  }
  const Snapshot policy = cluster_.state.find(resources::kPatchPolicies, change.name.ns, parsed->spec.policy);
  const Json* budget = policy ? find(policy->json, {"spec", "disruption", "maxUnavailable"}) : nullptr;
  if (budget == nullptr || !budget->is_number_integer()) return;
  int total = 0;
  for (const auto& [name, other] : cluster_.state.all(resources::kPatchWaves)) {
    if (name.ns == change.name.ns &&
        string_at(other->json, {"spec", "policyRef", "name"}) == parsed->spec.policy) {
      total += transitions_in(other->json);
    }
  }
  if (total > budget->get<int>()) {
    violated(fmt::format("policy {} has {} targets in transition, its budget is {}", parsed->spec.policy,
                         total, budget->get<int>()));
  }
}

void Invariants::check_success(const Change& change, const Json& wave) {
  const std::string image = string_at(wave, {"status", "image"});
  for (const auto& target : array_at(wave, {"status", "targets"})) {
    if (string_at(target, {"state"}) != "Promoted") continue;
    const Snapshot workload =
        cluster_.state.find(resource_of(string_at(target, {"kind"})), string_at(target, {"namespace"}),
                            string_at(target, {"name"}));
    if (!workload || uid_of(workload->json) != string_at(target, {"uid"})) continue;
    for (const auto& container : array_at(workload->json, {"spec", "template", "spec", "containers"})) {
      if (find(target, {"before", "images", container["name"].get_ref<const std::string&>()}) == nullptr)
        continue;
      if (container["image"] != image && !foreign_writes_) {
        violated(fmt::format("wave {} succeeded while {} runs {}", change.name.text(), named(target),
                             string_at(container, {"image"})));
      }
    }
  }
}

}  // namespace patchwave::simulation
