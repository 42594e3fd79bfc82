// The operator's configuration file: what is taken is within the bounds that the keys state, and written out
// again it says the same.
#include <fmt/format.h>

#include <string>

#include "operator/process/configuration.hpp"
#include "operator/process/configuration_keys.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
using process::Configuration;

constexpr const char* kFile = "operator.yaml";

/// YAML reads a JSON string as the same text.
std::string quoted(const std::string& text) {
  return print_json(Json(text));
}

template <class Settings>
std::string written(const std::vector<process::Key<Settings>>& keys, const Settings& settings,
                    std::string_view indent) {
  std::string text;
  for (const auto& key : keys)
    text += fmt::format("{}{}: {}\n", indent, key.name, quoted(key.print(settings)));
  return text;
}

void check_keys(const Configuration& configuration) {
  for (const auto& key : process::configuration_keys()) {
    Configuration again;
    const std::string printed = key.print(configuration);
    expect(key.set(again, printed), "a key takes its own print");
    expect(key.print(again) == printed, "a key prints what it took");
  }
  for (const auto& feed : configuration.feeds) {
    for (const auto& key : process::feed_keys()) {
      feeds::FeedSettings again;
      expect(key.set(again, key.print(feed)), "a feed's key takes its own print");
      expect(key.print(again) == key.print(feed), "a feed's key prints what it took");
    }
  }
  for (const auto& registry : configuration.registries) {
    expect(!registry.host.empty(), "a registry has a host");
    for (const auto& key : process::registry_keys()) {
      process::RegistrySettings again;
      expect(key.set(again, key.print(registry)), "a registry's key takes its own print");
      expect(key.print(again) == key.print(registry), "a registry's key prints what it took");
    }
  }
}

bool is_utf8(std::string_view text) {
  const auto read = parse_json(print_json(Json(text)), "the text");
  return read && read->get_ref<const std::string&>() == text;
}

/// The feeds, in a file of their own.
void check_feeds(const Configuration& configuration) {
  if (configuration.feeds.empty()) return;
  std::string text = "feeds:\n";
  for (const auto& feed : configuration.feeds) text += "  -\n" + written(process::feed_keys(), feed, "    ");
  const auto again = process::parse_configuration(text, kFile);
  expect(again && again->feeds == configuration.feeds, "feeds read as they were written");
}

/// The registries and the names of managers, in a file of their own.
void check_lists(const Configuration& configuration) {
  std::string text = "registries:\n";
  for (const auto& registry : configuration.registries) {
    text += "  -\n" + written(process::registry_keys(), registry, "    ");
  }
  text += "gitOpsManagers:\n";
  for (const std::string& manager : configuration.git_ops_managers) text += "  - " + quoted(manager) + "\n";
  if (configuration.registries.empty() || configuration.git_ops_managers.empty()) return;
  const auto again = process::parse_configuration(text, kFile);
  expect(again.has_value(), "lists that were taken can be written out and taken again");
  expect(again->registries == configuration.registries, "registries read as they were written");
  expect(again->git_ops_managers == configuration.git_ops_managers, "managers read as they were written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto configuration = process::parse_configuration(text, kFile);
  if (!configuration) {
    expect(configuration.error().kind == ErrorKind::Invalid, "what is no configuration is invalid");
    expect(configuration.error().message.starts_with("operator.yaml: "), "a refusal begins with the file");
    return 0;
  }
  check_keys(*configuration);
  if (is_utf8(text)) {
    check_lists(*configuration);
    check_feeds(*configuration);
  }
  (void)process::validate(*configuration);
  const auto again = process::parse_configuration(text, kFile, *configuration);
  expect(again && *again == *configuration, "the same file over itself changes nothing");
  return 0;
}
