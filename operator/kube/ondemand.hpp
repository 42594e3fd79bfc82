// How this folder reads JSON with simdjson On-Demand. Included by decoders only: it is a slow header.
//
// The functions throw simdjson::simdjson_error; decoders catch it with caught(). A null is taken for a
// missing field everywhere, as Go's decoder does.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "operator/base/result.hpp"
#include "operator/base/time.hpp"

namespace patchwave::kube::ondemand {

using simdjson::ondemand::document;
using simdjson::ondemand::value;

/// A parser with the padded copy that it reads from; both are kept from text to text.
class Reader {
 public:
  document read(std::string_view text) {
    buffer_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    buffer_.assign(text);
    return parser_.iterate(simdjson::padded_string_view(buffer_.data(), buffer_.size(), buffer_.capacity()));
  }

 private:
  std::string buffer_;
  simdjson::ondemand::parser parser_;
};

/// Calls visit(key, value) for each field.
template <class Visit>
void each_field(simdjson::ondemand::object fields, Visit visit) {
  for (auto field : fields) {
    const std::string_view key = field.unescaped_key();
    visit(key, value(field.value()));
  }
}
template <class Visit>
void each_field(value object, Visit visit) {
  if (object.is_null()) return;
  each_field(simdjson::ondemand::object(object.get_object()), visit);
}
/// The whole text has to be an object.
template <class Visit>
void each_field(document& whole, Visit visit) {
  each_field(simdjson::ondemand::object(whole.get_object()), visit);
}

template <class Visit>
void each_element(value array, Visit visit) {
  if (array.is_null()) return;
  for (value element : array.get_array()) visit(element);
}

inline std::string text_of(value text) {
  if (text.is_null()) return {};
  return std::string(std::string_view(text.get_string()));
}

/// At most `limit` bytes, cut between characters.
inline std::string text_of(value text, std::size_t limit) {
  std::string whole = text_of(text);
  if (whole.size() <= limit) return whole;
  while (limit > 0 && (static_cast<unsigned char>(whole[limit]) & 0xC0U) == 0x80U) --limit;
  whole.resize(limit);
  return whole;
}

inline bool bool_of(value flag) {
  return !flag.is_null() && bool(flag.get_bool());
}

inline std::optional<Time> time_of(value text) {
  const auto time = parse_time(text_of(text));
  return time ? std::optional(*time) : std::nullopt;
}

inline std::unexpected<Error> caught(const simdjson::simdjson_error& error, std::string_view what) {
  return fail(ErrorKind::Protocol, std::string(what) + ": " + error.what());
}

}  // namespace patchwave::kube::ondemand
