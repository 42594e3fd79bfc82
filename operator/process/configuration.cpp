#include "operator/process/configuration.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <set>

#include "operator/process/configuration_keys.hpp"

namespace patchwave::process {
namespace {

constexpr std::size_t kLargestFile = 1024 * 1024;
constexpr std::size_t kLongestList = 1000;

std::unexpected<Error> invalid(const std::string& key, const std::string& problem) {
  return fail(ErrorKind::Invalid, key + ": " + problem);
}

template <class Settings>
std::vector<std::string> names_of(const std::vector<Key<Settings>>& keys) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(key.name);
  return names;
}

std::unexpected<Error> unknown_key(const std::string& shown, const std::string& path,
                                   const std::vector<std::string>& known) {
  const std::string nearest = nearest_key(path, known);
  return fail(ErrorKind::Invalid,
              nearest.empty()
                  ? fmt::format("unknown key {}; the keys are in docs/reference/configuration.md", shown)
                  : fmt::format("unknown key {}; did you mean {}?", shown, nearest));
}

bool is_section(const std::string& path, const std::vector<std::string>& known) {
  return std::ranges::any_of(known, [&](const std::string& name) { return name.starts_with(path + "."); });
}

/// Reads the scalar keys of `node` into `settings`. `shown` goes before names in messages; `others` are names
/// that somebody else reads.
template <class Settings>
Result<void> read_mapping(const YAML::Node& node, const std::string& path, const std::string& shown,
                          const std::vector<Key<Settings>>& keys, const std::set<std::string>& others,
                          Settings& settings) {
  if (!node.IsMap()) return invalid(shown + path, "must be a mapping of keys to values");
  const auto known = names_of(keys);
  for (const auto& pair : node) {
    const std::string name = pair.first.IsScalar() ? pair.first.Scalar() : "";
    const std::string inner = path.empty() ? name : path + "." + name;
    if (others.contains(inner)) continue;
    const auto key = std::ranges::find(keys, inner, &Key<Settings>::name);
    if (key == keys.end() && !is_section(inner, known)) {
      auto candidates = known;
      candidates.insert(candidates.end(), others.begin(), others.end());
      return unknown_key(shown + inner, inner, candidates);
    }
    if (pair.second.IsNull()) continue;
    if (key == keys.end()) {
      if (auto read = read_mapping(pair.second, inner, shown, keys, others, settings); !read) return read;
      continue;
    }
    if (!pair.second.IsScalar()) return invalid(shown + inner, "must be " + key->allowed);
    if (!key->set(settings, pair.second.Scalar())) {
      return invalid(shown + inner,
                     fmt::format("'{}' is not allowed; it must be {}", pair.second.Scalar(), key->allowed));
    }
  }
  return {};
}

Result<std::vector<RegistrySettings>> read_registries(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() > kLongestList)
    return invalid(kRegistries, "must be a list of registries");
  std::vector<RegistrySettings> registries;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string shown = fmt::format("{}[{}].", kRegistries, i);
    RegistrySettings registry;
    auto read = read_mapping(node[i], "", shown, registry_keys(), {}, registry);
    if (!read) return fail(read.error());
    if (registry.host.empty()) return invalid(shown + "host", "is required");
    registries.push_back(std::move(registry));
  }
  return registries;
}

Result<std::vector<feeds::FeedSettings>> read_feeds(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() > kLongestList) return invalid(kFeeds, "must be a list of feeds");
  std::vector<feeds::FeedSettings> all;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string shown = fmt::format("{}[{}].", kFeeds, i);
    feeds::FeedSettings feed;
    auto read = read_mapping(node[i], "", shown, feed_keys(), {}, feed);
    if (!read) return fail(read.error());
    if (const auto kind = node[i]["kind"]; !kind || kind.IsNull())
      return invalid(shown + "kind", "is required");
    all.push_back(std::move(feed));
  }
  return all;
}

Result<std::vector<std::string>> read_names(const YAML::Node& node, const std::string& key) {
  if (!node.IsSequence() || node.size() > kLongestList) return invalid(key, "must be a list of names");
  std::vector<std::string> names;
  for (const auto& item : node) {
    if (!item.IsScalar() || item.Scalar().empty()) return invalid(key, "must be a list of names");
    names.push_back(item.Scalar());
  }
  return names;
}

