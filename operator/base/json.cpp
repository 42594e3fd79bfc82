#include "operator/base/json.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "operator/base/time.hpp"

namespace patchwave {
namespace {

using simdjson::dom::element_type;

/// A parser keeps several times the size of the longest text it has read; longer ones get one of their own.
constexpr std::size_t kKeepParserUpTo = 256 * 1024;

// The parser has bounded the depth.
Json to_json(const simdjson::dom::element& element);

Json::object_t to_object(const simdjson::dom::object& fields) {
  Json::object_t object;
  // Keys often come in order, which the hint makes free. Of a key that comes twice the last stands.
  for (const auto [key, value] : fields) {
    object.insert_or_assign(object.end(), std::string(key), to_json(value));
  }
  return object;
}

Json::array_t to_array(const simdjson::dom::array& elements) {
  Json::array_t array;
  array.reserve(elements.size());
  for (const auto element : elements) array.push_back(to_json(element));
  return array;
}

Json to_json(const simdjson::dom::element& element) {
  switch (element.type()) {
    case element_type::OBJECT:
      return to_object(element.get_object().value_unsafe());
    case element_type::ARRAY:
      return to_array(element.get_array().value_unsafe());
    case element_type::STRING:
      return std::string(element.get_string().value_unsafe());
    case element_type::INT64: {
      const std::int64_t number = element.get_int64().value_unsafe();
      if (number >= 0) return static_cast<std::uint64_t>(number);
      return number;
    }
    case element_type::UINT64:
      return element.get_uint64().value_unsafe();
    case element_type::DOUBLE:
      return element.get_double().value_unsafe();
    case element_type::BOOL:
      return element.get_bool().value_unsafe();
    default:
      return nullptr;
  }
}

std::optional<Json> parse_fast(std::string_view text) {
  thread_local simdjson::dom::parser kept;
  simdjson::dom::parser own;
  simdjson::dom::parser& parser = text.size() <= kKeepParserUpTo ? kept : own;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  return to_json(root);
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what) {
  try {
    if (auto json = parse_fast(text)) return std::move(*json);
    // Slower, but it says where a text breaks, and takes the few that the other refuses: a mark of byte
    // order, integers beyond 64 bits.
    return Json::parse(text);
  } catch (const std::exception& error) {
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
