#include "operator/registry/reference.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "operator/http/url.hpp"

namespace patchwave::registry {
namespace {

constexpr std::string_view kDockerHub = "docker.io";
constexpr std::size_t kMaxRepository = 255;
constexpr std::size_t kMaxTag = 128;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// Parts of lower-case letters and digits with single separators within, between slashes.
bool is_repository(std::string_view text) {
  if (text.empty() || text.size() > kMaxRepository) return false;
  const auto allowed = [](char c) {
    return is_lower_or_digit(c) || c == '.' || c == '_' || c == '-' || c == '/';
  };
  if (!std::ranges::all_of(text, allowed)) return false;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const auto end = std::min(text.find('/', begin), text.size());
    const auto part = text.substr(begin, end - begin);
    if (part.empty() || !is_lower_or_digit(part.front()) || !is_lower_or_digit(part.back())) return false;
    if (part.contains("..")) return false;
    begin = end + 1;
  }
  return true;
}

bool is_host(std::string_view first) {
  return first.contains('.') || first.contains(':') || first == "localhost";
}

}  // namespace

bool is_tag(std::string_view text) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= kMaxTag && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text, allowed);
}

bool is_digest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string digest_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), hash.data(), &size, EVP_sha256(), nullptr);
  std::string out = "sha256:";
  for (unsigned int i = 0; i < size; ++i) out += fmt::format("{:02x}", hash[i]);
  return out;
}

Result<Reference> parse_reference(std::string_view image) {
  const auto invalid = [image](std::string_view what) {
    return fail(ErrorKind::Invalid, fmt::format("the image {:.300} has no valid {}", image, what));
  };
  Reference reference;
  std::string_view rest = image;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    reference.digest = rest.substr(at + 1);
    if (!is_digest(reference.digest)) return invalid("digest");
    rest = rest.substr(0, at);
  }
  const auto last_slash = rest.rfind('/');
  const auto colon = rest.find(':', last_slash == std::string_view::npos ? 0 : last_slash);
  if (colon != std::string_view::npos) {
    reference.tag = rest.substr(colon + 1);
    if (!is_tag(reference.tag)) return invalid("tag");
    rest = rest.substr(0, colon);
  }
  if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";

  const auto slash = rest.find('/');
  reference.host = kDockerHub;
  if (slash != std::string_view::npos && is_host(rest.substr(0, slash))) {
    reference.host = rest.substr(0, slash);
    std::ranges::transform(reference.host, reference.host.begin(),
                           [](unsigned char c) { return std::tolower(c); });
    if (!http::parse_url("https://" + reference.host)) return invalid("host");
    rest.remove_prefix(slash + 1);
  }
  if (reference.host == "index.docker.io") reference.host = kDockerHub;
  reference.repository = rest;
  if (reference.host == kDockerHub && !rest.contains('/')) reference.repository.insert(0, "library/");
  if (!is_repository(reference.repository)) return invalid("repository");
  return reference;
}

}  // namespace patchwave::registry
