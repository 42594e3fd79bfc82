// Reads one JSON object field by field and knows where in the whole it is, so that what is wrong can be said
// with its path, its value and what is allowed. The first finding is kept; reading goes on with defaults,
// and the caller looks once at the end.
#pragma once

#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/api/enums.hpp"
#include "controllers/api/text_rules.hpp"
#include "operator/base/json.hpp"

namespace patchwave::api {

/// What was found wrong with one object.
struct Finding {
  std::optional<Error> first;
};

/// Whether a field must be there. An optional one that is absent reads as its default.
enum class Presence : std::uint8_t { Optional, Required };

/// Bounds of a string, in Unicode code points. `allowed` completes the sentence "must be …".
struct TextRule {
  std::size_t least = 0;
  std::size_t most = std::numeric_limits<std::size_t>::max();
  bool (*holds)(std::string_view) = is_any_text;
  std::string_view allowed = "a string";
};

struct ListRule {
  std::size_t least = 0;
  std::size_t most = std::numeric_limits<std::size_t>::max();
  bool unique = false;
};

template <class T>
struct Range {
  T low;
  T high;
};

class ObjectReader {
 public:
  /// `json` must outlive the reader. Anything but an object is a finding.
  ObjectReader(const Json& json, std::string path, Finding& finding);

  [[nodiscard]] bool has(std::string_view key) const { return field(key) != nullptr; }
  /// The path of a field: "spec.waves[0].select".
  [[nodiscard]] std::string path_of(std::string_view key) const;
  /// Records that the field breaks a rule: "<path> must …".
  void refuse(std::string_view key, std::string_view rule) const;

  std::string text(std::string_view key, const TextRule& rule, Presence presence = Presence::Optional) const;
  std::optional<std::string> optional_text(std::string_view key, const TextRule& rule) const;
  int integer(std::string_view key, int otherwise, Range<int> range,
              Presence presence = Presence::Optional) const;
  std::int64_t big_integer(std::string_view key, std::int64_t otherwise) const;
  bool flag(std::string_view key, bool otherwise) const;
  milliseconds duration(std::string_view key, milliseconds otherwise, Range<milliseconds> range,
                        Presence presence = Presence::Optional) const;
  std::optional<Time> time(std::string_view key) const;
  /// A JSON integer is a count, a string a percentage: Kubernetes' int-or-string.
  CountOrPercent count_or_percent(std::string_view key, CountOrPercent otherwise, int max_count) const;

  /// A reader of the object under `key`; of an empty one when it is absent.
  ObjectReader object(std::string_view key, Presence presence = Presence::Optional) const;
  std::vector<std::string> texts(std::string_view key, const ListRule& list, const TextRule& each,
                                 Presence presence = Presence::Optional) const;
  std::map<std::string, std::string> map(std::string_view key, std::size_t most,
                                         const TextRule& values) const;
  /// Reads every object of a list with `read`, a function of ObjectReader.
  template <std::invocable<const ObjectReader&> Read>
  auto objects(std::string_view key, const ListRule& list, Read read,
               Presence presence = Presence::Optional) const {
    std::vector<std::invoke_result_t<Read, const ObjectReader&>> result;
    for (const auto& [element, path] : elements(key, list, presence)) {
      result.push_back(read(ObjectReader(*element, path, finding_)));
    }
    return result;
  }

  template <class Enum>
  Enum choice(std::string_view key, Enum otherwise, Presence presence = Presence::Optional) const {
    const auto words = names_of<Enum>();
    std::vector<std::string_view> allowed;
    for (const auto& [value, word] : words) allowed.push_back(word);
    const auto chosen = choice_index(key, allowed, presence);
    return chosen ? words[*chosen].first : otherwise;
  }
  /// The index in `allowed` of the word under `key`; nothing when it is absent or not one of them.
  std::optional<std::size_t> choice_index(std::string_view key, const std::vector<std::string_view>& allowed,
                                          Presence presence = Presence::Optional) const;

 private:
  struct Element {
    const Json* json;
    std::string path;
  };

  const Json* field(std::string_view key) const;
  /// The field when it is there and `is_type`; a finding when it is of another type, or required and absent.
  const Json* typed(std::string_view key, Presence presence, bool (Json::*is_type)() const noexcept,
                    std::string_view type) const;
  std::vector<Element> elements(std::string_view key, const ListRule& list, Presence presence) const;
  std::string checked(const Json& json, const std::string& path, const TextRule& rule) const;
  void found(const std::string& path, const Json& value, std::string_view rule) const;

  const Json* json_;
  std::string path_;
  Finding& finding_;
};

}  // namespace patchwave::api
