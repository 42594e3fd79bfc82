// Objects as a person would apply them.
#pragma once

#include <string>

#include "operator/base/json.hpp"

namespace patchwave::simulation {

/// Namespaces and workloads all carry the label app=<name>; so do their pods, which a Service of that name
/// selects.
Json namespace_object(const std::string& name);
Json deployment(const std::string& ns, const std::string& name, const std::string& image, int replicas);
Json stateful_set(const std::string& ns, const std::string& name, const std::string& image, int replicas);
Json daemon_set(const std::string& ns, const std::string& name, const std::string& image);
Json service(const std::string& ns, const std::string& name);
/// `field` is minAvailable or maxUnavailable, `value` a number or a percentage.
Json disruption_budget(const std::string& ns, const std::string& app, const char* field, Json value);

/// The image of the first container of a workload's template.
std::string image_of(const Json& workload);

}  // namespace patchwave::simulation
