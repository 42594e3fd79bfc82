// Versions in tags, and names of images, one a line: the order is an order, and a name that was taken apart
// says the same when it is put together.
#include <optional>
#include <string>
#include <string_view>

#include "controllers/plan/plan.hpp"
#include "controllers/plan/update.hpp"
#include "controllers/plan/version.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

int sign(int value) {
  return value < 0 ? -1 : value > 0 ? 1 : 0;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void check_order(std::string_view a, std::string_view b, std::string_view c) {
  const auto ab = plan::compare_versions(a, b);
  const auto ba = plan::compare_versions(b, a);
  expect(ab.has_value() == ba.has_value(), "two versions can be compared either way or not at all");
  if (!ab) return;
  expect(sign(*ab) == -sign(*ba), "the order turns with its sides");
  expect(plan::compare_versions(a, a) == 0, "a version is as new as itself");
  const auto bc = plan::compare_versions(b, c);
  if (!bc || *ab > 0 || *bc > 0) return;
  const auto ac = plan::compare_versions(a, c);
  expect(ac && *ac <= 0, "what is older than an older one is older");
  expect(*ab == 0 && *bc == 0 ? *ac == 0 : *ac < 0, "and is as old as it only when all three are");
}

void check_update(std::string_view from, std::string_view to, std::string_view pattern) {
  for (const auto scope : {api::UpdateScope::Digest, api::UpdateScope::Patch, api::UpdateScope::Minor}) {
    const auto rule = plan::UpdateRule::make({scope, {}, std::string(pattern.substr(0, 64)), {}});
    if (!rule || !rule->counts(from, to)) continue;
    expect(rule->counts_versions(), "a rule for rebuilds alone counts no version");
    expect(plan::compare_versions(to, from).value_or(0) > 0, "what counts is later");
    expect(!rule->counts(to, from), "and does not count the other way");
  }
}

void check_image(std::string_view text) {
  const auto image = plan::parse_image(text);
  if (!image) return;
  const auto again = plan::parse_image(plan::print_image(*image));
  expect(again && *again == *image, "an image reads as it was printed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto text = fuzz::text_of(data, size);
  const auto a = take_line(text);
  const auto b = take_line(text);
  const auto c = take_line(text);
  check_order(a, b, c);
  check_update(a, b, "");
  check_update(a, b, c);
  for (const auto line : {a, b, c}) check_image(line);
  (void)plan::matches_glob(a.substr(0, 64), b);
  return 0;
}
