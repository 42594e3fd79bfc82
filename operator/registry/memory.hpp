// What was learned of bytes by their digest, which can't change.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "operator/base/clock.hpp"

namespace patchwave::registry {

/// Thread-safe. Forgets some when there is no room for more.
class DigestMemory {
 public:
  using Platforms = std::map<std::string, std::string>;  ///< Digests by "os/architecture[/variant]".
  using Made = std::optional<Time>;                      ///< nullopt: the image does not say.

  [[nodiscard]] std::optional<Platforms> platforms(const std::string& index) const {
    return get(platforms_, index);
  }
  void keep_platforms(const std::string& index, const Platforms& digests) { put(platforms_, index, digests); }
  [[nodiscard]] std::optional<Made> made(const std::string& digest) const { return get(made_, digest); }
  void keep_made(const std::string& digest, Made time) { put(made_, digest, time); }

 private:
  static constexpr std::size_t kRoom = 4'096;

  template <class Value>
  std::optional<Value> get(const std::map<std::string, Value>& from, const std::string& digest) const {
    const std::scoped_lock lock(mutex_);
    const auto found = from.find(digest);
    return found == from.end() ? std::nullopt : std::optional<Value>(found->second);
  }
  template <class Value>
  void put(std::map<std::string, Value>& to, const std::string& digest, const Value& value) {
    const std::scoped_lock lock(mutex_);
    if (to.size() >= kRoom) to.erase(to.begin());
    to.insert_or_assign(digest, value);
  }

  mutable std::mutex mutex_;
  std::map<std::string, Platforms> platforms_;
  std::map<std::string, Made> made_;
};

}  // namespace patchwave::registry
