// Nodes, pods and budgets of any shape are read without a word, and the record of a cordon reads as it was
// printed.
#include "controllers/drain/facts.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

void check_resources(const drain::Resources& resources) {
  expect(resources.cpu_millis >= 0, "no CPU is negative");
  expect(resources.memory_bytes >= 0, "no memory is negative");
}

void check_record(std::string_view text) {
  const auto record = drain::parse_record(text);
  if (!record) return;
  expect(!record->owner.empty(), "a record has an owner");
  const auto printed = drain::print_record(*record);
  const auto again = drain::parse_record(printed);
  expect(again.has_value(), "what is printed is taken again");
  expect(drain::print_record(*again) == printed, "a record prints as it was printed before");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_record(text);
  if (const auto millis = drain::parse_quantity_millis(text)) expect(*millis >= 0, "no quantity is negative");
  const auto object = parse_json(text, "the object");
  if (!object) return 0;
  check_resources(drain::read_node(*object).allocatable);
  check_resources(drain::read_pod(*object).requests);
  const auto cordon = drain::read_cordon(*object);
  expect(cordon.annotated || !cordon.record, "a record is in an annotation");
  drain::read_budget(*object);
  return 0;
}
