// A request's target taken apart as the API server's router and list options do.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "operator/base/json.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::simulation {

struct ApiTarget {
  const kube::Resource* resource = nullptr;
  std::string ns;
  std::string name;
  std::string subresource;
  std::map<std::string, std::string> query;

  [[nodiscard]] std::string option(const std::string& key) const {
    const auto found = query.find(key);
    return found == query.end() ? "" : found->second;
  }
};

/// nullopt when this cluster serves nothing there.
std::optional<ApiTarget> parse_target(std::string_view target);
std::string percent_decoded(std::string_view text);
/// "a=1&b=2", decoded.
std::map<std::string, std::string> parse_query(std::string_view text);

/// labelSelector: "a=b,c!=d,e in (x,y),f,!g".
bool label_selector_matches(std::string_view selector, const Json& labels);
/// fieldSelector: "path=value" and "path!=value", joined by commas; paths as metadata.name, spec.nodeName.
bool field_selector_matches(std::string_view selector, const Json& object);

}  // namespace patchwave::simulation
