// What every store has in common: rows by namespace and name, fed by one writer and read by many, and
// handlers that hear of a row only when its projection changed.
//
// Writers are serialised; readers see each write whole. Handlers run on the writing thread, in the order
// of the writes, with no lock of the readers held: they may query the store, but not write to it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/base/json.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/watch_event.hpp"
#include "operator/kube/watch_sink.hpp"

namespace patchwave::kube {

/// Row: what is kept. View: what readers and handlers get. A subclass says how one becomes the other.
template <class Row, class View>
class Table : public WatchSink {
 public:
  /// Before and after: nullptr before for a new object, nullptr after for one that is gone. An object that
  /// was deleted and made again between two looks comes as one change between different UIDs.
  using Handler = std::function<void(const View* before, const View* after)>;

  /// Before the first write only.
  void on_change(Handler handler) { handlers_.push_back(std::move(handler)); }

  /// True once a complete listing has been seen, for good.
  [[nodiscard]] bool synced() const { return synced_; }
  /// The newest resourceVersion seen, of events and bookmarks; "" before the first.
  [[nodiscard]] std::string resource_version() const {
    const std::shared_lock lock(readers_);
    return resource_version_;
  }
  [[nodiscard]] std::size_t size() const {
    const std::shared_lock lock(readers_);
    return rows_.size();
  }
  /// Objects that could not be decoded since the start.
  [[nodiscard]] std::uint64_t undecodable() const { return undecodable_; }

  // Fed by a reflector.
  void begin() override {
    const std::scoped_lock writing(writer_);
    ++generation_;
    listing_is_whole_ = true;
  }
  Result<void> upsert(std::string_view object) override {
    const std::scoped_lock writing(writer_);
    auto decoded = decode(object);
    if (!decoded) {
      ++undecodable_;
      listing_is_whole_ = false;
      return fail(std::move(decoded.error()));
    }
    put(decoded->first, std::move(decoded->second));
    return {};
  }
  Result<void> erase(std::string_view object) override {
    const std::scoped_lock writing(writer_);
    auto decoded = decode(object);
    if (!decoded) {
      ++undecodable_;
      return fail(std::move(decoded.error()));
    }
    take(key_of(decoded->first));
    return {};
  }
  /// An object that could not be decoded must not look deleted: after such a listing nothing is removed.
  void done(std::string_view resource_version) override {
    const std::scoped_lock writing(writer_);
    if (listing_is_whole_) {
      for (const std::string& key : keys_older_than(generation_)) take(key);
    }
    set_resource_version(resource_version);
    synced_ = true;
  }
  void advance(std::string_view resource_version) override {
    const std::scoped_lock writing(writer_);
    set_resource_version(resource_version);
  }

  // Fed without one.
  Result<void> apply(const Json& object) { return upsert(print_json(object)); }
  /// A line as a watch sends it. An ERROR event is its Status as an error.
  Result<void> apply_line(std::string_view line) {
    WatchDecoder decoder;
    const auto event = decoder.decode(line);
    if (!event) return fail(event.error());
    Result<void> result;
    if (event->type == WatchEvent::Type::Error) return fail(event->error);
    if (event->type == WatchEvent::Type::Deleted) result = erase(event->object);
    if (event->type == WatchEvent::Type::Added || event->type == WatchEvent::Type::Modified) {
      result = upsert(event->object);
    }
    advance(event->resource_version);
    return result;
  }
  void remove(const NamespacedName& name) {
    const std::scoped_lock writing(writer_);
    take(key_of(name));
  }
  /// A complete listing at once. The first object that can't be decoded is the error; the others are kept.
  Result<void> replace_all(const std::vector<Json>& objects, std::string_view resource_version = "") {
    Result<void> result;
    begin();
    for (const Json& object : objects) {
      if (auto applied = apply(object); !applied && result) result = std::move(applied);
    }
    done(resource_version);
    return result;
  }

