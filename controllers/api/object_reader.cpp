#include "controllers/api/object_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::api {
namespace {

constexpr std::size_t kShownValue = 80;
/// Longer than any path of the API's own field names; beyond it come keys that somebody else chose.
constexpr std::size_t kShownPath = 400;

const Json& empty_object() {
  static const Json empty = Json::object();
  return empty;
}

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// In Unicode code points, as the API server counts `maxLength`.
std::size_t length_of(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, continues_character));
}

// Long values and paths are cut: the message is for people, and ends up in conditions of bounded size.
std::string cut(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && continues_character(text[most])) --most;
  return text.substr(0, most) + "…";
}

std::string shown(const Json& value) {
  if (value.is_string()) return fmt::format("'{}'", cut(value.get<std::string>(), kShownValue));
  return cut(print_json(value), kShownValue);
}

bool fits(const Json& json, const TextRule& rule) {
  if (!json.is_string()) return false;
  const auto& text = json.get_ref<const std::string&>();
  const auto length = length_of(text);
  return length >= rule.least && length <= rule.most && rule.holds(text);
}

std::string bounds_of(std::size_t least, std::size_t most, std::string_view unit) {
  if (most == std::numeric_limits<std::size_t>::max()) return fmt::format("at least {} {}", least, unit);
  return fmt::format("from {} to {} {}", least, most, unit);
}

}  // namespace

ObjectReader::ObjectReader(const Json& json, std::string path, Finding& finding)
    : json_(&json), path_(std::move(path)), finding_(finding) {
  if (json_->is_object()) return;
  found(path_, json, "must be an object");
  json_ = &empty_object();
}

std::string ObjectReader::path_of(std::string_view key) const {
  std::string path;
  path.reserve(path_.size() + 1 + key.size());
  path.append(path_);
  if (!path_.empty()) path += '.';
  return path.append(key);
}

void ObjectReader::found(const std::string& path, const Json& value, std::string_view rule) const {
  if (finding_.first) return;
  finding_.first =
      Error{ErrorKind::Invalid, fmt::format("{} is {}; it {}", cut(path, kShownPath), shown(value), rule), 0,
            std::nullopt, "Invalid"};
}

void ObjectReader::refuse(std::string_view key, std::string_view rule) const {
  if (finding_.first) return;
  finding_.first = Error{ErrorKind::Invalid, fmt::format("{} {}", cut(path_of(key), kShownPath), rule), 0,
                         std::nullopt, "Invalid"};
}

const Json* ObjectReader::field(std::string_view key) const {
  return find(*json_, {key});
}

const Json* ObjectReader::typed(std::string_view key, Presence presence,
                                bool (Json::*is_type)() const noexcept, std::string_view type) const {
  const Json* json = field(key);
  if (json == nullptr) {
    if (presence == Presence::Required) refuse(key, "must be set");
    return nullptr;
  }
  if ((json->*is_type)()) return json;
  found(path_of(key), *json, fmt::format("must be {}", type));
  return nullptr;
}

std::string ObjectReader::checked(const Json& json, const std::string& path, const TextRule& rule) const {
  if (!json.is_string()) {
    found(path, json, fmt::format("must be {}", rule.allowed));
    return "";
  }
  const auto& text = json.get_ref<const std::string&>();
  const auto length = length_of(text);
  if (length < rule.least || length > rule.most) {
    found(path, json, fmt::format("must have {}", bounds_of(rule.least, rule.most, "characters")));
  }
  if (!rule.holds(text)) found(path, json, fmt::format("must be {}", rule.allowed));
  return text;
}

std::string ObjectReader::text(std::string_view key, const TextRule& rule, Presence presence) const {
  const Json* json = typed(key, presence, &Json::is_string, "a string");
  if (json == nullptr) return "";
  // Nearly every text of a wave fits, and paths are for those that don't.
  return fits(*json, rule) ? json->get<std::string>() : checked(*json, path_of(key), rule);
}

std::optional<std::string> ObjectReader::optional_text(std::string_view key, const TextRule& rule) const {
  return has(key) ? std::optional(text(key, rule)) : std::nullopt;
}

int ObjectReader::integer(std::string_view key, int otherwise, Range<int> range, Presence presence) const {
  const Json* json = typed(key, presence, &Json::is_number_integer, "an integer");
  if (json == nullptr) return otherwise;
  const auto value = json->get<std::int64_t>();
  if (value >= range.low && value <= range.high) return static_cast<int>(value);
  const bool open = range.high == std::numeric_limits<int>::max();
  found(path_of(key), *json,
        open ? fmt::format("must be at least {}", range.low)
             : fmt::format("must be from {} to {}", range.low, range.high));
  return otherwise;
}

