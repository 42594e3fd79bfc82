#include "controllers/intel/csv.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace patchwave::intel {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Up to and without the end of line; `rest` moves past it.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

}  // namespace

CsvReader::CsvReader(std::string_view text) : rest_(text) {
  if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
}

bool CsvReader::next() {
  fields_.clear();
  unquoted_.clear();
  while (!rest_.empty()) {
    const std::string_view from_here = rest_;
    std::string_view line = take_line(rest_);
    line_ = next_line_++;
    if (trimmed(line).empty()) continue;
    if (line.find('"') != std::string_view::npos) {
      rest_ = from_here;
      --next_line_;
      read_quoted();
      return true;
    }
    while (true) {
      const auto comma = line.find(',');
      fields_.push_back(trimmed(line.substr(0, comma)));
      if (comma == std::string_view::npos) return true;
      line.remove_prefix(comma + 1);
    }
  }
  return false;
}

void CsvReader::read_quoted() {
  std::size_t at = 0;
  std::string field;
  bool quoted = false;
  bool was_quoted = false;
  const auto close = [&] {
    unquoted_.push_back(std::move(field));
    const std::string_view kept = unquoted_.back();
    fields_.push_back(was_quoted ? kept : trimmed(kept));
    field.clear();
    was_quoted = false;
  };
  for (; at < rest_.size(); ++at) {
    const char letter = rest_[at];
    if (letter == '\n') ++next_line_;
    if (quoted) {
      if (letter != '"') {
        field += letter;
      } else if (at + 1 < rest_.size() && rest_[at + 1] == '"') {
        field += letter;
        ++at;
      } else {
        quoted = false;
      }
    } else if (letter == '"') {
      quoted = was_quoted = true;
    } else if (letter == ',') {
      close();
    } else if (letter == '\n') {
      ++at;
      close();
      rest_.remove_prefix(at);
      return;
    } else if (!was_quoted || (letter != '\r' && letter != ' ')) {
      field += letter;
    }
  }
  close();
  ++next_line_;
  rest_ = {};
}

std::string_view trimmed(std::string_view text) {
  const auto is_blank = [](char letter) { return letter == ' ' || letter == '\t' || letter == '\r'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::optional<std::size_t> column_of(const std::vector<std::string_view>& header,
                                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto column =
        std::ranges::find_if(header, [&](std::string_view each) { return same_word(each, name); });
    if (column != header.end()) return static_cast<std::size_t>(column - header.begin());
  }
  return std::nullopt;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

}  // namespace patchwave::intel
