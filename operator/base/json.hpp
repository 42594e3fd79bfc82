// Small JSON objects: our own kinds, workloads, leases. Streams of pods and nodes never become a DOM;
// operator/kube decodes those with simdjson.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace patchwave {

using Json = nlohmann::json;

/// Parses foreign bytes, at most 10,000 deep. Protocol names `what` was read and where the text breaks.
Result<Json> parse_json(std::string_view text, std::string_view what);
/// Text with invalid UTF-8 replaced rather than thrown about.
std::string print_json(const Json& json);
/// The same, indented by two, for people.
std::string print_json_pretty(const Json& json);

/// Reads along a path of keys; nullptr when a part is missing, null, or not an object. Never throws.
const Json* find(const Json& json, std::initializer_list<std::string_view> path);
std::string string_at(const Json& json, std::initializer_list<std::string_view> path,
                      std::string_view otherwise = "");
std::int64_t integer_at(const Json& json, std::initializer_list<std::string_view> path,
                        std::int64_t otherwise = 0);
bool bool_at(const Json& json, std::initializer_list<std::string_view> path, bool otherwise = false);
/// An empty array when missing.
const Json& array_at(const Json& json, std::initializer_list<std::string_view> path);
/// An empty object when missing.
const Json& object_at(const Json& json, std::initializer_list<std::string_view> path);
/// nullopt when missing or not RFC 3339.
std::optional<Time> time_at(const Json& json, std::initializer_list<std::string_view> path);

}  // namespace patchwave