Result<Configuration> read_root(const YAML::Node& root, Configuration configuration) {
  if (root.IsNull()) return configuration;
  auto scalars =
      read_mapping(root, "", "", configuration_keys(), {kRegistries, kGitOpsManagers, kFeeds}, configuration);
  if (!scalars) return fail(scalars.error());
  if (const auto node = root[kRegistries]; node && !node.IsNull()) {
    auto registries = read_registries(node);
    if (!registries) return fail(registries.error());
    configuration.registries = std::move(*registries);
  }
  if (const auto node = root[kFeeds]; node && !node.IsNull()) {
    auto all = read_feeds(node);
    if (!all) return fail(all.error());
    configuration.feeds = std::move(*all);
  }
  if (const auto node = root[kGitOpsManagers]; node && !node.IsNull()) {
    auto names = read_names(node, kGitOpsManagers);
    if (!names) return fail(names.error());
    configuration.git_ops_managers = std::move(*names);
  }
  return configuration;
}

}  // namespace

Result<Configuration> parse_configuration(std::string_view yaml, const std::string& source,
                                          Configuration base) {
  try {
    auto read = read_root(YAML::Load(std::string(yaml)), std::move(base));
    if (!read) return fail(read.error().within(source));
    return read;
  } catch (const YAML::Exception& exception) {
    return fail(ErrorKind::Invalid, fmt::format("{}: not YAML: {}", source, exception.what()));
  }
}

Result<Configuration> read_configuration(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(ErrorKind::NotFound, "the configuration file " + path + " can't be read");
  std::string text(kLargestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return fail(ErrorKind::NotFound, "the configuration file " + path + " can't be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestFile) return fail(ErrorKind::TooLarge, path + ": longer than 1 MiB");
  return parse_configuration(text, path);
}

namespace {

Result<void> validate_feeds(const std::vector<feeds::FeedSettings>& all) {
  std::set<std::string> names;
  std::set<intel::FeedKind> kinds;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& feed = all[i];
    const std::string shown = fmt::format("{}[{}]", kFeeds, i);
    if (feed.from.url.empty() == feed.from.file.empty())
      return invalid(shown, "must have either a url or a file");
    if (!feed.sha256.empty() && !feed.sha256_from.empty())
      return invalid(shown, "either sha256 or sha256From, not both");
    if (!feed.from.ca_file.empty() && feed.from.url.empty())
      return invalid(shown + ".caFile", "is only for a url");
    if (!names.insert(feed.shown_name()).second)
      return invalid(shown + ".name",
                     "'" + feed.shown_name() + "' is there twice; each feed needs a name of its own");
    if (feed.kind != intel::FeedKind::Signals && !kinds.insert(feed.kind).second)
      return invalid(shown + ".kind",
                     fmt::format("{} is there twice; only signals may be", intel::to_string(feed.kind)));
  }
  return {};
}

}  // namespace

Result<void> validate(const Configuration& configuration) {
  const LeaderElectionSettings& election = configuration.leader_election;
  // A holder must know that it has lost the lease before anybody else may take it, and must be able to try
  // twice.
  if (election.lease_duration <= election.renew_deadline) {
    return invalid("leaderElection.leaseDuration", "must be longer than leaderElection.renewDeadline");
  }
  if (election.renew_deadline * 5 <= election.retry_period * 6) {
    return invalid("leaderElection.renewDeadline",
                   "must be longer than 1.2 times leaderElection.retryPeriod");
  }
  const PrometheusSettings& prometheus = configuration.prometheus;
  if (prometheus.username.empty() != prometheus.password_file.empty()) {
    return invalid("prometheus.basicAuth", "username and passwordFile belong together");
  }
  if (!prometheus.username.empty() && !prometheus.bearer_token_file.empty()) {
    return invalid("prometheus", "either bearerTokenFile or basicAuth, not both");
  }
  if (configuration.metrics_address && configuration.metrics_address == configuration.health_address) {
    return invalid("healthAddress", "must differ from metricsAddress");
  }
  std::set<std::string> hosts;
  for (const RegistrySettings& registry : configuration.registries) {
    if (!hosts.insert(registry.host).second)
      return invalid(kRegistries, "host '" + registry.host + "' is there twice");
  }
  return validate_feeds(configuration.feeds);
}

std::vector<KeyDescription> describe_keys() {
  const Configuration defaults;
  std::vector<KeyDescription> all;
  for (const auto& key : configuration_keys()) {
    all.push_back({key.name, flag_of(key.name), key.allowed, key.print(defaults)});
  }
  for (const auto& key : registry_keys()) {
    all.push_back(
        {std::string(kRegistries) + "[]." + key.name, "", key.allowed, key.print(RegistrySettings{})});
  }
  for (const auto& key : feed_keys()) {
    // A kind has no default: it is required.
    const std::string otherwise = key.name == "kind" ? "" : key.print(feeds::FeedSettings{});
    all.push_back({std::string(kFeeds) + "[]." + key.name, "", key.allowed, otherwise});
  }
  std::string managers;
  for (const std::string& manager : defaults.git_ops_managers)
    managers += (managers.empty() ? "" : ", ") + manager;
  all.push_back({kGitOpsManagers, "", "a list of field managers", managers});
  return all;
}

}  // namespace patchwave::process
