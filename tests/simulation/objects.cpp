#include "tests/simulation/objects.hpp"

namespace patchwave::simulation {
namespace {

Json workload(const std::string& ns, const std::string& name, const std::string& image) {
  return {{"metadata", {{"namespace", ns}, {"name", name}, {"labels", {{"app", name}}}}},
          {"spec",
           {{"selector", {{"matchLabels", {{"app", name}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", name}}}}},
              {"spec", {{"containers", Json::array({{{"name", "web"}, {"image", image}}})}}}}}}}};
}

}  // namespace

Json namespace_object(const std::string& name) {
  return {{"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}},
          {"spec", Json::object()}};
}

Json deployment(const std::string& ns, const std::string& name, const std::string& image, int replicas) {
  Json object = workload(ns, name, image);
  object["spec"]["replicas"] = replicas;
  return object;
}

Json stateful_set(const std::string& ns, const std::string& name, const std::string& image, int replicas) {
  Json object = workload(ns, name, image);
  object["spec"]["replicas"] = replicas;
  object["spec"]["serviceName"] = name;
  return object;
}

Json daemon_set(const std::string& ns, const std::string& name, const std::string& image) {
  return workload(ns, name, image);
}

Json service(const std::string& ns, const std::string& name) {
  return {{"metadata", {{"namespace", ns}, {"name", name}}}, {"spec", {{"selector", {{"app", name}}}}}};
}

Json disruption_budget(const std::string& ns, const std::string& app, const char* field, Json value) {
  return {{"metadata", {{"namespace", ns}, {"name", app}}},
          {"spec", {{"selector", {{"matchLabels", {{"app", app}}}}}, {field, std::move(value)}}}};
}

std::string image_of(const Json& workload) {
  const Json& containers = array_at(workload, {"spec", "template", "spec", "containers"});
  return containers.empty() ? "" : string_at(containers[0], {"image"});
}

}  // namespace patchwave::simulation
