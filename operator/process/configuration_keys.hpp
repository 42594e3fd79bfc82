// The table of keys behind configuration.hpp.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operator/process/configuration.hpp"

namespace patchwave::process {

/// One scalar key of a mapping that is read into `Settings`.
template <class Settings>
struct Key {
  std::string name;     ///< Dotted path: "leaderElection.leaseName".
  std::string allowed;  ///< What a value may be, for messages and help.
  std::function<bool(Settings&, const std::string& text)> set;  ///< False: not allowed.
  std::function<std::string(const Settings&)> print;
};

const std::vector<Key<Configuration>>& configuration_keys();
/// Keys of each entry of `registries`.
const std::vector<Key<RegistrySettings>>& registry_keys();
/// Keys of each entry of `feeds`.
const std::vector<Key<feeds::FeedSettings>>& feed_keys();

inline constexpr const char* kRegistries = "registries";
inline constexpr const char* kFeeds = "feeds";
inline constexpr const char* kGitOpsManagers = "gitOpsManagers";

/// "leaderElection.leaseName" -> "--leader-election-lease-name".
std::string flag_of(const std::string& key);
/// The one of `known` with the smallest edit distance to `text`, without regard to case; "" when none is
/// near.
std::string nearest_key(const std::string& text, const std::vector<std::string>& known);

}  // namespace patchwave::process
