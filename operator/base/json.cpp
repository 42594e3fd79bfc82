#include "operator/base/json.hpp"

#include <fmt/format.h>

#include "operator/base/time.hpp"

namespace patchwave {

Result<Json> parse_json(std::string_view text, std::string_view what) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    return fail(ErrorKind::Protocol, fmt::format("{} is not JSON: {}", what, error.what()));
  }
}

std::string print_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string print_json_pretty(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

const Json* find(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* at = &json;
  for (const auto key : path) {
    if (!at->is_object()) return nullptr;
    const auto found = at->find(key);
    if (found == at->end() || found->is_null()) return nullptr;
    at = &*found;
  }
  return at;
}

std::string string_at(const Json& json, std::initializer_list<std::string_view> path,
                      std::string_view otherwise) {
  const Json* found = find(json, path);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string(otherwise);
}

std::int64_t integer_at(const Json& json, std::initializer_list<std::string_view> path,
                        std::int64_t otherwise) {
  const Json* found = find(json, path);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

bool bool_at(const Json& json, std::initializer_list<std::string_view> path, bool otherwise) {
  const Json* found = find(json, path);
  return found != nullptr && found->is_boolean() ? found->get<bool>() : otherwise;
}

const Json& array_at(const Json& json, std::initializer_list<std::string_view> path) {
  static const Json empty = Json::array();
  const Json* found = find(json, path);
  return found != nullptr && found->is_array() ? *found : empty;
}

const Json& object_at(const Json& json, std::initializer_list<std::string_view> path) {
  static const Json empty = Json::object();
  const Json* found = find(json, path);
  return found != nullptr && found->is_object() ? *found : empty;
}

std::optional<Time> time_at(const Json& json, std::initializer_list<std::string_view> path) {
  const auto time = parse_time(string_at(json, path));
  return time ? std::optional(*time) : std::nullopt;
}

}  // namespace patchwave
