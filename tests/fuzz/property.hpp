// What every fuzz target needs: bytes as text, and a way to say which property an input breaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace patchwave::fuzz {

/// A driver keeps the input when the program aborts.
inline void expect(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first byte off `text` for a choice among `count`; 0 when it is empty.
inline std::size_t take_choice(std::string_view& text, std::size_t count) {
  if (text.empty()) return 0;
  const auto choice = static_cast<unsigned char>(text.front()) % count;
  text.remove_prefix(1);
  return choice;
}

}  // namespace patchwave::fuzz
