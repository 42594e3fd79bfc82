// Texts that many records repeat, kept once and freed with their last user.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace patchwave::kube {

class InternPool;

/// A reference of eight bytes to a text in a pool; equal texts of one pool are equal references. The empty
/// text is no reference at all. Copies and destruction count, so they belong to the pool's one writer;
/// reading text() is free for all. Must not outlive the pool.
class Interned {
 public:
  Interned() = default;
  Interned(const Interned& other) noexcept;
  Interned(Interned&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  Interned& operator=(Interned other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  ~Interned();

  [[nodiscard]] const std::string& text() const;
  /// Same value for the same text while any reference to it lives.
  [[nodiscard]] const void* identity() const { return entry_; }
  bool operator==(const Interned&) const = default;

 private:
  friend class InternPool;
  struct Entry {
    std::string text;
    InternPool* pool;
    std::uint32_t references;
  };
  explicit Interned(Entry* entry) : entry_(entry) {}

  Entry* entry_ = nullptr;
};

class InternPool {
 public:
  InternPool() = default;
  InternPool(const InternPool&) = delete;
  InternPool& operator=(const InternPool&) = delete;

  Interned intern(std::string_view text);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  friend class Interned;
  // The key views the entry's own text.
  std::unordered_map<std::string_view, std::unique_ptr<Interned::Entry>> entries_;
};

}  // namespace patchwave::kube
