#include "controllers/wave/drain_report.hpp"

#include <set>

#include "controllers/node/dry_run.hpp"
#include "controllers/node/facts.hpp"

namespace patchwave::wave {
namespace {

/// Asked one after the other while other work waits for this worker.
constexpr std::size_t kMostQuestions = 50;

}  // namespace

Result<drain::Report> read_drain_report(const kube::Client& client, const node::Work& work) {
  const auto& spec = work.wave.spec;
  std::set<std::string> names;
  for (const auto& target : spec.targets) names.insert(target.name);
  const auto cluster = node::read_cluster_around(client, names);
  if (!cluster) return fail(cluster.error().within("reading what a drain would meet"));
  const drain::Plan plan{{names.begin(), names.end()},
                         spec.max_unavailable.of(static_cast<int>(names.size())),
                         node::drain_order(work, {}).policy};
  return drain::preflight(*cluster, plan, node::dry_run(client, *cluster, plan, kMostQuestions).answers);
}

}  // namespace patchwave::wave
