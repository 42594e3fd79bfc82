// Patch lists: no row is lost without a word, and each name is there once.
#include <set>
#include <string>

#include "controllers/intel/patch_list.hpp"
#include "tests/fuzz/feeds.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace patchwave;
  using fuzz::expect;
  const auto text = fuzz::text_of(data, size);
  const auto list = intel::parse_patch_list(text, fuzz::kToday);
  if (!list) {
    expect(!list.error().message.empty(), "what is refused has a reason");
    return 0;
  }
  fuzz::check_set_aside(list->set_aside);
  intel::CsvReader csv(text);
  std::size_t rows = 0;
  while (csv.next()) ++rows;
  expect(rows - 1 <= list->rows.size() + list->later + list->set_aside.count,
         "no row is lost without a word");
  std::set<std::string> names;
  for (const auto& row : list->rows) {
    expect(names.insert(row.name).second, "each name is there once");
    expect(!row.group.empty() && row.affected >= 0, "a row has a group");
  }
  return 0;
}
