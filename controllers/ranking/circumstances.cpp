#include "controllers/ranking/circumstances.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

#include "controllers/api/common.hpp"
#include "controllers/plan/plan.hpp"

namespace patchwave::ranking {
namespace {

std::set<std::string> repositories_of(const Json& workload) {
  std::set<std::string> repositories;
  for (const char* list : {"initContainers", "containers"}) {
    for (const Json& container : array_at(workload, {"spec", "template", "spec", list})) {
      if (auto image = plan::parse_image(string_at(container, {"image"})))
        repositories.insert(std::move(image->repository));
    }
  }
  return repositories;
}

bool counts(const Json& workload) {
  return find(workload, {"metadata", "deletionTimestamp"}) == nullptr &&
         string_at(workload, {"metadata", "labels", api::kTrackLabel}).empty();
}

/// What the workloads of one namespace share.
struct Surroundings {
  std::vector<kube::Object> services;
  std::vector<kube::Object> ingresses;
  kube::Object ns;
};

Surroundings surroundings_of(const inventory::Stores& stores, const std::string& ns) {
  return {stores.services.list(ns), stores.ingresses.list(ns), stores.namespaces.get("", ns)};
}

}  // namespace

void Circumstances::add(const std::string& workload, const inventory::Exposure& exposed,
                        const inventory::Criticality& critical) {
  if (workloads == 0 || exposed.level > exposure) {
    exposure = exposed.level;
    exposure_evidence = fmt::format("{}: {}", workload, exposed.evidence);
  }
  if (workloads == 0 || critical.level > criticality) {
    criticality = critical.level;
    criticality_evidence = fmt::format("{}: {}", workload, critical.evidence);
  }
  ++workloads;
}

Circumstances circumstances_of_nodes(const std::string& pool) {
  Circumstances nodes;
  nodes.exposure = risk::SystemExposure::Controlled;
  nodes.criticality = risk::HumanImpact::High;
  nodes.exposure_evidence = fmt::format("pool {}: assumed of nodes, which pods of the cluster reach", pool);
  nodes.criticality_evidence =
      fmt::format("pool {}: assumed of nodes, which run whatever is scheduled", pool);
  return nodes;
}

ImageCircumstances::ImageCircumstances(const inventory::Stores& stores) {
  add(stores, stores.deployments);
  add(stores, stores.stateful_sets);
  add(stores, stores.daemon_sets);
}

void ImageCircumstances::add(const inventory::Stores& stores, const kube::ObjectStore& store) {
  // In order of namespaces: those of one come one after the other.
  std::string current;
  Surroundings around;
  for (const auto& workload : store.list()) {
    if (!counts(*workload)) continue;
    const std::string ns = string_at(*workload, {"metadata", "namespace"});
    if (ns != current) {
      around = surroundings_of(stores, ns);
      current = ns;
    }
    const auto exposure = inventory::exposure_of(*workload, around.services, around.ingresses);
    static const Json kNothing = Json::object();
    const auto criticality =
        inventory::criticality_of(*workload, around.ns ? *around.ns : kNothing, exposure);
    const auto name =
        fmt::format("{} {}/{}", store.resource().kind, ns, string_at(*workload, {"metadata", "name"}));
    for (const auto& repository : repositories_of(*workload)) {
      by_image_[{ns, repository}].add(name, exposure, criticality);
      by_image_[{"", repository}].add(name, exposure, criticality);
    }
  }
}

Circumstances ImageCircumstances::of(const std::string& ns, const std::string& image) const {
  const auto wanted = plan::parse_image(image);
  const auto found = by_image_.find({ns, wanted ? wanted->repository : image});
  if (found != by_image_.end()) return found->second;
  Circumstances nothing;
  nothing.exposure_evidence = nothing.criticality_evidence =
      ns.empty() ? "no workload runs the image"
                 : fmt::format("no workload of namespace {} runs the image", ns);
  return nothing;
}

}  // namespace patchwave::ranking