 protected:
  /// For a subclass whose rows refer to members of its own, which are gone before this class is.
  void clear() {
    const std::scoped_lock writing(writer_);
    const std::unique_lock lock(readers_);
    rows_.clear();
  }

  struct Entry {
    Row row;
    std::uint32_t generation = 0;  ///< The listing that saw it last.
  };
  using Rows = std::map<std::string, Entry, std::less<>>;

  /// One writer at a time, no lock of the readers held.
  virtual Result<std::pair<NamespacedName, View>> decode(std::string_view object) = 0;
  /// Under the exclusive lock.
  virtual Row pack(View view) = 0;
  /// Under a lock.
  virtual View unpack(std::string_view key, const Row& row) const = 0;
  /// Whether a change from one to the other is worth a word.
  virtual bool same(const Row& before, const Row& after) const = 0;

  static std::string key_of(const NamespacedName& name) { return name.ns + "/" + name.name; }

  [[nodiscard]] std::optional<View> find_view(std::string_view ns, std::string_view name) const {
    const std::string key = key_of({std::string(ns), std::string(name)});
    const std::shared_lock lock(readers_);
    const auto found = rows_.find(key);
    if (found == rows_.end()) return std::nullopt;
    return unpack(found->first, found->second.row);
  }

  /// Calls visit(key, row) for each row of `ns`, or of all namespaces when it is empty, in order of key.
  template <class Visit>
  void for_each_row(std::string_view ns, Visit visit) const {
    const std::string prefix = ns.empty() ? "" : std::string(ns) + "/";
    const std::shared_lock lock(readers_);
    for (auto at = rows_.lower_bound(prefix); at != rows_.end() && at->first.starts_with(prefix); ++at) {
      visit(at->first, at->second.row);
    }
  }

 private:
  void put(const NamespacedName& name, View view) {
    std::string key = key_of(name);
    std::optional<View> before;
    std::optional<View> after;
    {
      const std::unique_lock lock(readers_);
      Row row = pack(std::move(view));
      const auto found = rows_.find(key);
      const bool known = found != rows_.end();
      const bool tell = !handlers_.empty() && !(known && same(found->second.row, row));
      if (tell && known) before = unpack(key, found->second.row);
      if (tell) after = unpack(key, row);
      rows_.insert_or_assign(std::move(key), Entry{std::move(row), generation_});
    }
    notify(before, after);
  }
  void take(const std::string& key) {
    std::optional<View> before;
    {
      const std::unique_lock lock(readers_);
      const auto found = rows_.find(key);
      if (found == rows_.end()) return;
      if (!handlers_.empty()) before = unpack(key, found->second.row);
      rows_.erase(found);
    }
    notify(before, std::nullopt);
  }
  void notify(const std::optional<View>& before, const std::optional<View>& after) const {
    if (!before && !after) return;
    for (const Handler& handler : handlers_) handler(before ? &*before : nullptr, after ? &*after : nullptr);
  }
  [[nodiscard]] std::vector<std::string> keys_older_than(std::uint32_t generation) const {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : rows_) {
      if (entry.generation != generation) keys.push_back(key);
    }
    return keys;
  }
  void set_resource_version(std::string_view resource_version) {
    if (resource_version.empty()) return;
    const std::unique_lock lock(readers_);
    resource_version_ = resource_version;
  }

  std::mutex writer_;                  ///< Held for a whole write, handlers included.
  mutable std::shared_mutex readers_;  ///< Guards rows_ and resource_version_.
  Rows rows_;  ///< Changed only under both locks, so a writer may read it under writer_ alone.
  std::string resource_version_;
  std::vector<Handler> handlers_;
  std::uint32_t generation_ = 0;
  bool listing_is_whole_ = true;
  std::atomic<bool> synced_ = false;
  std::atomic<std::uint64_t> undecodable_ = 0;
};

}  // namespace patchwave::kube
