#include "controllers/patch/pullers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controllers/api/common.hpp"
#include "controllers/plan/plan.hpp"
#include "operator/base/json.hpp"

namespace patchwave::patch {
namespace {

bool runs(const Json& pod, const std::string& repository) {
  return std::ranges::any_of(std::array{"initContainers", "containers"}, [&](const char* list) {
    return std::ranges::any_of(array_at(pod, {list}), [&](const Json& container) {
      const auto image = plan::parse_image(string_at(container, {"image"}));
      return image && image->repository == repository;
    });
  });
}

Puller puller_of(const std::string& kind, const Json& workload, const Json& pod) {
  Puller puller;
  puller.ns = string_at(workload, {"metadata", "namespace"});
  puller.workload = fmt::format("{} {}/{}", kind, puller.ns, string_at(workload, {"metadata", "name"}));
  for (const auto& reference : array_at(pod, {"imagePullSecrets"})) {
    if (auto name = string_at(reference, {"name"}); !name.empty())
      puller.pull_secrets.push_back(std::move(name));
  }
  puller.service_account = string_at(pod, {"serviceAccountName"});
  if (puller.service_account.empty()) puller.service_account = "default";
  return puller;
}

bool pull_alike(const Puller& one, const Puller& other) {
  const bool by_account = one.pull_secrets.empty() && other.pull_secrets.empty();
  return one.ns == other.ns && one.pull_secrets == other.pull_secrets &&
         (!by_account || one.service_account == other.service_account);
}

}  // namespace

std::vector<Puller> pullers_of(const inventory::Stores& stores, std::string_view ns,
                               const std::string& repository) {
  const auto wanted = plan::parse_image(repository);
  std::vector<Puller> pullers;
  if (!wanted) return pullers;
  for (const auto* store : {&stores.deployments, &stores.stateful_sets, &stores.daemon_sets}) {
    for (const auto& workload : store->list(ns)) {
      const Json& pod = object_at(*workload, {"spec", "template", "spec"});
      if (!runs(pod, wanted->repository)) continue;
      auto puller = puller_of(store->resource().kind, *workload, pod);
      if (std::ranges::none_of(pullers, [&](const Puller& other) { return pull_alike(puller, other); })) {
        pullers.push_back(std::move(puller));
      }
    }
  }
  return pullers;
}

}  // namespace patchwave::patch
