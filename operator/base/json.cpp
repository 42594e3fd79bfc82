#include "operator/base/json.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include "operator/base/time.hpp"

namespace patchwave {
namespace {

using simdjson::dom::element_type;

/// As deep as the API server takes it: what is read is later printed, copied and compared by recursion.
constexpr std::size_t kDeepest = 10'000;
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
  // The parser copies it, and from nowhere nothing may be copied.
  if (text.empty()) return std::nullopt;
  thread_local simdjson::dom::parser kept;
  simdjson::dom::parser own;
  simdjson::dom::parser& parser = text.size() <= kKeepParserUpTo ? kept : own;
  simdjson::dom::element root;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) return std::nullopt;
  return to_json(root);
}

/// Counts brackets outside of strings; of a text that is no JSON the answer means nothing.
bool is_nested_too_deeply(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string && c == '\\') {
      ++at;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string && (c == '[' || c == '{')) {
      if (++depth > kDeepest) return true;
    } else if (!in_string && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view what) {
  const auto not_json = [what](std::string_view why) {
    return fail(ErrorKind::Protocol, fmt::format("{} is not JSON: {}", what, why));
  };
  try {
    if (auto json = parse_fast(text)) return std::move(*json);
    // Slower, but it says where a text breaks, and takes the few that the other refuses: a mark of byte
    // order, integers beyond 64 bits, deeper nesting. It would take a NUL byte for the text's end.
    if (text.find('\0') != std::string_view::npos) return not_json("it has a NUL byte");
    if (is_nested_too_deeply(text)) return not_json(fmt::format("it is nested over {} deep", kDeepest));
    return Json::parse(text);
  } catch (const std::exception& error) {
    return not_json(error.what());
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
