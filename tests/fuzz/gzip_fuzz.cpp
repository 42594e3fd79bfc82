// gzip: no archive unpacks to more than was allowed, and what is none stays as it is.
#include <string>

#include "controllers/intel/gzip.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace patchwave;
  const std::string bytes(fuzz::text_of(data, size));
  constexpr std::size_t kLimit = std::size_t{1} << 20U;
  const auto text = intel::decompress(bytes, kLimit);
  fuzz::expect(!text || text->size() <= kLimit, "the limit holds");
  fuzz::expect(bytes.starts_with("\x1f\x8b") || !text || *text == bytes, "what is no archive stays as it is");
  return 0;
}
