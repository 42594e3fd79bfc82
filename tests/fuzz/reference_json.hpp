// JSON read by the document library alone: what the product's decoders are compared with.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/json.hpp"

namespace patchwave::fuzz {

/// nullopt: the library refuses the text, or it is not what an API server sends: it begins with a mark of
/// byte order, or names a key of one object twice, of which decoders that build no document take another one.
inline std::optional<Json> reference_json(std::string_view text) {
  // The library takes the byte for the end of the text.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return std::nullopt;
  bool twice = false;
  std::vector<std::set<std::string>> open;
  const auto note = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) {
      twice = twice || !open.back().insert(parsed.get<std::string>()).second;
    }
    return true;
  };
  Json json = Json::parse(text, note, false);
  if (json.is_discarded() || twice) return std::nullopt;
  return json;
}

}  // namespace patchwave::fuzz
