#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "controllers/plan/plan.hpp"

namespace patchwave::plan {
namespace {

constexpr std::string_view kDockerHub = "docker.io/";
constexpr std::string_view kDockerLibrary = "docker.io/library/";
constexpr std::size_t kLongestRepository = 255;
constexpr std::size_t kLongestReference = 1024;

// The grammar of the OCI distribution specification, with Docker's registry host before it.
constexpr const char* kReference =
    R"((?:((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?)/)?)"
    R"(([a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*))"
    R"((?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?)"
    R"((?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}))?)";

// "team" of "team/web" is a path on Docker Hub; "localhost", "host.domain" and "host:5000" are registries.
bool is_registry(const std::string& host) {
  return host == "localhost" || host.find_first_of(".:") != std::string::npos ||
         std::ranges::any_of(host, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string full_repository(const std::string& host, const std::string& path) {
  if (!host.empty() && !is_registry(host)) return std::string(kDockerHub) + host + "/" + path;
  const bool hub = host.empty() || host == "docker.io" || host == "index.docker.io";
  if (!hub) return host + "/" + path;
  return std::string(path.find('/') == std::string::npos ? kDockerLibrary : kDockerHub) + path;
}

std::string_view docker_short_name(std::string_view repository) {
  if (repository.starts_with(kDockerLibrary)) return repository.substr(kDockerLibrary.size());
  if (repository.starts_with(kDockerHub)) return repository.substr(kDockerHub.size());
  return {};
}

}  // namespace

Result<ImageReference> parse_image(std::string_view text) {
  static const RE2 pattern(kReference);
  std::string host;
  std::string path;
  ImageReference image;
  const re2::StringPiece input(text.data(), text.size());
  if (text.size() > kLongestReference ||
      !RE2::FullMatch(input, pattern, &host, &path, &image.tag, &image.digest)) {
    return fail(ErrorKind::Invalid,
                fmt::format("image '{}' is not a reference such as registry.example.com/team/web:1.2",
                            text.substr(0, kLongestReference)));
  }
  image.repository = full_repository(host, path);
  if (image.repository.size() > kLongestRepository) {
    return fail(ErrorKind::Invalid, fmt::format("image '{}': its repository is longer than {} characters",
                                                text, kLongestRepository));
  }
  return image;
}

std::string print_image(const ImageReference& image) {
  std::string text = image.repository;
  if (!image.tag.empty()) text += ":" + image.tag;
  if (!image.digest.empty()) text += "@" + image.digest;
  return text;
}

bool matches_glob(std::string_view glob, std::string_view repository) {
  // reached[i]: the part of the glob read so far matches the first i characters.
  std::vector<bool> reached(repository.size() + 1, false);
  reached[0] = true;
  for (std::size_t at = 0; at < glob.size(); ++at) {
    const bool star = glob[at] == '*';
    const bool across = star && at + 1 < glob.size() && glob[at + 1] == '*';
    if (across) ++at;
    std::vector<bool> next(repository.size() + 1, false);
    for (std::size_t i = 0; i <= repository.size(); ++i) {
      if (star) {
        next[i] = reached[i] || (i > 0 && next[i - 1] && (across || repository[i - 1] != '/'));
      } else {
        next[i] = i > 0 && reached[i - 1] && repository[i - 1] == glob[at];
      }
    }
    reached = std::move(next);
  }
  return reached[repository.size()];
}

bool allows_image(const std::vector<std::string>& globs, std::string_view repository) {
  const auto short_name = docker_short_name(repository);
  return globs.empty() || std::ranges::any_of(globs, [&](const std::string& glob) {
           return matches_glob(glob, repository) || (!short_name.empty() && matches_glob(glob, short_name));
         });
}

}  // namespace patchwave::plan
