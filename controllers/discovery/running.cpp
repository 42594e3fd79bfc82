#include "controllers/discovery/running.hpp"

#include <tuple>

#include "controllers/inventory/workloads.hpp"
#include "controllers/plan/plan.hpp"

namespace patchwave::discovery {
namespace {

using Key = std::pair<std::string, std::string>;  ///< Repository and tag.

/// Digests that pods report, by namespace and by the image as their containers name it.
using Reported = std::map<Key, std::set<std::string>>;

// "docker-pullable://registry.example.com/web@sha256:…"
std::string digest_in(const std::string& image_id) {
  const auto at = image_id.rfind('@');
  return at == std::string::npos ? "" : image_id.substr(at + 1);
}

Reported reported_by_pods(const inventory::Stores& stores, std::string_view ns) {
  Reported reported;
  for (const auto& pod : stores.pods.list(ns)) {
    for (const auto& container : pod.containers) {
      if (auto digest = digest_in(container.image_id); !digest.empty())
        reported[{pod.ns, container.image}].insert(std::move(digest));
    }
  }
  return reported;
}

}  // namespace

std::vector<RunningImage> running_images(const inventory::Stores& stores, const api::PatchPolicy& policy,
                                         bool in_operator_namespace) {
  if (!policy.spec.workloads) return {};
  const std::string ns = in_operator_namespace ? "" : policy.metadata.ns;
  const auto reported = reported_by_pods(stores, ns);
  std::map<Key, std::set<std::string>> found;
  for (const auto& workload : inventory::workloads(stores, ns)) {
    if (!plan::selects(policy, in_operator_namespace, workload)) continue;
    for (const auto& container : workload.containers) {
      const auto image = plan::parse_image(container.image);
      if (!image || !plan::allows_image(policy.spec.workloads->images, image->repository)) continue;
      auto& digests = found[{image->repository, image->tag}];
      if (!image->digest.empty()) {
        digests.insert(image->digest);
      } else if (const auto pods = reported.find({workload.ns, container.image}); pods != reported.end()) {
        digests.insert(pods->second.begin(), pods->second.end());
      }
    }
  }
  std::vector<RunningImage> images;
  for (auto& [key, digests] : found) images.push_back({key.first, key.second, std::move(digests)});
  return images;
}

}  // namespace patchwave::discovery
