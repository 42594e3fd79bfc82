// Where an image runs, and how exposed and how critical that is.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "controllers/inventory/criticality.hpp"
#include "controllers/inventory/stores.hpp"

namespace patchwave::ranking {

/// Of all workloads that run some version of an image: the worst of each, which may be two different ones.
struct Circumstances {
  std::size_t workloads = 0;
  risk::SystemExposure exposure = risk::SystemExposure::Small;
  std::string exposure_evidence;  ///< Names the workload.
  risk::HumanImpact criticality = risk::HumanImpact::Low;
  std::string criticality_evidence;

  /// Adds one more workload, "Deployment shop/web".
  void add(const std::string& workload, const inventory::Exposure& exposed,
           const inventory::Criticality& critical);
};

/// Of a pool of nodes: what runs on them is not known for good, so they are taken for reachable from inside
/// and for important.
Circumstances circumstances_of_nodes(const std::string& pool);

/// All images of a cluster. A value; made again when workloads, Services, Ingresses or namespaces change.
class ImageCircumstances {
 public:
  ImageCircumstances() = default;
  /// Canary copies and what is being deleted are left out.
  explicit ImageCircumstances(const inventory::Stores& stores);

  /// `ns` empty: of every namespace. Of an image that nothing runs: small and low, and said so.
  [[nodiscard]] Circumstances of(const std::string& ns, const std::string& image) const;

 private:
  void add(const inventory::Stores& stores, const kube::ObjectStore& store);

  std::map<std::pair<std::string, std::string>, Circumstances>
      by_image_;  ///< Namespace ("": all), repository.
};

}  // namespace patchwave::ranking
