#include "controllers/node/dry_run.hpp"

#include <fmt/format.h>

#include "controllers/node/drainer.hpp"

namespace patchwave::node {

DryRun dry_run(const kube::Client& client, const drain::ClusterFacts& cluster, const drain::Plan& plan,
               std::size_t most) {
  DryRun run;
  for (const auto* pod : drain::worth_asking(cluster, plan, most + 1)) {
    if (run.answers.size() == most) {
      run.incomplete = fmt::format("the API server was asked about {} pods, not about more", most);
      break;
    }
    const auto answer = client.evict(pod->ns, pod->name, pod->uid, std::nullopt, true);
    if (!answer && answer.error().kind == ErrorKind::Forbidden) {
      run.incomplete = "the API server was not asked, only its objects were read: " + answer.error().message;
      break;
    }
    auto heard = hear(answer);
    run.answers[pod->uid] = {heard.answer, std::move(heard.message)};
  }
  return run;
}

}  // namespace patchwave::node
