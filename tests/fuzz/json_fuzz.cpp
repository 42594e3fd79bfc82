// JSON: the fast reader and the document library behind it take the same texts for the same values.
#include <optional>

#include "operator/base/json.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

std::optional<Json> by_the_library(std::string_view text) {
  // It takes a NUL byte for the end of the text, and then says nothing of what is behind it.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

void check_printing(const Json& json) {
  const auto again = parse_json(print_json(json), "the print");
  expect(again.has_value(), "what is printed can be read");
  expect(*again == json, "what is printed reads as the same value");
  const auto pretty = parse_json(print_json_pretty(json), "the print");
  expect(pretty && *pretty == json, "what is printed for people reads as the same value");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto parsed = parse_json(text, "the input");
  const auto wanted = by_the_library(text);
  expect(parsed.has_value() == wanted.has_value(), "both readers take the same texts");
  if (!parsed) {
    expect(parsed.error().kind == ErrorKind::Protocol, "what is no JSON is a fault of protocol");
    expect(parsed.error().message.starts_with("the input is not JSON"), "the message names what was read");
    return 0;
  }
  expect(*parsed == *wanted, "both readers see the same value");
  expect(parsed->is_number_integer() == wanted->is_number_integer(), "both readers see the same type");
  check_printing(*parsed);
  // Paths that lead nowhere, or through values of every other type.
  (void)find(*parsed, {"a", "b"});
  (void)string_at(*parsed, {"a"});
  (void)integer_at(*parsed, {"a"});
  (void)time_at(*parsed, {"a"});
  (void)array_at(*parsed, {"a"});
  (void)object_at(*parsed, {});
  return 0;
}
