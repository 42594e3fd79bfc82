// Names of images: "registry.example.com:5000/shop/web:1.4.3@sha256:…" and what Docker Hub leaves out.
#pragma once

#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace patchwave::registry {

struct Reference {
  std::string host;        ///< "docker.io" for Docker Hub, with a port where one was given. Lower case.
  std::string repository;  ///< "library/nginx", "shop/web"
  std::string tag;         ///< "latest" when the text names neither a tag nor a digest.
  std::string digest;      ///< "sha256:…" when pinned.

  /// "host/repository"
  [[nodiscard]] std::string name() const { return host + "/" + repository; }
  bool operator==(const Reference&) const = default;
};

/// Reads an image as a pod names it: a first part without '.', ':' or the name "localhost" is not a host,
/// and a single word on Docker Hub is in "library". Invalid names the text and the part that is wrong.
Result<Reference> parse_reference(std::string_view image);

bool is_tag(std::string_view text);
/// "sha256:" and 64 lower-case hexadecimal digits.
bool is_digest(std::string_view text);
/// The digest of these bytes.
std::string digest_of(std::string_view bytes);

}  // namespace patchwave::registry
