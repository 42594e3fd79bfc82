#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "controllers/judge/judge.hpp"
#include "controllers/judge/words.hpp"

namespace patchwave::judge {
namespace {

using Labels = std::map<std::string, std::string>;

constexpr std::size_t kMostNamed = 3;
/// Prometheus rounds times to milliseconds.
constexpr milliseconds kQueryTimeGrain{1};
constexpr std::array<std::string_view, 4> kWorkloadLabels = {"deployment", "statefulset", "daemonset",
                                                             "workload"};

std::string label(const Labels& labels, std::string_view key) {
  const auto found = labels.find(std::string(key));
  return found == labels.end() ? "" : found->second;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool touches(const WaveScope& scope, const Labels& labels) {
  if (!scope.nodes.empty()) {
    const auto node = label(labels, "node");
    return node.empty() || contains(scope.nodes, node);
  }
  const auto ns = label(labels, "namespace");
  if (ns.empty()) return true;
  if (!contains(scope.namespaces, ns)) return false;
  const auto pod = label(labels, "pod");
  if (!pod.empty() && !contains(scope.pods, pod)) return false;
  return std::ranges::all_of(kWorkloadLabels, [&](std::string_view key) {
    const auto workload = label(labels, key);
    return workload.empty() || contains(scope.workloads, workload);
  });
}

// What makes an alert the same alert: all its labels but those of the ALERTS series itself.
Labels identity(Labels labels) {
  labels.erase("__name__");
  labels.erase("alertstate");
  return labels;
}

bool fired_within(const Series& series, Time from, Time to) {
  return std::ranges::any_of(series.samples, [&](const Sample& sample) {
    return sample.time >= from && sample.time <= to && std::isfinite(sample.value) && sample.value > 0;
  });
}

std::vector<Labels> in_scope_since(const QueryEvidence& during, const WaveScope& scope, Time since,
                                   Time now) {
  std::vector<Labels> alerts;
  for (const auto& series : during.series) {
    if (touches(scope, series.labels) && fired_within(series, since, now + kQueryTimeGrain)) {
      alerts.push_back(identity(series.labels));
    }
  }
  return alerts;
}

Finding undecided(Absence absence, std::string message) {
  return {Verdict::Undecided, absence, std::move(message), "", std::nullopt};
}

Finding unanswered(const QueryEvidence& evidence) {
  if (evidence.state == QueryEvidence::State::Rejected) {
    return undecided(Absence::NoData, "Prometheus refuses the query for alerts: " + evidence.error);
  }
  return undecided(Absence::TelemetryUnavailable, "Prometheus does not answer: " + evidence.error);
}

std::string name_some(const std::vector<Labels>& alerts) {
  std::string text;
  for (std::size_t i = 0; i < std::min(alerts.size(), kMostNamed); ++i) {
    text += fmt::format("{}{}{}", i == 0 ? "" : ", ", label(alerts[i], "alertname"),
                        print_labels(alerts[i], "alertname"));
  }
  if (alerts.size() > kMostNamed) text += fmt::format(" and {} more", alerts.size() - kMostNamed);
  return text;
}

Finding quiet(const api::GateSpec& gate, std::size_t old_alerts, Time since, Time now) {
  if (now - since < gate.interval) {
    auto finding = undecided(Absence::None, "no new alert yet; the alert rules get an interval to fire in");
    finding.decides_time = since + gate.interval;
    return finding;
  }
  auto words = fmt::format("no new alert for {}", print_span(now - since));
  if (old_alerts > 0) words += fmt::format("; {} fired before the change already", old_alerts);
  return {Verdict::Pass, Absence::None, std::move(words), "", std::nullopt};
}

}  // namespace

Finding judge_alerts(const api::GateSpec& gate, const QueryEvidence& before, const QueryEvidence& during,
                     const WaveScope& scope, Time since, Time now) {
  if (during.state != QueryEvidence::State::Answered) return unanswered(during);
  auto alerts = in_scope_since(during, scope, since, now);
  if (alerts.empty()) return quiet(gate, 0, since, now);
  // Without knowing what fired before, none of them is known to be new.
  if (before.state != QueryEvidence::State::Answered) return unanswered(before);

  std::set<Labels> old;
  for (const auto& series : before.series) {
    if (fired_within(series, Time::min(), since + kQueryTimeGrain)) old.insert(identity(series.labels));
  }
  const auto firing = alerts.size();
  std::erase_if(alerts, [&](const Labels& alert) { return old.contains(alert); });
  if (alerts.empty()) return quiet(gate, firing, since, now);
  return {Verdict::Harm, Absence::None,
          fmt::format("{} fired after the change and did not before it", name_some(alerts)), "",
          std::nullopt};
}

}  // namespace patchwave::judge
