// Our kinds: any JSON is refused with a word for people or read, and what is read prints as an object that
// reads as the same.
#include "controllers/api/codec.hpp"
#include "controllers/api/statistical_gate.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

/// A refusal becomes a condition's message, which the API bounds.
constexpr std::size_t kLongestRefusal = 1024;

void check_refusal(const Error& error) {
  expect(error.kind == ErrorKind::Invalid, "an object that is refused is invalid");
  expect(!error.message.empty(), "a refusal says why");
  expect(error.message.size() <= kLongestRefusal, "a refusal is short enough for a condition");
}

template <class Kind>
void check_kind(const Json& object, Result<Kind> (*parse)(const Json&)) {
  const auto first = parse(object);
  if (!first) return check_refusal(first.error());
  Json printed = object;
  printed["spec"] = api::print_spec(first->spec);
  printed["status"] = api::print_status(first->status);
  const auto second = parse(printed);
  expect(second.has_value(), "what is printed is taken again");
  expect(second->spec == first->spec, "a spec reads as it was printed");
  // Times lose their fraction of a second in the first print, and nothing in the second.
  expect(api::print_status(second->status) == printed["status"], "a status reads as it was printed");
  expect(api::print_spec(second->spec) == printed["spec"], "a spec prints as it was printed before");
}

void check_gate(const Json& object) {
  const auto first = api::parse_statistical_gate(object);
  if (!first) return check_refusal(first.error());
  const auto second = api::parse_statistical_gate(api::print_statistical_gate(*first));
  expect(second && *second == *first, "a gate reads as it was printed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto object = parse_json(fuzz::text_of(data, size), "the object");
  if (!object) return 0;
  check_kind(*object, api::parse_policy);
  check_kind(*object, api::parse_patch);
  check_kind(*object, api::parse_wave);
  check_kind(*object, api::parse_approval);
  check_gate(*object);
  return 0;
}
