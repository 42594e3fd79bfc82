#include "controllers/node/drainer.hpp"

#include "controllers/node/cordon_patch.hpp"
#include "controllers/node/facts.hpp"

namespace patchwave::node {
namespace {

/// Kubelets and controllers write to nodes all the time; a few collisions in a row are chance.
constexpr int kMostTries = 5;

Result<void> write(const kube::Client& client, const Json& node, const target::GuardedPatch& patch) {
  const auto written = client.patch(kube::resources::kNodes, "", string_at(node, {"metadata", "name"}),
                                    kube::PatchType::Json, patch.operations());
  if (!written) return fail(written.error());
  return {};
}

}  // namespace

Heard hear(const Result<kube::EvictionAnswer>& answer) {
  if (!answer) {
    const Error& error = answer.error();
    const bool throttled = error.kind == ErrorKind::TooManyRequests;
    return {throttled ? drain::Answer::Throttled : drain::Answer::Failed, error.message, error.retry_after};
  }
  const auto heard = [&](drain::Answer what) { return Heard{what, answer->message, answer->retry_after}; };
  switch (answer->outcome) {
    case kube::Eviction::Started:
      return heard(drain::Answer::Started);
    case kube::Eviction::Gone:
      return heard(drain::Answer::Gone);
    case kube::Eviction::Blocked:
      return heard(drain::Answer::Blocked);
    case kube::Eviction::BudgetNotCurrent:
      return heard(drain::Answer::BudgetNotCurrent);
    case kube::Eviction::Misconfigured:
      return heard(drain::Answer::SeveralBudgets);
    case kube::Eviction::NamespaceTerminating:
      return heard(drain::Answer::NamespaceTerminating);
  }
  return heard(drain::Answer::Failed);
}

Result<drain::Step> drain_step(const kube::Client& client, const std::string& node, const drain::Order& order,
                               drain::Progress& progress, Time now) {
  const auto live = read_live(client, node);
  if (!live) return fail(live.error().within("reading node " + node));
  progress.forget_all_but(live->snapshot.pods);
  auto step = drain::next_step(order, live->snapshot, progress, now);
  if (step.cordon) {
    const auto written = write(client, *live->node, cordon_patch(*live->node, *step.cordon));
    if (!written && written.error().kind != ErrorKind::Conflict) return fail(written.error());
  }
  for (const auto& eviction : step.evictions) {
    auto heard = hear(client.evict(eviction.ns, eviction.name, eviction.uid, eviction.grace_seconds));
    const bool throttled = heard.answer == drain::Answer::Throttled;
    progress.learn(eviction.uid, heard.answer, std::move(heard.message), heard.retry_after, now);
    if (throttled) break;
  }
  return step;
}

Result<drain::Release> release(const kube::Client& client, const std::string& node, std::string_view owner) {
  for (int tries = 1;; ++tries) {
    const auto read = client.get(kube::resources::kNodes, "", node);
    if (!read && read.error().kind == ErrorKind::NotFound) return drain::Release::Nothing;
    if (!read) return fail(read.error());
    const auto release = drain::release_of(drain::read_cordon(*read), owner);
    if (release == drain::Release::Nothing) return release;
    const auto written = write(client, *read, release_patch(*read, owner));
    if (written) return release;
    if (written.error().kind != ErrorKind::Conflict || tries == kMostTries) return fail(written.error());
  }
}

}  // namespace patchwave::node
