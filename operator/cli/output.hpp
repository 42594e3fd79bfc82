// -o: objects as JSON, YAML or names.
#pragma once

#include <cstdint>
#include <string>

#include "operator/base/json.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::cli {

/// Csv is only of a ranking, Markdown and what follows only of a plan.
enum class Format : std::uint8_t { Table, Wide, Json, Yaml, Name, Csv, Markdown, Icalendar, Html };

/// Text that reads back as the same value: strings that YAML would take for something else are quoted.
std::string print_yaml(const Json& json);
/// Json or Yaml, with a newline at the end.
std::string print_object(const Json& json, Format format);
/// "patchwave.patchwave.dev/web-1.4.3-canary"
std::string print_name(const kube::Resource& resource, const std::string& name);
/// A computed answer: {"apiVersion": "cli.patchwave.dev/v1alpha1", "kind": kind, …fields}.
Json computed(const std::string& kind, Json fields);
/// A v1 List of `items`.
Json list_of(Json items);

}  // namespace patchwave::cli
