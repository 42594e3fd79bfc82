// Pull credentials as `docker login` and image pull secrets keep them (.dockerconfigjson).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/json.hpp"
#include "operator/base/result.hpp"

namespace patchwave::registry {

/// Never printed, logged or put in an error.
struct Credential {
  std::string user;
  std::string password;
  bool operator==(const Credential&) const = default;
};

/// The `auths` of one or several files.
class DockerConfig {
 public:
  /// Adds a file's entries after those that are there. Invalid says which entry is wrong, never its content.
  Result<void> add(std::string_view text);
  /// The same for the older form (.dockercfg), which is the `auths` alone.
  Result<void> add_entries(std::string_view text);

  /// The entry for an image, as the kubelet picks it: hosts match by label with '*' wildcards, a path by
  /// prefix, and the longest path wins, then the earliest entry. nullopt: none. Invalid: the entry can't be
  /// used here (an identity token, or a credential helper's empty entry).
  [[nodiscard]] Result<std::optional<Credential>> find(std::string_view host,
                                                       std::string_view repository) const;

 private:
  Result<void> add_auths(const Json& auths);

  struct Entry {
    std::string host;  ///< May hold '*'.
    std::string path;  ///< Without slashes at its ends.
    std::optional<Credential> credential;
    std::string unusable;  ///< Why, when there is no credential.
  };
  std::vector<Entry> entries_;
};

}  // namespace patchwave::registry
