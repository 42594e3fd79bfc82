#include "tests/simulation/workload_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "tests/simulation/api_errors.hpp"
#include "tests/simulation/cluster_state.hpp"

namespace patchwave::simulation {
namespace {

std::string annotation(const Json& workload, std::string_view key) {
  return string_at(workload, {"metadata", "annotations", key});
}

std::map<std::string, std::string> images_of(const Json& workload) {
  std::map<std::string, std::string> images;
  for (const char* list : {"initContainers", "containers"}) {
    for (const auto& container : array_at(workload, {"spec", "template", "spec", list})) {
      images[string_at(container, {"name"})] = string_at(container, {"image"});
    }
  }
  return images;
}

std::map<std::string, std::string> images_in(std::string_view record) {
  std::map<std::string, std::string> images;
  while (!record.empty()) {
    const std::string_view entry = record.substr(0, record.find(','));
    const auto equals = entry.find('=');
    images[std::string(entry.substr(0, equals))] = entry.substr(equals + 1);
    record.remove_prefix(std::min(entry.size() + 1, record.size()));
  }
  return images;
}

}  // namespace

std::optional<http::Response> workload_policy_refusal(const kube::Resource& resource, const Json& before,
                                                      const Json& after) {
  if (string_at(before, {"metadata", "labels", "patchwave.dev/track"}) == "canary") return std::nullopt;
  const std::string name = name_of(after).name;
  const auto refused = [&](std::string_view why) {
    return failure(
        422, "Invalid",
        fmt::format("{}.{} \"{}\" is forbidden: ValidatingAdmissionPolicy 'patchwave-workloads' denied "
                    "request: {}",
                    resource.plural, resource.group, name, why));
  };
  const std::string record = annotation(after, "patchwave.dev/images-before");
  const bool recorded_anew = record != annotation(before, "patchwave.dev/images-before");
  const bool claimed = !annotation(after, "patchwave.dev/claimed-by").empty();
  if (claimed && record.empty()) return refused("a claim needs the record of the images before it");
  if (recorded_anew && !record.empty() &&
      (!claimed || !annotation(before, "patchwave.dev/claimed-by").empty() ||
       images_in(record) != images_of(before))) {
    return refused("the record of the images before a claim is written with the claim, as they are");
  }
  const auto old_images = images_of(before);
  const auto may_be_put_back = images_in(claimed ? record : "");
  for (const auto& [container, image] : images_of(after)) {
    const auto was = [&, &container = container, &image = image](const auto& images) {
      const auto found = images.find(container);
      return found != images.end() && found->second == image;
    };
    if (!image.contains("@sha256:") && !was(old_images) && !was(may_be_put_back)) {
      return refused("a new image must have a digest, or be the one before the workload was claimed");
    }
  }
  return std::nullopt;
}

}  // namespace patchwave::simulation
