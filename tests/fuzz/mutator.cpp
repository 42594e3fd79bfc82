#include "tests/fuzz/mutator.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace patchwave::fuzz {
namespace {

constexpr std::size_t kLongestInput = 64 * 1024;

// What tends to be forgotten: edges of numbers, emptiness, other types, ends of texts and of encodings.
constexpr auto kWords = std::to_array<std::string_view>({"",
                                                         "0",
                                                         "-1",
                                                         "-0",
                                                         "1",
                                                         "00",
                                                         "99999",
                                                         "100000",
                                                         "2147483647",
                                                         "2147483648",
                                                         "9223372036854775807",
                                                         "9223372036854775808",
                                                         "18446744073709551615",
                                                         "18446744073709551616",
                                                         "0.1",
                                                         "1e308",
                                                         "1e400",
                                                         "-1e-400",
                                                         "NaN",
                                                         "Inf",
                                                         "null",
                                                         "~",
                                                         "true",
                                                         "false",
                                                         "\"\"",
                                                         "\"a\"",
                                                         "[]",
                                                         "{}",
                                                         "[[[[",
                                                         "{\"a\":",
                                                         "\\u0000",
                                                         "\\ud800",
                                                         "\\udc00",
                                                         "\xc3\xbc",
                                                         "\xff",
                                                         "\xef\xbb\xbf",
                                                         "\r\n",
                                                         "\n",
                                                         "\t",
                                                         " ",
                                                         "'",
                                                         "\"",
                                                         "%00",
                                                         "..",
                                                         "&a ",
                                                         "*a",
                                                         "- ",
                                                         ": ",
                                                         "<<: ",
                                                         "!!binary ",
                                                         "0001-01-01T00:00:00Z",
                                                         "9999-12-31T23:59:60-23:59",
                                                         "2024-02-29T00:00:00.999999999+14:00"});

bool is_of_a_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

struct Span {
  std::size_t begin;
  std::size_t size;
};

/// The run of letters and digits, or the one byte, around `at`.
Span word_at(const std::string& text, std::size_t at) {
  if (!is_of_a_word(text[at])) return {at, 1};
  std::size_t begin = at;
  std::size_t end = at;
  while (begin > 0 && is_of_a_word(text[begin - 1])) --begin;
  while (end < text.size() && is_of_a_word(text[end])) ++end;
  return {begin, end - begin};
}

}  // namespace

std::string Mutator::any_part(const std::string& text) {
  if (text.empty()) return "";
  const std::size_t begin = below(text.size());
  return text.substr(begin, 1 + below(std::min<std::size_t>(text.size() - begin, 64)));
}

std::string Mutator::any_word(const std::string& text) {
  if (text.empty() || below(2) == 0) return std::string(kWords[below(kWords.size())]);
  const Span word = word_at(text, below(text.size()));
  return text.substr(word.begin, word.size);
}

void Mutator::change_byte(std::string& text) {
  if (text.empty()) return;
  char& byte = text[below(text.size())];
  switch (below(3)) {
    case 0:
      byte = static_cast<char>(byte ^ (1 << below(8)));
      break;
    case 1:
      byte = static_cast<char>(below(256));
      break;
    default:
      byte = "0123456789-+.,:;/*@#%&?=[]{}()\"'\\ \n"[below(35)];
      break;
  }
}

void Mutator::change_word(std::string& text) {
  if (text.empty()) {
    text = any_word(text);
    return;
  }
  const Span word = word_at(text, below(text.size()));
  text.replace(word.begin, word.size, any_word(any_input()));
}

void Mutator::remove_part(std::string& text) {
  if (text.empty()) return;
  const std::size_t begin = below(text.size());
  text.erase(begin, 1 + below(std::min<std::size_t>(text.size() - begin, 32)));
}

void Mutator::repeat_part(std::string& text) {
  const std::string part = any_part(text);
  std::string repeated;
  for (std::size_t times = 1 + below(8); times > 0; --times) repeated += part;
  text.insert(below(text.size() + 1), repeated);
}

void Mutator::insert_part_of_another(std::string& text) {
  const std::string& other = any_input();
  text.insert(below(text.size() + 1), below(2) == 0 ? any_part(other) : any_word(other));
}

void Mutator::change(std::string& text) {
  // Words most often: a change of a byte leaves little of JSON or YAML to look at.
  switch (below(8)) {
    case 0:
      return change_byte(text);
    case 1:
      return remove_part(text);
    case 2:
      return repeat_part(text);
    case 3:
      return insert_part_of_another(text);
    default:
      return change_word(text);
  }
}

std::string Mutator::next() {
  std::string text = any_input();
  for (std::size_t changes = 1 + below(5); changes > 0; --changes) change(text);
  if (text.size() > kLongestInput) text.resize(kLongestInput);
  return text;
}

}  // namespace patchwave::fuzz