std::int64_t ObjectReader::big_integer(std::string_view key, std::int64_t otherwise) const {
  const Json* json = typed(key, Presence::Optional, &Json::is_number_integer, "an integer");
  return json == nullptr ? otherwise : json->get<std::int64_t>();
}

bool ObjectReader::flag(std::string_view key, bool otherwise) const {
  const Json* json = typed(key, Presence::Optional, &Json::is_boolean, "true or false");
  return json == nullptr ? otherwise : json->get<bool>();
}

milliseconds ObjectReader::duration(std::string_view key, milliseconds otherwise, Range<milliseconds> range,
                                    Presence presence) const {
  const Json* json = typed(key, presence, &Json::is_string, "a duration");
  if (json == nullptr) return otherwise;
  const auto value = parse_duration(json->get_ref<const std::string&>());
  if (value && *value >= range.low && *value <= range.high) return *value;
  found(path_of(key), *json,
        fmt::format("must be a duration from '{}' to '{}', such as '1h30m'", format_duration(range.low),
                    format_duration(range.high)));
  return otherwise;
}

std::optional<Time> ObjectReader::time(std::string_view key) const {
  const Json* json = typed(key, Presence::Optional, &Json::is_string, "a time");
  if (json == nullptr) return std::nullopt;
  const auto value = parse_time(json->get_ref<const std::string&>());
  if (value) return *value;
  found(path_of(key), *json, "must be a time in RFC 3339, such as '2026-11-21T02:00:00Z'");
  return std::nullopt;
}

CountOrPercent ObjectReader::count_or_percent(std::string_view key, CountOrPercent otherwise,
                                              int max_count) const {
  const Json* json = field(key);
  if (json == nullptr) return otherwise;
  if (json->is_number_integer()) return {integer(key, otherwise.value, {1, max_count}), false};
  if (json->is_string()) {
    const auto value = parse_count_or_percent(json->get_ref<const std::string&>());
    if (value && value->percent) return *value;
  }
  found(path_of(key), *json,
        fmt::format("must be an integer from 1 to {} or a percentage from '1%' to '100%'", max_count));
  return otherwise;
}

ObjectReader ObjectReader::object(std::string_view key, Presence presence) const {
  const Json* json = typed(key, presence, &Json::is_object, "an object");
  return {json == nullptr ? empty_object() : *json, path_of(key), finding_};
}

std::vector<ObjectReader::Element> ObjectReader::elements(std::string_view key, const ListRule& list,
                                                          Presence presence) const {
  const Json* json = typed(key, presence, &Json::is_array, "a list");
  if (json == nullptr) return {};
  if (json->size() < list.least || json->size() > list.most) {
    refuse(key, fmt::format("has {} elements; it must have {}", json->size(),
                            bounds_of(list.least, list.most, "elements")));
    return {};
  }
  std::vector<Element> result;
  result.reserve(json->size());
  for (const auto& element : *json) {
    result.push_back({&element, fmt::format("{}[{}]", path_of(key), result.size())});
  }
  return result;
}

std::vector<std::string> ObjectReader::texts(std::string_view key, const ListRule& list, const TextRule& each,
                                             Presence presence) const {
  std::vector<std::string> result;
  for (const auto& [element, path] : elements(key, list, presence)) {
    auto text = checked(*element, path, each);
    if (list.unique && std::ranges::find(result, text) != result.end()) {
      found(path, *element, "must not be there twice");
    }
    result.push_back(std::move(text));
  }
  return result;
}

std::map<std::string, std::string> ObjectReader::map(std::string_view key, std::size_t most,
                                                     const TextRule& values) const {
  const Json* json = typed(key, Presence::Optional, &Json::is_object, "an object");
  std::map<std::string, std::string> result;
  if (json == nullptr) return result;
  if (json->size() > most) {
    refuse(key, fmt::format("has {} entries; it must have at most {}", json->size(), most));
    return result;
  }
  for (const auto& [name, value] : json->items()) {
    result.emplace(name, checked(value, path_of(key) + "." + name, values));
  }
  return result;
}

std::optional<std::size_t> ObjectReader::choice_index(std::string_view key,
                                                      const std::vector<std::string_view>& allowed,
                                                      Presence presence) const {
  const Json* json = typed(key, presence, &Json::is_string, "a string");
  if (json == nullptr) return std::nullopt;
  const auto at = std::ranges::find(allowed, json->get_ref<const std::string&>());
  if (at != allowed.end()) return static_cast<std::size_t>(at - allowed.begin());
  found(path_of(key), *json, fmt::format("must be one of '{}'", fmt::join(allowed, "', '")));
  return std::nullopt;
}

}  // namespace patchwave::api
