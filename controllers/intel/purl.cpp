#include "controllers/intel/purl.hpp"

#include <algorithm>
#include <cctype>

namespace patchwave::intel {
namespace {

constexpr std::string_view kScheme = "pkg:";
constexpr std::string_view kRepository = "repository_url=";

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const int lower = std::tolower(static_cast<unsigned char>(digit));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low < 0) {
      decoded += text[i];
    } else {
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return decoded;
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char letter) { return std::tolower(letter); });
  return small;
}

/// "" without one.
std::string_view repository_of(std::string_view qualifiers) {
  while (!qualifiers.empty()) {
    const auto end = qualifiers.find('&');
    const std::string_view each = qualifiers.substr(0, end);
    if (each.starts_with(kRepository)) return each.substr(kRepository.size());
    qualifiers = end == std::string_view::npos ? std::string_view() : qualifiers.substr(end + 1);
  }
  return {};
}

}  // namespace

std::string normal_purl(std::string_view text) {
  if (in_small_letters(text.substr(0, kScheme.size())) != kScheme) return std::string(text);
  text = text.substr(kScheme.size(), text.find('#') - kScheme.size());
  const auto question = text.find('?');
  const std::string_view qualifiers =
      question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  text = text.substr(0, question);
  const auto slash = text.find('/');
  std::string purl = std::string(kScheme) + in_small_letters(text.substr(0, slash));
  if (slash != std::string_view::npos) purl += percent_decoded(text.substr(slash));
  if (const auto repository = repository_of(qualifiers); !repository.empty())
    purl += "?" + std::string(kRepository) + percent_decoded(repository);
  return purl;
}

std::string without_version(std::string_view purl) {
  const auto question = purl.find('?');
  const std::string_view name = purl.substr(0, question);
  const auto version = name.rfind('@');
  // An npm scope begins with '@' too.
  const bool has_version = version != std::string_view::npos && version > 0 && name[version - 1] != '/';
  std::string bare(has_version ? name.substr(0, version) : name);
  if (question != std::string_view::npos) bare += purl.substr(question);
  return bare;
}

std::string image_purl(std::string_view server, std::string_view repository) {
  const auto slash = repository.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? repository : repository.substr(slash + 1);
  std::string where(server);
  if (!where.empty()) where += "/";
  where += repository;
  return "pkg:oci/" + std::string(name) + "?" + std::string(kRepository) + where;
}

bool covers(std::string_view stated, std::string_view found) {
  if (stated.empty() || found.empty()) return false;
  return stated == found || stated == without_version(found);
}

}  // namespace patchwave::intel
