#include "controllers/assembly/risk_metrics.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "controllers/api/codec.hpp"

namespace patchwave::assembly {
namespace {

using Samples = std::vector<std::pair<runtime::LabelValues, double>>;

std::vector<std::string> deadline_classes() {
  std::vector<std::string> words;
  for (int i = 0; i <= static_cast<int>(risk::DeadlineClass::None); ++i)
    words.emplace_back(risk::to_string(static_cast<risk::DeadlineClass>(i)));
  return words;
}

bool is_open(const api::Patch& patch) {
  return patch.status.risk && patch.status.phase != "Succeeded" && !patch.spec.fixes.empty();
}

}  // namespace

RiskMetrics::RiskMetrics(runtime::Metrics& metrics, const inventory::Stores& stores, const Clock& clock,
                         const ranking::Ranking& ranking)
    : stores_(stores),
      clock_(clock),
      ranking_(ranking),
      families_(metrics, deadline_classes()),
      before_scrape_(metrics.before_scrape([this] { count(); })) {}

void RiskMetrics::count() {
  Samples findings;
  for (const auto& [deadline, number] : ranking_.findings())
    findings.push_back({{std::string(risk::to_string(deadline))}, static_cast<double>(number)});
  Samples patches;
  std::map<std::string, double> overdue;
  std::map<std::string, double> nearest;
  const Time now = clock_.now();
  for (const auto& object : stores_.patches.list()) {
    const auto patch = api::parse_patch(*object);
    if (!patch || !is_open(*patch)) continue;
    const auto& ns = patch->metadata.ns;
    patches.push_back({{ns, patch->status.risk->deadline_class}, 1});
    overdue.try_emplace(ns, 0);
    if (!patch->status.deadline) continue;
    const double left = std::chrono::duration<double>(*patch->status.deadline - now).count();
    if (left < 0) overdue[ns] += 1;
    const auto [known, is_new] = nearest.try_emplace(ns, left);
    if (!is_new) known->second = std::min(known->second, left);
  }
  families_.findings.replace_all(findings);
  families_.patches.replace_all(patches);
  const auto samples = [](const std::map<std::string, double>& values) {
    Samples all;
    for (const auto& [ns, value] : values) all.push_back({{ns}, value});
    return all;
  };
  families_.overdue.replace_all(samples(overdue));
  families_.nearest.replace_all(samples(nearest));
}

}  // namespace patchwave::assembly
