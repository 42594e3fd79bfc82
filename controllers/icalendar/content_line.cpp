#include "controllers/icalendar/content_line.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchwave::icalendar {
namespace {

constexpr std::size_t kLargestFile = std::size_t{1} << 20U;
constexpr std::size_t kLongestLine = std::size_t{1} << 16U;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestText = 120;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= kLongestName && std::ranges::all_of(name, allowed);
}

/// The first of `stops` outside quotes.
std::size_t find_outside_quotes(std::string_view text, std::string_view stops) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && stops.find(text[i]) != std::string_view::npos) return i;
  }
  return std::string_view::npos;
}

std::string without_quotes(std::string_view text) {
  std::string result(text);
  std::erase(result, '"');
  return result;
}

Result<ContentLine> parse_line(std::string_view text, std::size_t number) {
  ContentLine line;
  line.number = number;
  auto stop = find_outside_quotes(text, ";:");
  const auto broken = [&] { return refuse(number, "is not NAME:value or NAME;PARAMETER=value:value"); };
  if (stop == std::string_view::npos || !is_name(text.substr(0, stop))) return broken();
  line.name = upper_case(text.substr(0, stop));
  while (text[stop] == ';') {
    text.remove_prefix(stop + 1);
    stop = find_outside_quotes(text, ";:");
    if (stop == std::string_view::npos) return broken();
    const std::string_view parameter = text.substr(0, stop);
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos || !is_name(parameter.substr(0, equals))) return broken();
    const auto name = upper_case(parameter.substr(0, equals));
    if (!line.parameters.emplace(name, without_quotes(parameter.substr(equals + 1))).second)
      return refuse(number, fmt::format("{} has {} twice", line.name, name));
  }
  line.value = text.substr(stop + 1);
  return line;
}

/// Takes a line off `rest`, without its end.
std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool is_folded(std::string_view rest) {
  return rest.starts_with(' ') || rest.starts_with('\t');
}

/// Without the rest of a character that is cut.
void shorten(std::string& text) {
  if (text.size() <= kLongestText) return;
  std::size_t end = kLongestText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
}

}  // namespace

Result<std::vector<ContentLine>> parse_content_lines(std::string_view text) {
  if (text.size() > kLargestFile) {
    return fail(ErrorKind::TooLarge,
                fmt::format("{} bytes are more than a calendar may have, {}", text.size(), kLargestFile));
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::vector<ContentLine> lines;
  std::size_t number = 1;
  while (!text.empty()) {
    const std::size_t first = number++;
    std::string whole(take_line(text));
    for (; is_folded(text); ++number) whole += take_line(text).substr(1);
    if (whole.empty()) continue;
    if (whole.size() > kLongestLine)
      return refuse(first, fmt::format("is longer than {} bytes", kLongestLine));
    auto line = parse_line(whole, first);
    if (!line) return fail(line.error());
    lines.push_back(std::move(*line));
  }
  return lines;
}

std::string plain_text(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (c == '\\' && i + 1 < value.size()) {
      c = value[++i];
      if (c == 'n' || c == 'N') c = ' ';
    }
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20U || byte == 0x7FU ? ' ' : c;
  }
  shorten(text);
  return text;
}

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

std::unexpected<Error> refuse(std::size_t line, std::string_view wrong) {
  return fail(ErrorKind::Invalid, fmt::format("line {}: {}", line, wrong));
}

}  // namespace patchwave::icalendar
