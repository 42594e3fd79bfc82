#include "operator/kube/resource.hpp"

#include "operator/kube/encoding.hpp"

namespace patchwave::kube {

std::string path_of(const Resource& resource, std::string_view ns, std::string_view name,
                    std::string_view subresource) {
  std::string path = resource.group.empty() ? "/api" : "/apis/" + percent_encode(resource.group);
  path += "/" + percent_encode(resource.version);
  if (!ns.empty() && resource.namespaced) path += "/namespaces/" + percent_encode(ns);
  path += "/" + percent_encode(resource.plural);
  if (!name.empty()) path += "/" + percent_encode(name);
  if (!subresource.empty()) path += "/" + percent_encode(subresource);
  return path;
}

}  // namespace patchwave::kube
