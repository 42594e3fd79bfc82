#include "controllers/wave/evidence.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/api/statistical_gate.hpp"
#include "controllers/judge/alpha.hpp"
#include "controllers/judge/node.hpp"
#include "controllers/wave/node_progress.hpp"
#include "controllers/wave/preflight.hpp"
#include "controllers/wave/progress.hpp"
#include "operator/base/time.hpp"

namespace patchwave::wave {
namespace {

using api::TargetState;
using api::WavePhase;

// How many workloads are asked about before the start: enough to see that a gate is bad already.
constexpr std::size_t kPreflightTargets = 20;
// How far back scrapes are counted: twice over for any interval that is in use.
constexpr milliseconds kLongestScrapeSpan = std::chrono::minutes(15);
// A gate that is wrong more often than this is none.
constexpr double kMostAlpha = 0.05;

bool is_watched(const api::PatchWave& wave, const api::TargetStatus& record) {
  if (wave.status.phase == WavePhase::Baking) return record.state == TargetState::Promoted;
  return wave.status.phase == WavePhase::Running &&
         (record.state == TargetState::Canary || record.state == TargetState::Patching ||
          record.state == TargetState::Promoting);
}

judge::NodeEvidence node_evidence(const api::TargetStatus& record, const node::Observation& seen, Time now) {
  judge::NodeEvidence evidence;
  evidence.target = text_of(record.target);
  // A Job that nothing has run has booted nothing.
  const bool begun = record.node && (record.node->started || seen.job.started || !seen.ready);
  const bool rebooting =
      record.state == TargetState::Patching && begun && record.node->step == api::NodeStep::Reboot;
  evidence.stage = rebooting                               ? judge::NodeEvidence::Stage::Rebooting
                   : record.state == TargetState::Patching ? judge::NodeEvidence::Stage::Working
                                                           : judge::NodeEvidence::Stage::Returned;
  evidence.step_failure = step_failure(record, seen, now);
  evidence.ready = seen.ready;
  evidence.ready_since = record.ready_since_time;
  evidence.unready_since = record.unready_since_time;
  return evidence;
}

// The worst container speaks for its pod.
const kube::ContainerView* worst_container(const kube::PodView& pod) {
  const auto waiting = std::find_if(pod.containers.begin(), pod.containers.end(), [](const auto& container) {
    return !container.waiting_reason.empty() && container.waiting_reason != "PodInitializing" &&
           container.waiting_reason != "ContainerCreating";
  });
  if (waiting != pod.containers.end()) return &*waiting;
  const auto ended = std::find_if(pod.containers.begin(), pod.containers.end(),
                                  [](const auto& container) { return !container.terminated_reason.empty(); });
  return ended != pod.containers.end() ? &*ended : nullptr;
}

judge::PodEvidence pod_evidence(const target::ObservedPod& observed) {
  judge::PodEvidence evidence;
  evidence.name = observed.pod.name;
  evidence.patched = observed.patched;
  evidence.terminating = observed.pod.terminating;
  evidence.creation_time = observed.pod.creation_time;
  evidence.ready_since = observed.pod.ready_since;
  for (const auto& container : observed.pod.containers) evidence.restarts += container.restarts;
  if (const auto* worst = worst_container(observed.pod)) {
    evidence.waiting_reason = worst->waiting_reason;
    evidence.waiting_message = worst->waiting_message;
    evidence.terminated_reason = worst->terminated_reason;
  }
  return evidence;
}

judge::QueryEvidence as_evidence(Result<prometheus::QueryAnswer> answer) {
  judge::QueryEvidence evidence;
  if (!answer) {
    // What Prometheus refuses, or answers too much to, is the gate's fault and stays so; anything else is an
    // outage.
    const auto failure = prometheus::failure_of(answer.error());
    const bool rejected =
        failure == prometheus::QueryFailure::Rejected || failure == prometheus::QueryFailure::TooLarge;
    evidence.state =
        rejected ? judge::QueryEvidence::State::Rejected : judge::QueryEvidence::State::Unreachable;
    evidence.error = answer.error().message;
    return evidence;
  }
  evidence.state = judge::QueryEvidence::State::Answered;
  for (auto& series : answer->series) {
    judge::Series converted{std::move(series.labels), {}};
    for (const auto& sample : series.samples) converted.samples.push_back({sample.time, sample.value});
    evidence.series.push_back(std::move(converted));
  }
  return evidence;
}

std::string escape(std::string_view value) {
  std::string escaped;
  for (const char character : value) {
    if (character == '\\' || character == '"') escaped += '\\';
    escaped += character;
  }
  return escaped;
}

judge::WaveScope scope_of(const Snapshot& snapshot, std::size_t index) {
  const auto& target = snapshot.wave.spec.targets[index];
  if (target.kind == api::TargetKind::Node) return {{}, {}, {}, {target.name}};
  judge::WaveScope scope{{target.ns}, {target.name, target::canary_name(target.name)}, {}};
  if (const auto observed = snapshot.observed.find(index); observed != snapshot.observed.end()) {
    for (const auto& pod : observed->second.seen.pods) scope.pods.push_back(pod.pod.name);
  }
  return scope;
}

// Successful scrapes of each of the workload's pods over `span`: `up` is 1 for each.
std::string scrapes_query(const WorkloadPods& workload, milliseconds span) {
  return fmt::format("max by (pod) (sum_over_time(up{{{}}}[{}ms]))", matchers_of(workload), span.count());
}

// At least three samples over `for`, one an interval, the last of them now: what is not seen to its end is
// no evidence.
milliseconds threshold_step(const api::GateSpec& gate) {
  const auto hold_for = gate.threshold->hold_for;
  const auto samples =
      std::max<std::int64_t>(3, (hold_for + gate.interval - milliseconds(1)) / gate.interval);
  return std::max(hold_for / samples, milliseconds(100));
}

// A statistical verdict on a promotion that is over is one on history, which does not change.
bool stands(const api::PatchWave& wave, const api::GateSpec& gate, const judge::Finding& finding) {
  return wave.status.phase == WavePhase::Baking && api::is_statistical(gate) &&
         finding.verdict != api::Verdict::Undecided;
}

// No more than Prometheus gives in one answer (11,000 a series).
milliseconds alerts_step(const api::GateSpec& gate, microseconds range) {
  return std::max(gate.interval, std::chrono::ceil<milliseconds>(range / 5000));
}

}  // namespace

double alpha_of(const api::PatchWaveSpec& spec, const api::GateSpec& gate, const GateSettings& settings) {
  const auto gates = static_cast<int>(std::ranges::count_if(spec.gates, api::is_statistical));
  const double alpha = gate.alpha.value_or(std::min(
      kMostAlpha,
      judge::alpha_per_gate(settings.false_rollbacks_per_year, settings.waves_per_year, std::max(gates, 1))));
  return judge::weighted_alpha(alpha, 1, static_cast<double>(std::max<std::size_t>(spec.targets.size(), 1)));
}

judge::TargetEvidence pod_evidence(const api::TargetStatus& record, const target::Observation& seen,
                                   const std::set<std::string>& lost_nodes) {
  judge::TargetEvidence evidence;
  evidence.target = text_of(record.target);
  evidence.since = record.state_since_time.value_or(Time());
  evidence.wanted_patched = seen.wanted_patched;
  evidence.awaiting_us = seen.awaiting_us;
  evidence.step_complete = record.state == TargetState::Canary ? seen.step_complete : seen.complete;
  evidence.incomplete_since = record.unready_since_time;
  for (const auto& pod : seen.pods) {
    evidence.pods.push_back(pod_evidence(pod));
    evidence.pods.back().node_ready = !lost_nodes.contains(pod.pod.node);
  }
  return evidence;
}

std::string fill_in(std::string_view query, const api::PatchWave& wave, const api::WaveTarget& target,
                    std::string_view image) {
  // What a target has not is left as it is: an empty name would ask about everything.
  const bool node = target.kind == api::TargetKind::Node;
  const std::array<std::pair<std::string_view, std::string>, 5> values = {
      {{"{{namespace}}", node ? "{{namespace}}" : escape(target.ns)},
       {"{{workload}}", node ? "{{workload}}" : escape(target.name)},
       {"{{node}}", node ? escape(target.name) : "{{node}}"},
       {"{{wave}}", escape(wave.metadata.name)},
       {"{{image}}", escape(image)}}};
  std::string filled(query);
  for (const auto& [name, value] : values) {
    for (auto at = filled.find(name); at != std::string::npos; at = filled.find(name, at + value.size())) {
      filled.replace(at, name.size(), value);
    }
  }
  return filled;
}

std::optional<Time> GateKeeper::judge_targets(Snapshot& snapshot, Time now) {
  std::optional<Time> next;
  const auto& wave = snapshot.wave;
  for (const auto& [index, observed] : snapshot.observed) {
    if (index >= wave.status.targets.size() || !is_watched(wave, wave.status.targets[index])) continue;
    const auto& record = wave.status.targets[index];
    const bool baking = wave.status.phase == WavePhase::Baking;
    const Time since = (baking ? wave.status.bake_start_time : record.state_since_time).value_or(now);
    snapshot.findings.push_back(judge_by_kubernetes(snapshot, index, since, now));
    if (record.state == TargetState::Patching) continue;
    for (const auto& gate : wave.spec.gates) {
      const Look look{index, since, baking ? since : record.ready_since_time};
      snapshot.findings.push_back({gate.name, index, remembered_or_ask(snapshot, gate, look, now, next)});
    }
  }
  return next;
}

GateFinding GateKeeper::judge_by_kubernetes(const Snapshot& snapshot, std::size_t index, Time since,
                                            Time now) const {
  const auto& wave = snapshot.wave;
  const auto& record = wave.status.targets[index];
  const auto& observed = snapshot.observed.at(index);
  if (observed.node) {
    auto evidence = node_evidence(record, observed.node->seen, now);
    evidence.since = since;
    evidence.watched_since = snapshot.watching_since;
    judge::NodeLimits limits;
    limits.step_bake = wave.spec.step_bake;
    limits.progress_deadline = wave.spec.progress_deadline;
    return {"node", index, judge::judge_node(evidence, limits, now)};
  }
  auto evidence = pod_evidence(record, observed.seen, snapshot.lost_nodes);
  evidence.since = since;
  evidence.watched_since = std::max(snapshot.watching_since, observed.evicted_time);
  return {"pods", index, judge::judge_pods(evidence, pod_limits(wave.spec), now)};
}

std::optional<Time> GateKeeper::judge_before_start(Snapshot& snapshot, Time now) {
  if (hold_before_start(snapshot, now)) return std::nullopt;
  std::optional<Time> next;
  const auto targets = std::min(snapshot.wave.spec.targets.size(), kPreflightTargets);
  for (const auto& gate : snapshot.wave.spec.gates) {
    if (!gate.threshold) continue;
    for (std::size_t index = 0; index < targets; ++index) {
      // Well before the window of the query, which alone says how much is asked for.
      const auto since = now - 2 * gate.threshold->hold_for;
      snapshot.findings.push_back({gate.name, index, ask_threshold(snapshot, gate, index, since, now)});
    }
    next = now + gate.interval;
  }
  return next;
}

judge::PodLimits GateKeeper::pod_limits(const api::PatchWaveSpec& spec) const {
  judge::PodLimits limits;
  limits.step_bake = spec.step_bake;
  limits.progress_deadline = spec.progress_deadline;
  limits.pull_deadline = limits_.pull_deadline;
  limits.max_restarts = limits_.max_restarts;
  return limits;
}

void GateKeeper::forget(const std::string& wave_uid) {
  const std::scoped_lock lock(mutex_);
  remembered_.erase(wave_uid);
  scraped_.erase(wave_uid);
}

Time GateKeeper::due_again(const api::GateSpec& gate, const Remembered& known) const {
  const auto due = known.asked + std::max(gate.interval, limits_.least_interval);
  if (!known.finding.decides_time) return due;
  return std::min(due, std::max(*known.finding.decides_time, known.asked + limits_.least_interval));
}

judge::Finding GateKeeper::remembered_or_ask(const Snapshot& snapshot, const api::GateSpec& gate,
                                             const Look& look, Time now, std::optional<Time>& next) {
  const std::pair question{gate.name, look.index};
  const auto look_again_at = [&](Time due) {
    if (!next || due < *next) next = due;
  };
  {
    const std::scoped_lock lock(mutex_);
    auto& known = remembered_[snapshot.wave.metadata.uid];
    const auto found = known.find(question);
    const bool is_known = found != known.end() && found->second.look == look;
    if (is_known && stands(snapshot.wave, gate, found->second.finding)) return found->second.finding;
    if (is_known && now < due_again(gate, found->second)) {
      look_again_at(due_again(gate, found->second));
      return found->second.finding;
    }
  }
  const Remembered asked{now, look, ask(snapshot, gate, look, now)};
  if (on_finding) on_finding(snapshot.wave, gate, asked.finding);
  look_again_at(due_again(gate, asked));
  const std::scoped_lock lock(mutex_);
  remembered_[snapshot.wave.metadata.uid].insert_or_assign(question, asked);
  return asked.finding;
}

judge::Finding GateKeeper::ask(const Snapshot& snapshot, const api::GateSpec& gate, const Look& look,
                               Time now) {
  auto finding = gate.threshold              ? ask_threshold(snapshot, gate, look.index, look.since, now)
                 : api::is_statistical(gate) ? ask_statistics(snapshot, gate, look.index, now)
                                             : ask_alerts(snapshot, gate, look.index, now);
  if (finding.verdict != api::Verdict::Pass) return finding;
  // What was measured before every copy of the step was ready speaks for the old copies.
  const auto hold_for = gate.threshold ? gate.threshold->hold_for : milliseconds(0);
  if (!look.ready_since || now < *look.ready_since + hold_for) {
    finding.verdict = api::Verdict::Undecided;
    finding.message = hold_for == milliseconds(0)
                          ? "well so far, but not every copy of the step is ready"
                          : fmt::format("well so far, but not yet {} since every copy of the step is ready",
                                        format_duration(hold_for));
    if (look.ready_since) finding.decides_time = *look.ready_since + hold_for;
    return finding;
  }
  // While baking, the gates of the promotion have seen every copy already; and a node has no copies.
  if (gate.alerts || snapshot.observed.at(look.index).node || snapshot.wave.status.phase == WavePhase::Baking)
    return finding;
  const auto scrapes = ask_scrapes(snapshot, look.index, {*look.ready_since, now - hold_for});
  return judge::after_scrapes(std::move(finding), scrapes, limits_.scrape_delay);
}

judge::ScrapeEvidence GateKeeper::ask_scrapes(const Snapshot& snapshot, std::size_t index, judge::Span span) {
  judge::ScrapeEvidence evidence;
  evidence.span = span;
  const auto& pods = snapshot.observed.at(index).seen.pods;
  for (const auto& observed : pods) {
    const bool stays = observed.patched && !observed.pod.terminating;
    (stays ? evidence.patched : evidence.others).push_back(observed.pod.name);
  }
  const WorkloadPods workload{snapshot.wave.spec.targets[index], pods, span.begin, span.end};
  const auto count = [&](milliseconds over) {
    return as_evidence(prometheus_->query(scrapes_query(workload, over), span.end, stop_));
  };
  const auto asked = std::clamp(std::chrono::floor<milliseconds>(span.end - span.begin), milliseconds(1),
                                kLongestScrapeSpan);
  evidence.scrapes = count(asked);
  evidence.scraped_lately = !evidence.scrapes.series.empty() || is_known_to_be_scraped(snapshot, index);
  if (!evidence.scraped_lately) {
    const auto lately = count(kLongestScrapeSpan);
    if (lately.state != judge::QueryEvidence::State::Answered) evidence.scrapes = lately;
    evidence.scraped_lately = !lately.series.empty();
  }
  // One replica of Prometheus that has lost its past must not make it one that is measured elsewhere.
  if (evidence.scraped_lately) remember_scraped(snapshot, index);
  return evidence;
}

bool GateKeeper::is_known_to_be_scraped(const Snapshot& snapshot, std::size_t index) const {
  const std::scoped_lock lock(mutex_);
  const auto known = scraped_.find(snapshot.wave.metadata.uid);
  return known != scraped_.end() && known->second.contains(index);
}

void GateKeeper::remember_scraped(const Snapshot& snapshot, std::size_t index) {
  const std::scoped_lock lock(mutex_);
  scraped_[snapshot.wave.metadata.uid].insert(index);
}

judge::Finding GateKeeper::ask_threshold(const Snapshot& snapshot, const api::GateSpec& gate,
                                         std::size_t index, Time since, Time now) {
  judge::QueryEvidence evidence;
  evidence.error = "no Prometheus is configured (`prometheus.url`)";
  if (prometheus_ != nullptr) {
    const auto query =
        fill_in(gate.threshold->query, snapshot.wave, snapshot.wave.spec.targets[index], image_of(snapshot));
    const auto begin = std::max(since, now - gate.threshold->hold_for);
    evidence =
        as_evidence(begin < now ? prometheus_->query_range(query, begin, now, threshold_step(gate), stop_)
                                : prometheus_->query(query, now, stop_));
  }
  return judge::judge_threshold(gate, evidence, since, now);
}

judge::Finding GateKeeper::ask_statistics(const Snapshot& snapshot, const api::GateSpec& gate,
                                          std::size_t index, Time now) {
  if (prometheus_ == nullptr) {
    return {api::Verdict::Undecided, judge::Absence::TelemetryUnavailable,
            "no Prometheus is configured (`prometheus.url`)", "", std::nullopt};
  }
  const auto& wave = snapshot.wave;
  const auto& target = wave.spec.targets[index];
  auto filled = gate;
  filled.alpha = alpha_of(wave.spec, gate, limits_);
  const auto fill = [&](std::string& selector) {
    selector = fill_in(selector, wave, target, image_of(snapshot));
  };
  if (filled.counter) fill(filled.counter->events);
  if (filled.counter) fill(filled.counter->exposure);
  if (filled.histogram) fill(filled.histogram->metric);
  if (filled.gauge) fill(filled.gauge->metric);
  // Once all is patched there is nothing to compare with: what the promotion showed stands.
  const bool baking = wave.status.phase == WavePhase::Baking;
  const auto end = baking ? wave.status.targets[index].state_since_time.value_or(now) : now;
  const WorkloadPods workload{target, snapshot.observed.at(index).seen.pods,
                              std::min(wave.status.start_time.value_or(end), end), end};
  return judge_statistics(filled, workload, [this](const std::string& promql, Time time) {
    return prometheus_->query(promql, time, stop_);
  });
}

judge::Finding GateKeeper::ask_alerts(const Snapshot& snapshot, const api::GateSpec& gate, std::size_t index,
                                      Time now) {
  judge::QueryEvidence before;
  before.error = "no Prometheus is configured (`prometheus.url`)";
  judge::QueryEvidence during = before;
  // Since the wave began, not the step: what began to fire in an earlier step still counts.
  const auto& status = snapshot.wave.status;
  auto since = status.start_time.value_or(now);
  // That a node is away while it is drained and booted anew is no news.
  if (snapshot.observed.at(index).node) since = status.targets[index].state_since_time.value_or(now);
  if (prometheus_ != nullptr) {
    const auto query = fmt::format(
        "ALERTS{{alertstate=\"firing\",{}}}",
        fill_in(gate.alerts->match, snapshot.wave, snapshot.wave.spec.targets[index], image_of(snapshot)));
    before = as_evidence(prometheus_->query(query, since, stop_));
    during = as_evidence(
        since < now ? prometheus_->query_range(query, since, now, alerts_step(gate, now - since), stop_)
                    : prometheus_->query(query, now, stop_));
  }
  return judge::judge_alerts(gate, before, during, scope_of(snapshot, index), since, now);
}

}  // namespace patchwave::wave
