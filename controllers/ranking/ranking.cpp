#include "controllers/ranking/ranking.hpp"

#include <utility>

#include "controllers/api/codec.hpp"

namespace patchwave::ranking {
namespace {

/// Of a condition, what its writer fills in later does not count.
bool says(const std::vector<api::Condition>& conditions, const api::Condition& wanted) {
  const auto* found = api::find_condition(conditions, wanted.type);
  return found != nullptr && found->status == wanted.status && found->reason == wanted.reason &&
         found->message == wanted.message;
}

std::optional<Outdated> outdated(const api::Patch& patch, const AssessedPatch& assessed) {
  const auto& report = assessed.report;
  auto ranked = patch.status.risk;
  if (ranked && report.risk) ranked->rank = report.risk->rank;
  const bool same = ranked == report.risk && patch.status.deadline == report.deadline &&
                    says(patch.status.conditions, report.condition);
  if (same && patch.status.risk == report.risk) return std::nullopt;
  return Outdated{assessed.key, same};
}

}  // namespace

Ranking::Ranking(Knowledge knowledge, const inventory::Stores& stores, const Clock& clock,
                 std::string operator_namespace)
    : with_(std::move(knowledge)),
      stores_(stores),
      clock_(clock),
      operator_namespace_(std::move(operator_namespace)) {
  if (with_.model == nullptr) with_.model = &risk::built_in_threat_model();
}

void Ranking::inventory_changed() {
  const std::scoped_lock lock(mutex_);
  inventory_is_old_ = true;
}

const ImageCircumstances& Ranking::circumstances() {
  bool old = false;
  {
    const std::scoped_lock lock(mutex_);
    // Before it is read: what changes meanwhile makes it old again.
    old = std::exchange(inventory_is_old_, false);
  }
  if (old || !circumstances_) circumstances_ = std::make_unique<ImageCircumstances>(stores_);
  return *circumstances_;
}

std::vector<Outdated> Ranking::refresh() {
  if (!has_feeds()) return {};
  const auto feeds = with_.feeds();
  if (!feeds.all_tried()) return {};
  const Basis basis{feeds, *with_.model, with_.rules, clock_.now()};
  const ImageCircumstances& images = circumstances();
  std::map<std::string, api::Patch> patches;
  std::vector<AssessedPatch> assessed;
  for (const auto& object : stores_.patches.list()) {
    auto patch = api::parse_patch(*object);
    if (!patch || patch->metadata.deletion_time) continue;
    const std::string scope = patch->metadata.ns == operator_namespace_ ? "" : patch->metadata.ns;
    const auto& pool = patch->spec.node_pool;
    const auto where = pool.empty() ? images.of(scope, patch->spec.image) : circumstances_of_nodes(pool);
    assessed.push_back(assess_patch(*patch, where, basis));
    patches.emplace(assessed.back().key, std::move(*patch));
  }
  put_in_order(assessed);
  std::vector<Outdated> changed;
  std::map<std::string, Entry> entries;
  std::map<risk::DeadlineClass, std::size_t> findings;
  for (auto& each : assessed) {
    if (auto old = outdated(patches.at(each.key), each)) changed.push_back(std::move(*old));
    for (const auto& [deadline, count] : each.findings) findings[deadline] += count;
    entries.emplace(each.key, Entry{each.uid, std::move(each.report)});
  }
  const std::scoped_lock lock(mutex_);
  entries_ = std::move(entries);
  findings_ = std::move(findings);
  return changed;
}

std::optional<api::RiskReport> Ranking::report_of(const api::Patch& patch) const {
  if (!has_feeds()) return without_feeds();
  const std::scoped_lock lock(mutex_);
  const auto entry = entries_.find(patch.metadata.ns + "/" + patch.metadata.name);
  if (entry == entries_.end() || entry->second.uid != patch.metadata.uid) return std::nullopt;
  return entry->second.report;
}

std::map<risk::DeadlineClass, std::size_t> Ranking::findings() const {
  const std::scoped_lock lock(mutex_);
  return findings_;
}

}  // namespace patchwave::ranking
